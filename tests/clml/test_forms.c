/* Tensors between their forms: what the host wrote, what ops of the extension made, what kernels
 * made, in one program and in several. */
#include "backends/support.h"

#include "base/tensor_desc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Programs of single ops ----------------------------------------------------------------- */

enum { N = 3, H = 2, W = 3, C = 5, COUNT = N * H * W * C };

static retune_tensor_desc map(void) {
    return retune_desc(RETUNE_F32, 4, N, H, W, C);
}

/* A program of ops over the tensors; each op's tensors are described as they are, so that shapes
 * come from `descs`, one a tensor. */
typedef struct op_row {
    retune_op_kind kind;
    int inputs[4], outputs[3]; /* tensors, -1: absent */
    retune_op_attributes attributes;
} op_row;

static retune_backend_program *make(retune_backend_device *device, const op_row *rows, size_t count,
                                    retune_backend_tensor *const *tensors,
                                    const retune_tensor_desc *descs) {
    static retune_op_desc op_descs[8];
    static retune_op ops[8];
    const retune_op *list[8];
    for (size_t n = 0; n < count; n++) {
        op_descs[n] = (retune_op_desc){.struct_size = sizeof op_descs[n],
                                       .kind = rows[n].kind,
                                       .attributes = rows[n].attributes};
        ops[n] = (retune_op){.struct_size = sizeof ops[n], .desc = &op_descs[n]};
        for (int k = 0; k < 4; k++)
            if (rows[n].inputs[k] >= 0) {
                op_descs[n].inputs[k] = &descs[rows[n].inputs[k]];
                ops[n].inputs[k] = tensors[rows[n].inputs[k]];
            }
        for (int k = 0; k < 3; k++)
            if (rows[n].outputs[k] >= 0) {
                op_descs[n].outputs[k] = &descs[rows[n].outputs[k]];
                ops[n].outputs[k] = tensors[rows[n].outputs[k]];
            }
        list[n] = &ops[n];
    }
    retune_backend_program *program = NULL;
    assert_ok(target_backend()->program_create(device, list, count, &program, &error));
    return program;
}

static void run(retune_backend_program *program, size_t begin, size_t end, float rate,
                uint64_t step) {
    const retune_run_args args = {.struct_size = sizeof args, .learning_rate = rate, .step = step};
    assert_ok(target_backend()->program_run(program, begin, end, &args, &error));
}

static void fill(float *values, size_t count, float scale) {
    for (size_t i = 0; i < count; i++)
        values[i] = scale * (float)((int)(i * 37 % 41) - 20);
}

static void expect_values(retune_backend_tensor *tensor, const retune_tensor_desc *desc,
                          const float *expected, size_t count, float tolerance, const char *what) {
    float *got = malloc(count * sizeof *got);
    target_read(tensor, desc, got);
    for (size_t i = 0; i < count; i++)
        cr_assert_float_eq(got[i], expected[i], (double)tolerance, "%s, %zu: %g, not %g", what, i,
                           (double)got[i], (double)expected[i]);
    free(got);
}

/* ---- Rows and programs ---------------------------------------------------------------------- */

/* y = a + b, then rows of y are written and read, then z = y + a. */
Test(clml_forms, rows_are_written_between_runs) {
    const retune_tensor_desc desc = map(), descs[] = {desc, desc, desc, desc};
    retune_backend_device *device = target_open(NULL);
    float a[COUNT], b[COUNT], y[COUNT], z[COUNT];
    fill(a, COUNT, 1);
    fill(b, COUNT, 0.5f);
    retune_backend_tensor *t[] = {
        target_tensor(device, &desc, 0, a), target_tensor(device, &desc, 0, b),
        target_tensor(device, &desc, 0, NULL), target_tensor(device, &desc, 0, NULL)};
    const op_row rows[] = {{RETUNE_OP_ADD, {0, 1, -1, -1}, {2, -1, -1}, {{0}}},
                           {RETUNE_OP_ADD, {2, 0, -1, -1}, {3, -1, -1}, {{0}}}};
    retune_backend_program *program = make(device, rows, 2, t, descs);
    run(program, 0, 1, 0, 1);
    const size_t row = COUNT / N;
    assert_ok(target_backend()->tensor_write(t[2], 1, 1, a, &error));
    for (size_t i = 0; i < COUNT; i++) {
        bool written = i / row == 1;
        y[i] = written ? a[i - row] : a[i] + b[i];
        z[i] = y[i] + a[i];
    }
    run(program, 1, 2, 0, 1);
    expect_values(t[3], &desc, z, COUNT, 0, "z");
    expect_values(t[2], &desc, y, COUNT, 0, "y");
    float part[COUNT];
    assert_ok(target_backend()->tensor_read(t[3], 2, 1, part, &error));
    cr_expect_arr_eq(part, z + 2 * row, row * sizeof *part);
    target_backend()->program_destroy(program);
    for (int n = 0; n < 4; n++)
        target_backend()->tensor_destroy(t[n]);
    target_backend()->device_close(device);
}

/* A tensor that a program computed is there for others, and for the host, when that program is
 * gone.
 */
Test(clml_forms, results_outlive_their_program) {
    const retune_tensor_desc desc = map(), descs[] = {desc, desc};
    retune_backend_device *device = target_open(NULL);
    float a[COUNT], y[COUNT];
    fill(a, COUNT, 1);
    for (size_t i = 0; i < COUNT; i++)
        y[i] = 2 * a[i];
    uint64_t before = 0, after = 0, peak = 0;
    assert_ok(target_backend()->device_memory(device, &before, &peak, &error));
    retune_backend_tensor *t[] = {target_tensor(device, &desc, 0, a),
                                  target_tensor(device, &desc, 0, NULL)};
    const op_row add = {RETUNE_OP_ADD, {0, 0, -1, -1}, {1, -1, -1}, {{0}}};
    retune_backend_program *first = make(device, &add, 1, t, descs);
    run(first, 0, 1, 0, 1);
    target_backend()->program_destroy(first);
    const op_row back = {RETUNE_OP_ACTIVATION, {1, -1, -1, -1}, {0, -1, -1}, {{0}}};
    retune_backend_program *second = make(device, &back, 1, t, descs);
    run(second, 0, 1, 0, 1);
    expect_values(t[0], &desc, y, COUNT, 0, "a copy");
    expect_values(t[1], &desc, y, COUNT, 0, "what was copied");
    run(second, 0, 1, 0, 1);
    target_backend()->program_destroy(second);
    target_backend()->tensor_destroy(t[0]);
    target_backend()->tensor_destroy(t[1]);
    assert_ok(target_backend()->device_memory(device, &after, &peak, &error));
    cr_expect_eq(before, after, "%llu bytes are left", (unsigned long long)(after - before));
    target_backend()->device_close(device);
}

/* ---- Activations ---------------------------------------------------------------------------- */

/* y = relu6(1x1 convolution of x by 1), and its gradient, in ranges, with what the host writes to y
 * in between: the gradient is that of y as it is now, at the kinks too. */
Test(clml_forms, the_gradient_follows_what_came_out) {
    enum { X, KERNEL, Y, DY, DZ };
    const retune_tensor_desc desc = map(), descs[] = {desc, retune_desc(RETUNE_F32, 3, 1, 1, C, 0),
                                                      desc, desc, desc};
    retune_backend_device *device = target_open(NULL);
    float x[COUNT], ones[C] = {1, 1, 1, 1, 1}, dy[COUNT], y[COUNT], dz[COUNT];
    fill(x, COUNT, 0.5f); /* from -10 to 10, with 0 and 6 in it */
    fill(dy, COUNT, 0.1f);
    retune_backend_tensor *t[] = {
        target_tensor(device, &descs[0], 0, x), target_tensor(device, &descs[1], 0, ones),
        target_tensor(device, &desc, 0, NULL), target_tensor(device, &desc, 0, dy),
        target_tensor(device, &desc, 0, NULL)};
    const op_row rows[] = {{RETUNE_OP_DEPTHWISE_CONV2D,
                            {X, KERNEL, -1, -1},
                            {Y, -1, -1},
                            {.convolution = {1, 1, 1, 1, 0, 0, 0, 0, RETUNE_ACTIVATION_RELU6}}},
                           {RETUNE_OP_ACTIVATION_GRAD,
                            {DY, Y, -1, -1},
                            {DZ, -1, -1},
                            {.activation = {RETUNE_ACTIVATION_RELU6}}}};
    retune_backend_program *program = make(device, rows, 2, t, descs);
    for (int turn = 0; turn < 3; turn++) {
        bool by_host = turn == 1; /* before and after, by the convolution */
        for (size_t i = 0; i < COUNT; i++) {
            y[i] = by_host ? (i % 3 == 0 ? 3.0f : 6.0f) : fminf(fmaxf(x[i], 0), 6);
            dz[i] = y[i] > 0 && y[i] < 6 ? dy[i] : 0;
        }
        if (by_host)
            assert_ok(target_backend()->tensor_write(t[Y], 0, N, y, &error));
        else
            run(program, 0, 1, 0, 1);
        run(program, 1, 2, 0, 1);
        expect_values(t[DZ], &desc, dz, COUNT, 0, "dz");
        expect_values(t[Y], &desc, y, COUNT, 0, "y");
    }
    target_backend()->program_destroy(program);
    for (int n = 0; n < 5; n++)
        target_backend()->tensor_destroy(t[n]);
    target_backend()->device_close(device);
}

/* ---- Updates -------------------------------------------------------------------------------- */

/* A learning rate that changes with every step, without a wait. */
Test(clml_forms, every_step_has_its_learning_rate) {
    enum { STEPS = 300, LENGTH = 7 };
    const retune_tensor_desc desc = retune_desc_vector(RETUNE_F32, LENGTH), descs[] = {desc, desc};
    retune_backend_device *device = target_open(NULL);
    float w[LENGTH], g[LENGTH];
    fill(w, LENGTH, 1);
    fill(g, LENGTH, 0.25f);
    retune_backend_tensor *t[] = {target_tensor(device, &desc, 0, w),
                                  target_tensor(device, &desc, 0, g)};
    const op_row sgd = {RETUNE_OP_SGD, {0, 1, -1, -1}, {0, -1, -1}, {{0}}};
    retune_backend_program *program = make(device, &sgd, 1, t, descs);
    for (int s = 1; s <= STEPS; s++) {
        const float rate = s % 3 == 0 ? 0.5f : 1.0f / (float)s;
        run(program, 0, 1, rate, (uint64_t)s);
        for (int i = 0; i < LENGTH; i++)
            w[i] -= rate * g[i];
    }
    expect_values(t[0], &desc, w, LENGTH, 1e-2f, "weights");
    target_backend()->program_destroy(program);
    target_backend()->tensor_destroy(t[0]);
    target_backend()->tensor_destroy(t[1]);
    target_backend()->device_close(device);
}

/* Ten steps of Adam, whose step number goes to the device with each. */
Test(clml_forms, adam_counts_its_steps) {
    enum { LENGTH = 5 };
    const retune_tensor_desc desc = retune_desc(RETUNE_F32, 4, 1, 1, 1, LENGTH);
    const retune_tensor_desc descs[] = {desc, desc, desc, desc};
    retune_backend_device *device = target_open(NULL);
    float w[LENGTH], g[LENGTH];
    double m[LENGTH] = {0}, v[LENGTH] = {0}, expected[LENGTH];
    const float zeros[LENGTH] = {0};
    fill(w, LENGTH, 1);
    retune_backend_tensor *t[] = {
        target_tensor(device, &desc, 0, w), target_tensor(device, &desc, 0, NULL),
        target_tensor(device, &desc, 0, zeros), target_tensor(device, &desc, 0, zeros)};
    const op_row adam = {
        RETUNE_OP_ADAM, {0, 1, 2, 3}, {0, 2, 3}, {.adam = {0.9f, 0.999f, 1e-7f, 0.1f, 1}}};
    retune_backend_program *program = make(device, &adam, 1, t, descs);
    for (int i = 0; i < LENGTH; i++)
        expected[i] = w[i];
    for (int s = 1; s <= 10; s++) {
        const double rate = s <= 5 ? 0.01 : 0.02;
        fill(g, LENGTH, 0.1f * (float)s);
        assert_ok(target_backend()->tensor_write(t[1], 0, 1, g, &error));
        run(program, 0, 1, (float)rate, (uint64_t)s);
        for (int i = 0; i < LENGTH; i++) {
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
            expected[i] -= rate * 0.1 * expected[i];
            expected[i] -=
                rate * m[i] / (1 - pow(0.9, s)) / (sqrt(v[i] / (1 - pow(0.999, s))) + 1e-7);
        }
    }
    for (int i = 0; i < LENGTH; i++)
        w[i] = (float)expected[i];
    expect_values(t[0], &desc, w, LENGTH, 1e-4f, "weights");
    target_backend()->program_destroy(program);
    for (int n = 0; n < 4; n++)
        target_backend()->tensor_destroy(t[n]);
    target_backend()->device_close(device);
}

/* ---- Slots ---------------------------------------------------------------------------------- */

/* Tensors of a slot take turns in the same memory, in private form too. */
Test(clml_forms, tensors_of_a_slot_take_turns) {
    const retune_tensor_desc desc = map(), descs[] = {desc, desc, desc, desc};
    retune_backend_device *device = target_open(NULL);
    float a[COUNT], y[COUNT];
    fill(a, COUNT, 1);
    for (size_t i = 0; i < COUNT; i++)
        y[i] = 8 * a[i];
    retune_backend_tensor *t[] = {
        target_tensor(device, &desc, 0, a), target_tensor(device, &desc, 1, NULL),
        target_tensor(device, &desc, 2, NULL), target_tensor(device, &desc, 1, NULL)};
    const op_row rows[] = {{RETUNE_OP_ADD, {0, 0, -1, -1}, {1, -1, -1}, {{0}}},
                           {RETUNE_OP_ADD, {1, 1, -1, -1}, {2, -1, -1}, {{0}}},
                           {RETUNE_OP_ADD, {2, 2, -1, -1}, {3, -1, -1}, {{0}}}};
    retune_backend_program *program = make(device, rows, 3, t, descs);
    for (int turn = 0; turn < 2; turn++) {
        run(program, 0, 3, 0, 1);
        expect_values(t[3], &desc, y, COUNT, 0, "the last");
    }
    target_backend()->program_destroy(program);
    for (int n = 0; n < 4; n++)
        target_backend()->tensor_destroy(t[n]);
    target_backend()->device_close(device);
}

/* ---- Tuning --------------------------------------------------------------------------------- */

/* What tuning found is kept in the folder of the cache, one file a list of ops, and a damaged one
 * is as none. */
Test(clml_forms, tuning_is_kept) {
    const retune_tensor_desc desc = map(), descs[] = {desc, desc};
    char folder[] = "/tmp/retune-clml-XXXXXX", command[256];
    float a[COUNT], y[COUNT];
    fill(a, COUNT, 1);
    for (size_t i = 0; i < COUNT; i++)
        y[i] = 2 * a[i];
    cr_assert_not_null(mkdtemp(folder));
    for (int turn = 0; turn < 3; turn++) {
        retune_backend_device *device =
            target_open("cache", folder, "tune", turn ? "auto" : "full", NULL);
        retune_backend_tensor *t[] = {target_tensor(device, &desc, 0, a),
                                      target_tensor(device, &desc, 0, NULL)};
        const op_row add = {RETUNE_OP_ADD, {0, 0, -1, -1}, {1, -1, -1}, {{0}}};
        retune_backend_program *program = make(device, &add, 1, t, descs);
        run(program, 0, 1, 0, 1);
        expect_values(t[1], &desc, y, COUNT, 0, "sums");
        target_backend()->program_destroy(program);
        target_backend()->tensor_destroy(t[0]);
        target_backend()->tensor_destroy(t[1]);
        target_backend()->device_close(device);
        snprintf(command, sizeof command, "test $(ls %s/*.clml | wc -l) = 1", folder);
        cr_expect_eq(system(command), 0, "not one file of tuning");
        snprintf(command, sizeof command,
                 "printf x | dd of=$(ls %s/*.clml) bs=1 seek=40 "
                 "conv=notrunc 2>/dev/null",
                 folder);
        cr_expect_eq(system(command), 0);
    }
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect_eq(system(command), 0);
}
