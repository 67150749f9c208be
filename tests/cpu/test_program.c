/* Programs: preparing, ranges, arguments, indices, times, workspace, threads. */
#include "cpu/support.h"

#include <string.h>

static retune_backend_device *device;
static void open_it(void) {
    device = open_device(SCALAR, "threads", "2", NULL);
}
static void close_it(void) {
    cpu()->device_close(device);
}
TestSuite(cpu_program, .init = open_it, .fini = close_it);

static retune_status create(const retune_op *const *ops, size_t count,
                            retune_backend_program **out_program, retune_error *error) {
    return cpu()->program_create(device, ops, count, out_program, error);
}

static retune_backend_program *make_program(const retune_op *const *ops, size_t count) {
    retune_backend_program *program = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(create(ops, count, &program, &error), RETUNE_OK, "%s", error.message);
    return program;
}

/* b = a + a, c = b + b, d = c + c; a is 1. */
typedef struct chain {
    retune_tensor_desc shape;
    retune_backend_tensor *tensors[4];
    retune_op_desc descs[3];
    retune_op ops[3];
    const retune_op *list[3];
} chain;

static void make_chain(chain *c, retune_backend_device *on) {
    const float one[3] = {1, 1, 1}, zero[3] = {0};
    c->shape = describe(RETUNE_F32, 1, 3, 0, 0, 0);
    for (int t = 0; t < 4; t++)
        c->tensors[t] = make_filled(on, &c->shape, t == 0 ? one : zero);
    for (int n = 0; n < 3; n++) {
        make_add(&c->ops[n], &c->descs[n], &c->shape, c->tensors[n], c->tensors[n],
                 c->tensors[n + 1]);
        c->list[n] = &c->ops[n];
    }
}

static void destroy_chain(chain *c) {
    for (int t = 0; t < 4; t++)
        cpu()->tensor_destroy(c->tensors[t]);
}

static float value(const chain *c, int t) {
    float data[3];
    read_all(c->tensors[t], &c->shape, data);
    return data[2];
}

Test(cpu_program, runs_the_range_and_nothing_else) {
    chain c;
    make_chain(&c, device);
    retune_backend_program *program = make_program(c.list, 3);
    memset(c.ops, 0x55, sizeof c.ops); /* nothing handed in is needed any more */
    memset(c.descs, 0x55, sizeof c.descs);
    cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, NULL), RETUNE_OK);
    cr_assert_eq(value(&c, 1), 2.0f);
    cr_assert_eq(value(&c, 2), 0.0f);
    cr_assert_eq(cpu()->program_run(program, 2, 2, NULL, NULL), RETUNE_OK);
    cr_assert_eq(value(&c, 3), 0.0f);
    cr_assert_eq(cpu()->program_run(program, 1, 3, NULL, NULL), RETUNE_OK);
    cr_assert_eq(value(&c, 2), 4.0f);
    cr_assert_eq(value(&c, 3), 8.0f);
    cr_assert_eq(cpu()->program_wait(program, NULL), RETUNE_OK);
    cpu()->program_destroy(program);
    destroy_chain(&c);
}

Test(cpu_program, ranges_outside_are_refused) {
    chain c;
    make_chain(&c, device);
    retune_backend_program *program = make_program(c.list, 3);
    const size_t ranges[][2] = {{0, 4}, {2, 1}, {4, 4}, {0, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}};
    for (size_t n = 0; n < sizeof ranges / sizeof ranges[0]; n++) {
        retune_error error = RETUNE_ERROR_INIT;
        cr_assert_eq(cpu()->program_run(program, ranges[n][0], ranges[n][1], NULL, &error),
                     RETUNE_INVALID, "range %zu", n);
        cr_assert_neq(error.message[0], '\0');
    }
    cr_assert_eq(value(&c, 1), 0.0f);
    cpu()->program_destroy(program);
    cpu()->program_destroy(NULL);
    destroy_chain(&c);
}

Test(cpu_program, an_empty_program_runs) {
    retune_backend_program *program = make_program(NULL, 0);
    cr_assert_eq(cpu()->program_run(program, 0, 0, NULL, NULL), RETUNE_OK);
    cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, NULL), RETUNE_INVALID);
    cpu()->program_destroy(program);
}

static void refuse(const retune_op *op, retune_status expected, const char *mention) {
    retune_backend_program *program = (retune_backend_program *)&program;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(create(&op, 1, &program, &error), expected, "%s", mention);
    cr_assert_null(program);
    cr_assert_not_null(strstr(error.message, mention), "%s", error.message);
}

Test(cpu_program, ops_that_do_not_fit_their_tensors_are_refused) {
    chain c;
    make_chain(&c, device);
    retune_op op = c.ops[0];
    retune_tensor_desc longer = describe(RETUNE_F32, 1, 4, 0, 0, 0);
    retune_backend_tensor *other = make_tensor(device, &longer, 0);

    op.inputs[1] = other;
    refuse(&op, RETUNE_INVALID, "b is not as described");
    op.inputs[1] = NULL;
    refuse(&op, RETUNE_INVALID, "b is only one of described and given");
    op = c.ops[0];
    op.inputs[2] = other;
    refuse(&op, RETUNE_INVALID, "only one of described and given");
    op = c.ops[0];
    op.struct_size = 8;
    refuse(&op, RETUNE_INVALID, "struct_size");
    op = c.ops[0];
    c.descs[0].inputs[0] = &longer;
    refuse(&op, RETUNE_UNSUPPORTED, "add: b is f32 [3], not f32 [4]");

    cpu()->tensor_destroy(other);
    destroy_chain(&c);
}

Test(cpu_program, tensors_of_another_device_are_refused) {
    chain c;
    make_chain(&c, device);
    retune_backend_device *second = open_device(SCALAR, NULL);
    retune_backend_tensor *foreign = make_tensor(second, &c.shape, 0);
    c.ops[0].inputs[0] = foreign;
    refuse(&c.ops[0], RETUNE_INVALID, "another device");
    cpu()->tensor_destroy(foreign);
    cpu()->device_close(second);
    destroy_chain(&c);
}

Test(cpu_program, memory_shared_within_an_op_is_refused) {
    chain c;
    make_chain(&c, device);
    c.ops[0].outputs[0] = c.tensors[0];
    refuse(&c.ops[0], RETUNE_INVALID, "share memory");
    retune_backend_tensor *first = make_tensor(device, &c.shape, 5);
    retune_backend_tensor *second = make_tensor(device, &c.shape, 5);
    c.ops[1].inputs[0] = first;
    c.ops[1].inputs[1] = second;
    refuse(&c.ops[1], RETUNE_INVALID, "share memory");
    c.ops[2].inputs[0] = first;
    c.ops[2].outputs[0] = second;
    refuse(&c.ops[2], RETUNE_INVALID, "share memory");
    cpu()->tensor_destroy(first);
    cpu()->tensor_destroy(second);
    destroy_chain(&c);
}

Test(cpu_program, updates_are_in_place) {
    chain c;
    make_chain(&c, device);
    retune_op_desc desc = describe_op(RETUNE_OP_ACCUMULATE);
    desc.inputs[0] = desc.inputs[1] = desc.outputs[0] = &c.shape;
    retune_op op = {.struct_size = sizeof op,
                    .desc = &desc,
                    .inputs = {c.tensors[1], c.tensors[0]},
                    .outputs = {c.tensors[2]}};
    refuse(&op, RETUNE_INVALID, "not the tensor it updates");
    op.inputs[1] = op.outputs[0] = c.tensors[1];
    refuse(&op, RETUNE_INVALID, "share memory");
    op.inputs[1] = c.tensors[0];
    const retune_op *list = &op;
    retune_backend_program *program = make_program(&list, 1);
    for (int n = 1; n <= 3; n++) {
        cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, NULL), RETUNE_OK);
        cr_assert_eq(value(&c, 1), (float)n);
    }
    cpu()->program_destroy(program);
    destroy_chain(&c);
}

Test(cpu_program, wrapped_memory_is_no_output) {
    static _Alignas(64) const float memory[16] = {5, 6, 7};
    chain c;
    make_chain(&c, device);
    retune_backend_tensor *wrapped = NULL;
    cr_assert_eq(cpu()->tensor_wrap(device, &c.shape, memory, &wrapped, NULL), RETUNE_OK);
    c.ops[0].outputs[0] = wrapped;
    refuse(&c.ops[0], RETUNE_INVALID, "wrapped");
    c.ops[0].outputs[0] = c.tensors[1];
    c.ops[0].inputs[0] = wrapped;
    retune_backend_program *program = make_program(c.list, 1);
    cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, NULL), RETUNE_OK);
    cr_assert_eq(value(&c, 1), 8.0f);
    cpu()->program_destroy(program);
    cpu()->tensor_destroy(wrapped);
    destroy_chain(&c);
}

Test(cpu_program, a_slot_that_grows_after_preparing_is_followed) {
    chain c;
    make_chain(&c, device);
    const float two[3] = {2, 2, 2};
    retune_backend_tensor *shared = make_tensor(device, &c.shape, 9);
    c.ops[0].inputs[0] = c.ops[0].inputs[1] = shared;
    retune_backend_program *program = make_program(c.list, 1);
    retune_tensor_desc longer = describe(RETUNE_F32, 1, 100000, 0, 0, 0);
    retune_backend_tensor *later = make_tensor(device, &longer, 9);
    float zero = 0.0f;
    cr_assert_eq(cpu()->tensor_write(later, 0, 1, &zero, NULL), RETUNE_OK);
    cr_assert_eq(cpu()->tensor_write(shared, 0, 3, two, NULL), RETUNE_OK);
    cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, NULL), RETUNE_OK);
    cr_assert_eq(value(&c, 1), 4.0f);
    cpu()->program_destroy(program);
    cpu()->tensor_destroy(later);
    cpu()->tensor_destroy(shared);
    destroy_chain(&c);
}

Test(cpu_program, times_are_measured_when_profiling) {
    retune_backend_device *profiler = open_device(SCALAR, "profiling", "on", NULL);
    chain c;
    make_chain(&c, profiler);
    retune_backend_program *program = NULL;
    cr_assert_eq(cpu()->program_create(profiler, c.list, 3, &program, NULL), RETUNE_OK);
    cr_assert_eq(cpu()->program_run(program, 1, 2, NULL, NULL), RETUNE_OK);
    uint64_t times[4] = {7, 7, 7, 7};
    cr_assert_eq(cpu()->program_times(program, times, 3, NULL), RETUNE_OK);
    cr_assert_eq(times[0], 0);
    cr_assert_gt(times[1], 0);
    cr_assert_eq(times[2], 0);
    cr_assert_eq(times[3], 7);
    cr_assert_eq(cpu()->program_times(program, times, 2, NULL), RETUNE_INVALID);
    cpu()->program_destroy(program);
    destroy_chain(&c);
    cpu()->device_close(profiler);
}

Test(cpu_program, times_need_profiling) {
    chain c;
    make_chain(&c, device);
    retune_backend_program *program = make_program(c.list, 3);
    uint64_t times[3] = {7, 7, 7};
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(cpu()->program_times(program, times, 3, &error), RETUNE_UNSUPPORTED);
    cr_assert_not_null(strstr(error.message, "profiling"));
    cr_assert_eq(times[1], 0);
    cpu()->program_destroy(program);
    destroy_chain(&c);
}

/* ---- Arguments and indices ------------------------------------------------------------------ */

Test(cpu_program, updates_need_their_arguments) {
    retune_tensor_desc shape = describe(RETUNE_F32, 1, 1, 0, 0, 0);
    const float one = 1.0f, zero = 0.0f;
    retune_backend_tensor *weight = make_filled(device, &shape, &one),
                          *gradient = make_filled(device, &shape, &one),
                          *m = make_filled(device, &shape, &zero),
                          *v = make_filled(device, &shape, &zero);
    retune_op_desc descs[2] = {describe_op(RETUNE_OP_SGD), describe_op(RETUNE_OP_ADAM)};
    for (int n = 0; n < 4; n++) {
        descs[1].inputs[n] = &shape;
        if (n < 3)
            descs[1].outputs[n] = &shape;
        if (n < 2)
            descs[0].inputs[n] = &shape;
    }
    descs[0].outputs[0] = &shape;
    descs[1].attributes.adam =
        (retune_adam_attributes){.beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-7f};
    retune_op ops[2] = {{.struct_size = sizeof(retune_op),
                         .desc = &descs[0],
                         .inputs = {weight, gradient},
                         .outputs = {weight}},
                        {.struct_size = sizeof(retune_op),
                         .desc = &descs[1],
                         .inputs = {weight, gradient, m, v},
                         .outputs = {weight, m, v}}};
    const retune_op *list[2] = {&ops[0], &ops[1]};
    retune_backend_program *program = make_program(list, 2);

    retune_run_args args = {.struct_size = sizeof args, .learning_rate = 0.5f};
    cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, NULL), RETUNE_INVALID);
    cr_assert_eq(cpu()->program_run(program, 0, 2, &args, NULL), RETUNE_INVALID, "step 0");
    float got = 0.0f;
    read_all(weight, &shape, &got);
    cr_assert_eq(got, 1.0f, "a refused run changes nothing");

    args.step = 1;
    args.struct_size = offsetof(retune_run_args, step); /* the step is not the caller's */
    cr_assert_eq(cpu()->program_run(program, 1, 2, &args, NULL), RETUNE_INVALID);
    cr_assert_eq(cpu()->program_run(program, 0, 1, &args, NULL), RETUNE_OK);
    read_all(weight, &shape, &got);
    cr_assert_eq(got, 0.5f);

    args.struct_size = sizeof args;
    cr_assert_eq(cpu()->program_run(program, 1, 2, &args, NULL), RETUNE_OK);
    read_all(weight, &shape, &got);
    cr_assert_float_eq(got, 0.0f, 1e-6f, "the first step of Adam is as long as the rate");
    cpu()->program_destroy(program);
    cpu()->tensor_destroy(weight);
    cpu()->tensor_destroy(gradient);
    cpu()->tensor_destroy(m);
    cpu()->tensor_destroy(v);
}

Test(cpu_program, indices_outside_the_table_stop_the_run) {
    retune_tensor_desc table_desc = describe(RETUNE_F32, 2, 3, 2, 0, 0);
    retune_tensor_desc index_desc = describe(RETUNE_I32, 1, 2, 0, 0, 0);
    retune_tensor_desc row_desc = describe(RETUNE_F32, 2, 2, 2, 0, 0);
    const float rows[6] = {0, 1, 2, 3, 4, 5}, zeros[4] = {0};
    const int32_t good[2] = {2, 0}, bad[4] = {3, -1, INT32_MAX, INT32_MIN};
    float got[4];
    retune_backend_tensor *table = make_filled(device, &table_desc, rows),
                          *index = make_filled(device, &index_desc, good),
                          *y = make_filled(device, &row_desc, zeros);
    retune_op_desc desc = describe_op(RETUNE_OP_GATHER);
    desc.inputs[0] = &table_desc;
    desc.inputs[1] = &index_desc;
    desc.outputs[0] = &row_desc;
    retune_op op = {
        .struct_size = sizeof op, .desc = &desc, .inputs = {table, index}, .outputs = {y}};
    const retune_op *list = &op;
    retune_backend_program *program = make_program(&list, 1);
    cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, NULL), RETUNE_OK);
    read_all(y, &row_desc, got);
    const float expected[4] = {4, 5, 0, 1};
    cr_assert_arr_eq(got, expected, sizeof expected);
    for (int n = 0; n < 4; n++) {
        retune_error error = RETUNE_ERROR_INIT;
        cr_assert_eq(cpu()->tensor_write(index, 1, 1, &bad[n], NULL), RETUNE_OK);
        cr_assert_eq(cpu()->program_run(program, 0, 1, NULL, &error), RETUNE_INVALID);
        cr_assert_not_null(strstr(error.message, "gather: index 1"), "%s", error.message);
    }
    cpu()->program_destroy(program);
    cpu()->tensor_destroy(table);
    cpu()->tensor_destroy(index);
    cpu()->tensor_destroy(y);
}

/* ---- Threads and workspace ------------------------------------------------------------------ */

enum { N = 3, SIDE = 7, I = 5, O = 6, K = 3 };

/* dx of a convolution, on a device with so many threads. */
static void convolution_gradient(const char *threads, float dx[N * SIDE * SIDE * I]) {
    retune_backend_device *on = open_device(SCALAR, "threads", threads, NULL);
    retune_tensor_desc z = describe(RETUNE_F32, 4, N, SIDE, SIDE, O);
    retune_tensor_desc w = describe(RETUNE_F32, 4, O, K, K, I);
    retune_tensor_desc x = describe(RETUNE_F32, 4, N, SIDE, SIDE, I);
    float slopes[N * SIDE * SIDE * O], filters[O * K * K * I];
    for (int n = 0; n < N * SIDE * SIDE * O; n++)
        slopes[n] = (float)(n * 7919 % 1009) / 1009.0f - 0.5f;
    for (int n = 0; n < O * K * K * I; n++)
        filters[n] = (float)(n * 104729 % 997) / 997.0f - 0.5f;
    retune_backend_tensor *dz = make_filled(on, &z, slopes), *weight = make_filled(on, &w, filters),
                          *out = make_tensor(on, &x, 0);
    retune_op_desc desc = describe_op(RETUNE_OP_CONV2D_GRAD_INPUT);
    desc.inputs[0] = &z;
    desc.inputs[1] = &w;
    desc.outputs[0] = &x;
    desc.attributes.convolution = (retune_convolution_attributes){1, 1, 1, 1, 1, 1, 1, 1, 0};
    retune_op op = {
        .struct_size = sizeof op, .desc = &desc, .inputs = {dz, weight}, .outputs = {out}};
    const retune_op *list = &op;
    uint64_t before = 0, with = 0, after = 0, peak = 0;
    retune_op_support support = query(on, &desc);
    cr_assert_eq(support.supported, 1, "%s", support.reason);
    read_all(out, &x, dx);
    cr_assert_eq(cpu()->device_memory(on, &before, &peak, NULL), RETUNE_OK);
    retune_backend_program *first = NULL, *second = NULL;
    cr_assert_eq(cpu()->program_create(on, &list, 1, &first, NULL), RETUNE_OK);
    cr_assert_eq(cpu()->program_create(on, &list, 1, &second, NULL), RETUNE_OK);
    cr_assert_eq(cpu()->device_memory(on, &with, &peak, NULL), RETUNE_OK);
    cr_assert_eq(with - before, support.workspace_bytes, "two programs, one workspace");
    cr_assert_eq(cpu()->program_run(first, 0, 1, NULL, NULL), RETUNE_OK);
    read_all(out, &x, dx);
    cpu()->program_destroy(first);
    cpu()->program_destroy(second);
    cr_assert_eq(cpu()->device_memory(on, &after, &peak, NULL), RETUNE_OK);
    cr_assert_eq(after, before);
    cpu()->tensor_destroy(dz);
    cpu()->tensor_destroy(weight);
    cpu()->tensor_destroy(out);
    cpu()->device_close(on);
}

Test(cpu_program, any_number_of_threads_gives_the_same_bits) {
    static float one[N * SIDE * SIDE * I], three[N * SIDE * SIDE * I], many[N * SIDE * SIDE * I];
    convolution_gradient("1", one);
    convolution_gradient("3", three);
    convolution_gradient("16", many);
    cr_assert_arr_eq(one, three, sizeof one);
    cr_assert_arr_eq(one, many, sizeof one);
    float largest = 0.0f;
    for (size_t n = 0; n < sizeof one / sizeof one[0]; n++)
        largest = one[n] > largest ? one[n] : largest;
    cr_assert_gt(largest, 0.1f);
}
