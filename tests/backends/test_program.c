/* Programs: memory that moves under them, indices, times. */
#include "backends/support.h"

#include "base/half.h"
#include "base/random.h"
#include "base/tensor_desc.h"

#include <math.h>

#define SMALL 5
#define LARGE 5000

/* A tensor of a slot that grows takes the buffer of the others with it: programs made before must
 * follow. */
Test(backend_program, a_slot_that_grows_keeps_what_it_holds) {
    const retune_backend *backend = target_backend();
    retune_backend_device *device = target_open(NULL);
    const retune_tensor_desc small = retune_desc_vector(RETUNE_F32, SMALL);
    const retune_tensor_desc large = retune_desc_vector(RETUNE_F32, LARGE);
    const float a[SMALL] = {1, 2, 3, 4, 5}, b[SMALL] = {10, 20, 30, 40, 50};
    float sum[SMALL];
    static float zeros[LARGE];
    retune_backend_tensor *x = target_tensor(device, &small, 1, a);
    retune_backend_tensor *y = target_tensor(device, &small, 0, b);
    retune_backend_tensor *z = target_tensor(device, &small, 2, NULL);
    retune_backend_program *before = target_add(device, &small, x, y, z);
    retune_backend_tensor *wide = target_tensor(device, &large, 0, zeros);
    retune_backend_tensor *grown = target_tensor(device, &large, 2, NULL);
    retune_backend_program *after = target_add(device, &large, wide, wide, grown);
    target_run(before);
    target_read(z, &small, sum);
    for (int i = 0; i < SMALL; i++)
        cr_expect_float_eq(sum[i], a[i] + b[i], 0, "%g", (double)sum[i]);
    target_run(after); /* the slot is that of the large tensor now */
    target_run(before);
    target_read(z, &small, sum);
    cr_expect_float_eq(sum[4], 55, 0);
    backend->program_destroy(before);
    backend->program_destroy(after);
    retune_backend_tensor *all[] = {x, y, z, wide, grown};
    for (int t = 0; t < 5; t++)
        backend->tensor_destroy(all[t]);
    backend->device_close(device);
}

/* Memory counted as in use goes back to what it was. */
Test(backend_program, memory_is_given_back) {
    const retune_backend *backend = target_backend();
    retune_backend_device *device = target_open(NULL);
    const retune_tensor_desc shape = retune_desc_vector(RETUNE_F32, LARGE);
    uint64_t before = 0, during = 0, after = 0, peak = 0;
    assert_ok(backend->device_memory(device, &before, &peak, &error));
    static float zeros[LARGE];
    retune_backend_tensor *tensor = target_tensor(device, &shape, 0, zeros);
    assert_ok(backend->device_memory(device, &during, &peak, &error));
    backend->tensor_destroy(tensor);
    assert_ok(backend->device_memory(device, &after, &peak, &error));
    cr_expect_eq(during - before, sizeof zeros);
    cr_expect_eq(after, before);
    cr_expect_geq(peak, during);
    backend->device_close(device);
}

/* Nothing is waited for between them, and still each run sees what was written before it, and
 * nothing that was written after. */
Test(backend_program, writes_and_runs_are_one_queue) {
    enum { COUNT = 1 << 18, ROUNDS = 20 };
    const retune_backend *backend = target_backend();
    retune_backend_device *device = target_open(NULL);
    const retune_tensor_desc shape = retune_desc_vector(RETUNE_F32, COUNT);
    static float values[COUNT], sums[COUNT];
    retune_backend_tensor *x = target_tensor(device, &shape, 0, NULL);
    retune_backend_tensor *sum[] = {target_tensor(device, &shape, 0, values),
                                    target_tensor(device, &shape, 0, values)};
    retune_backend_program *add[] = {target_add(device, &shape, x, sum[0], sum[1]),
                                     target_add(device, &shape, x, sum[1], sum[0])};
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++)
            values[i] = (float)(round + 1);
        assert_ok(backend->tensor_write(x, 0, COUNT, values, &error));
        assert_ok(backend->program_run(add[round % 2], 0, 1, NULL, &error));
    }
    target_read(sum[ROUNDS % 2], &shape, sums);
    int wrong = 0;
    for (int i = 0; i < COUNT; i++)
        wrong += sums[i] != (float)(ROUNDS * (ROUNDS + 1) / 2);
    cr_expect_eq(wrong, 0, "%d of %d; the first is %g", wrong, COUNT, (double)sums[0]);
    retune_backend_tensor *all[] = {x, sum[0], sum[1]};
    for (int n = 0; n < 2; n++)
        backend->program_destroy(add[n]);
    for (int t = 0; t < 3; t++)
        backend->tensor_destroy(all[t]);
    backend->device_close(device);
}

/* ---- Indices ------------------------------------------------------------------------------- */

typedef struct gather {
    retune_backend_device *device;
    retune_tensor_desc table, index, rows;
    retune_backend_tensor *tensors[3];
    retune_backend_program *program;
} gather;

static gather make_gather(void) {
    gather g = {.device = target_open(NULL),
                .table = retune_desc(RETUNE_F32, 2, 3, 2, 0, 0),
                .index = retune_desc_vector(RETUNE_I32, 2),
                .rows = retune_desc(RETUNE_F32, 2, 2, 2, 0, 0)};
    const float table[] = {0, 1, 10, 11, 20, 21}, none[] = {-1, -1, -1, -1};
    g.tensors[0] = target_tensor(g.device, &g.table, 0, table);
    g.tensors[1] = target_tensor(g.device, &g.index, 0, NULL);
    g.tensors[2] = target_tensor(g.device, &g.rows, 0, none);
    const retune_op_desc desc = {.struct_size = sizeof desc,
                                 .kind = RETUNE_OP_GATHER,
                                 .inputs = {&g.table, &g.index},
                                 .outputs = {&g.rows}};
    const retune_op op = {.struct_size = sizeof op,
                          .desc = &desc,
                          .inputs = {g.tensors[0], g.tensors[1]},
                          .outputs = {g.tensors[2]}};
    const retune_op *ops[] = {&op};
    assert_ok(target_backend()->program_create(g.device, ops, 1, &g.program, &error));
    return g;
}

static void end_gather(gather *g) {
    target_backend()->program_destroy(g->program);
    for (int t = 0; t < 3; t++)
        target_backend()->tensor_destroy(g->tensors[t]);
    target_backend()->device_close(g->device);
}

Test(backend_program, an_index_outside_is_found_before_the_run) {
    gather g = make_gather();
    const int32_t bad[][2] = {{0, 3}, {-1, 0}, {INT32_MAX, 1}}, good[] = {2, 0};
    float rows[4];
    for (int i = 0; i < 3; i++) {
        assert_ok(target_backend()->tensor_write(g.tensors[1], 0, 2, bad[i], &error));
        expect_refused(RETUNE_INVALID, "index",
                       target_backend()->program_run(g.program, 0, 1, NULL, &error));
    }
    target_read(g.tensors[2], &g.rows, rows);
    cr_expect_float_eq(rows[0], -1, 0, "a refused run wrote %g", (double)rows[0]);
    assert_ok(target_backend()->tensor_write(g.tensors[1], 0, 2, good, &error));
    target_run(g.program);
    target_read(g.tensors[2], &g.rows, rows);
    cr_expect(rows[0] == 20 && rows[1] == 21 && rows[2] == 0 && rows[3] == 1);
    end_gather(&g);
}

/* Writing part of the indices keeps the others. */
Test(backend_program, indices_written_in_part) {
    gather g = make_gather();
    const int32_t first = 1, second = 7;
    assert_ok(target_backend()->tensor_write(g.tensors[1], 0, 1, &first, &error));
    assert_ok(target_backend()->tensor_write(g.tensors[1], 1, 1, &second, &error));
    expect_refused(RETUNE_INVALID, "7",
                   target_backend()->program_run(g.program, 0, 1, NULL, &error));
    assert_ok(target_backend()->tensor_write(g.tensors[1], 1, 1, &first, &error));
    target_run(g.program);
    end_gather(&g);
}

/* ---- Small numbers -------------------------------------------------------------------------- */

enum { PIXELS = 150, INPUTS = 72, OUTPUTS = 40 };

/* The gradient of a 1x1 convolution's weights, where maps are stored as fp16. */
static void grad_weight(retune_backend_device *device, const uint16_t *x, const float *dz,
                        float *weight_grad) {
    const retune_tensor_desc maps = retune_desc(RETUNE_F16, 4, PIXELS, 1, 1, INPUTS);
    const retune_tensor_desc gradients = retune_desc(RETUNE_F32, 4, PIXELS, 1, 1, OUTPUTS);
    const retune_tensor_desc weights = retune_desc(RETUNE_F32, 4, OUTPUTS, 1, 1, INPUTS);
    retune_backend_tensor *tensors[] = {target_tensor(device, &maps, 0, x),
                                        target_tensor(device, &gradients, 0, dz),
                                        target_tensor(device, &weights, 0, NULL)};
    const retune_op_desc desc = {
        .struct_size = sizeof desc,
        .kind = RETUNE_OP_CONV2D_GRAD_WEIGHT,
        .inputs = {&maps, &gradients},
        .outputs = {&weights},
        .attributes.convolution = {
            .stride_height = 1, .stride_width = 1, .dilation_height = 1, .dilation_width = 1}};
    const retune_op op = {.struct_size = sizeof op,
                          .desc = &desc,
                          .inputs = {tensors[0], tensors[1]},
                          .outputs = {tensors[2]}};
    const retune_op *ops[] = {&op};
    retune_backend_program *program;
    assert_ok(target_backend()->program_create(device, ops, 1, &program, &error));
    target_run(program);
    target_read(tensors[2], &weights, weight_grad);
    target_backend()->program_destroy(program);
    for (int t = 0; t < 3; t++)
        target_backend()->tensor_destroy(tensors[t]);
}

/* Gradients lie far below what fp16 can hold when maps are stored as fp16: they must not be
 * narrowed to nothing. A power of two changes no digit of a sum. */
Test(backend_program, small_gradients_keep_their_digits) {
    retune_device_info info = {.struct_size = sizeof info};
    assert_ok(target_backend()->device_info(0, &info, &error));
    if (!(info.features & RETUNE_FEATURE_F16_STORAGE))
        cr_skip_test("%s stores no fp16 maps", info.id);
    static float values[PIXELS * INPUTS], dz[PIXELS * OUTPUTS], small[PIXELS * OUTPUTS];
    static float usual[OUTPUTS * INPUTS], of_small[OUTPUTS * INPUTS];
    static uint16_t x[PIXELS * INPUTS];
    retune_backend_device *device = target_open(NULL);
    retune_random random = retune_random_make(7, 0);
    for (int i = 0; i < PIXELS * INPUTS; i++)
        values[i] = (float)(retune_random_unit(&random) * 6);
    retune_half_from_float(values, x, PIXELS * INPUTS);
    for (int i = 0; i < PIXELS * OUTPUTS; i++) {
        dz[i] = (float)(retune_random_unit(&random) * 2 - 1);
        small[i] = ldexpf(dz[i], -40);
    }
    grad_weight(device, x, dz, usual);
    grad_weight(device, x, small, of_small);
    int wrong = 0;
    for (int i = 0; i < OUTPUTS * INPUTS; i++)
        wrong += !(ldexpf(of_small[i], 40) == usual[i]) || usual[i] == 0;
    cr_expect_eq(wrong, 0, "%d of %d", wrong, OUTPUTS * INPUTS);
    target_backend()->device_close(device);
}

/* ---- Ranges and times ---------------------------------------------------------------------- */

Test(backend_program, ranges_outside_are_refused) {
    gather g = make_gather();
    expect_refused(RETUNE_INVALID, "program of 1",
                   target_backend()->program_run(g.program, 0, 2, NULL, &error));
    expect_refused(RETUNE_INVALID, "program of 1",
                   target_backend()->program_run(g.program, 1, 0, NULL, &error));
    end_gather(&g);
}

static uint64_t time_of_add(retune_backend_device *device, size_t count, retune_status expected,
                            bool run) {
    const retune_tensor_desc shape = retune_desc_vector(RETUNE_F32, LARGE);
    static float zeros[LARGE];
    uint64_t nanoseconds[2] = {1, 1};
    retune_error error = RETUNE_ERROR_INIT;
    retune_backend_tensor *x = target_tensor(device, &shape, 0, zeros);
    retune_backend_tensor *y = target_tensor(device, &shape, 0, NULL);
    retune_backend_program *program = target_add(device, &shape, x, x, y);
    if (run)
        target_run(program);
    retune_status status = target_backend()->program_times(program, nanoseconds, count, &error);
    cr_expect_eq(status, expected, "%s", error.message);
    target_backend()->program_destroy(program);
    target_backend()->tensor_destroy(x);
    target_backend()->tensor_destroy(y);
    target_backend()->device_close(device);
    return nanoseconds[0];
}

Test(backend_program, times_are_measured_when_asked_for) {
    cr_expect_gt(time_of_add(target_open("profiling", "on", NULL), 1, RETUNE_OK, true), 0);
    cr_expect_eq(time_of_add(target_open("profiling", "on", NULL), 1, RETUNE_OK, false), 0);
    time_of_add(target_open("profiling", "on", NULL), 2, RETUNE_INVALID, true);
    time_of_add(target_open(NULL), 1, RETUNE_UNSUPPORTED, true);
}
