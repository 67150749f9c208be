/* The wrappers of an opened device: what a backend gets wrong becomes an error that says so. */
#include "support.h"

#include <string.h>

static struct behaviour {
    retune_status status;
    const char *message; /* NULL: leaves it alone */
    bool unterminated;
    bool gives; /* an object, whatever the status */
} next;

static char object;

static retune_status act(void **out_object, retune_error *error) {
    if (out_object)
        *out_object = next.gives ? &object : NULL;
    if (error && next.message)
        strcpy(error->message, next.message);
    if (error && next.unterminated)
        memset(error->message, 'x', sizeof error->message);
    return next.status;
}

static const char *id = "made/up";

static retune_status info(uint32_t index, retune_device_info *out_info, retune_error *error) {
    (void)index, (void)error;
    strcpy(out_info->id, id);
    return RETUNE_OK;
}
static retune_status open(uint32_t index, const retune_option *options, size_t count,
                          retune_backend_device **out_device, retune_error *error) {
    (void)index, (void)options, (void)count;
    return act((void **)out_device, error);
}
static int closed;
static void close(retune_backend_device *device) {
    cr_expect_eq((void *)device, (void *)&object);
    closed++;
}
static retune_status query(retune_backend_device *device, const retune_op_desc *op,
                           retune_op_support *out_support, retune_error *error) {
    (void)device, (void)op;
    memset(out_support->reason, next.unterminated ? 'r' : 0, sizeof out_support->reason);
    return act(NULL, error);
}
static retune_status tensor(retune_backend_device *device, const retune_tensor_desc *desc,
                            retune_usage usage, uint32_t slot, retune_backend_tensor **out_tensor,
                            retune_error *error) {
    (void)device, (void)desc, (void)usage, (void)slot;
    return act((void **)out_tensor, error);
}
static retune_status read(retune_backend_tensor *from, int64_t first, int64_t rows, void *data,
                          retune_error *error) {
    (void)from, (void)first, (void)rows, (void)data;
    return act(NULL, error);
}
static retune_status program(retune_backend_device *device, const retune_op *const *ops,
                             size_t count, retune_backend_program **out_program,
                             retune_error *error) {
    (void)device, (void)ops, (void)count;
    return act((void **)out_program, error);
}
static retune_status wait(retune_backend_program *of, retune_error *error) {
    (void)of;
    return act(NULL, error);
}

static const retune_backend backend = {
    .struct_size = sizeof backend,
    .name = "made",
    .device_info = info,
    .device_open = open,
    .device_close = close,
    .op_query = query,
    .tensor_create = tensor,
    .tensor_read = read,
    .program_create = program,
    .program_wait = wait,
};

static retune_device *opened(void) {
    retune_device *device = NULL;
    next = (struct behaviour){.gives = true};
    cr_assert_eq(retune_device_open(&backend, 0, NULL, 0, &device, NULL), RETUNE_OK);
    next = (struct behaviour){0};
    return device;
}

Test(device, opens_and_closes) {
    retune_device *device = opened();
    cr_expect_str_eq(device->info.id, "made/up");
    cr_expect_eq(device->info.struct_size, sizeof device->info);
    retune_device_close(device);
    cr_expect_eq(closed, 1);
    retune_device_close(NULL);
    cr_expect_eq(closed, 1);
}

Test(device, open_that_fails) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    next = (struct behaviour){.status = RETUNE_UNAVAILABLE, .message = "busy", .gives = true};
    cr_expect_eq(retune_device_open(&backend, 0, NULL, 0, &device, &error), RETUNE_UNAVAILABLE);
    cr_expect_str_eq(error.message, "made/up: busy");
    cr_expect_null(device);
    cr_expect_eq(closed, 0);
}

Test(device, open_that_gives_nothing) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    next = (struct behaviour){0};
    cr_expect_eq(retune_device_open(&backend, 0, NULL, 0, &device, &error), RETUNE_INTERNAL);
    expect_contains(error.message, "OK without a device");
    cr_expect_null(device);
}

Test(device, ids) {
    static const char *const bad[] = {"",         "made",     "made/", "other/up",
                                      "made/a/b", "made/a b", "mad/e", "madeup"};
    cr_expect(retune_device_id_valid("made", "made/Up_0.1:2-3"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_device_info described;
        id = bad[i];
        cr_expect_eq(retune_device_describe(&backend, 3, &described, &error), RETUNE_INTERNAL, "%s",
                     bad[i]);
        expect_contains(error.message, "device 3 calls itself");
        cr_expect_str_empty(described.id);
    }
}

Test(device, failure_names_device_function_and_tensor) {
    retune_device *device = opened();
    retune_error error = RETUNE_ERROR_INIT;
    float value = 0;
    next = (struct behaviour){.status = RETUNE_DEVICE_LOST, .message = "gone"};
    cr_expect_eq(retune_device_read(device, NULL, 0, 1, &value, "dense/kernel", &error),
                 RETUNE_DEVICE_LOST);
    cr_expect_str_eq(error.message, "made/up: tensor_read (dense/kernel): gone");
    cr_expect_eq(error.code, RETUNE_DEVICE_LOST);
    cr_expect_eq(retune_device_read(device, NULL, 0, 1, &value, "x", NULL), RETUNE_DEVICE_LOST);
    retune_device_close(device);
}

Test(device, failure_names_op_and_layer) {
    retune_device *device = opened();
    retune_error error = RETUNE_ERROR_INIT;
    retune_op_desc op = {.struct_size = sizeof op, .kind = RETUNE_OP_CONV2D};
    retune_op_support support;
    next = (struct behaviour){.status = RETUNE_INVALID, .message = "stride 0"};
    cr_expect_eq(retune_device_query(device, &op, "conv_pw_13", &support, &error), RETUNE_INVALID);
    cr_expect_str_eq(error.message, "made/up: conv2d (conv_pw_13): stride 0");
    op.kind = 999;
    cr_expect_eq(retune_device_query(device, &op, "x", &support, &error), RETUNE_INVALID);
    expect_contains(error.message, "unknown op");
    retune_device_close(device);
}

Test(device, refused_op_has_a_reason) {
    retune_device *device = opened();
    retune_op_desc op = {.struct_size = sizeof op, .kind = RETUNE_OP_ADD};
    retune_op_support support;
    cr_expect_eq(retune_device_query(device, &op, "x", &support, NULL), RETUNE_OK);
    cr_expect_eq(support.supported, 0);
    cr_expect_str_eq(support.reason, "no reason given");
    next.unterminated = true;
    cr_expect_eq(retune_device_query(device, &op, "x", &support, NULL), RETUNE_OK);
    cr_expect_eq(strlen(support.reason), sizeof support.reason - 1);
    retune_device_close(device);
}

Test(device, stale_message_is_not_taken_for_an_answer) {
    retune_device *device = opened();
    retune_error error = RETUNE_ERROR_INIT;
    strcpy(error.message, "an earlier fault");
    next = (struct behaviour){.status = RETUNE_UNSUPPORTED};
    cr_expect_eq(retune_device_wait(device, NULL, &error), RETUNE_UNSUPPORTED);
    cr_expect_str_eq(error.message,
                     "made/up: program_wait: program_wait failed and does not say why");
    retune_device_close(device);
}

Test(device, wild_answers) {
    retune_device *device = opened();
    retune_error error = RETUNE_ERROR_INIT;
    next = (struct behaviour){.status = (retune_status)-1, .message = "?"};
    cr_expect_eq(retune_device_wait(device, NULL, &error), RETUNE_INTERNAL);
    expect_contains(error.message, "answered -1, which is no status");
    next = (struct behaviour){.status = RETUNE_IO, .unterminated = true};
    cr_expect_eq(retune_device_wait(device, NULL, &error), RETUNE_IO);
    cr_expect_lt(strlen(error.message), sizeof error.message);
    retune_device_close(device);
}

Test(device, objects) {
    retune_device *device = opened();
    retune_error error = RETUNE_ERROR_INIT;
    retune_backend_tensor *made = NULL;
    retune_backend_program *list = NULL;
    next = (struct behaviour){.gives = true};
    cr_expect_eq(retune_device_tensor(device, NULL, RETUNE_USAGE_INPUT, 0, "x", &made, &error),
                 RETUNE_OK);
    cr_expect_eq((void *)made, (void *)&object);
    cr_expect_eq(retune_device_program(device, NULL, 0, &list, &error), RETUNE_OK);
    cr_expect_eq((void *)list, (void *)&object);
    next = (struct behaviour){0};
    cr_expect_eq(retune_device_tensor(device, NULL, RETUNE_USAGE_INPUT, 0, "x", &made, &error),
                 RETUNE_INTERNAL);
    cr_expect_str_eq(error.message, "made/up: tensor_create (x): answered OK and gave nothing");
    cr_expect_null(made);
    next = (struct behaviour){.status = RETUNE_OUT_OF_MEMORY, .gives = true};
    cr_expect_eq(retune_device_program(device, NULL, 0, &list, &error), RETUNE_OUT_OF_MEMORY);
    cr_expect_null(list, "what comes with a failure is nothing");
    retune_device_close(device);
}

Test(device, optional_functions) {
    retune_device *device = opened();
    retune_error error = RETUNE_ERROR_INIT;
    retune_backend_tensor *made = NULL;
    uint64_t times[2] = {1, 1}, current = 1, peak = 1;
    cr_expect_eq(retune_device_wrap(device, NULL, &object, "x", &made, &error), RETUNE_UNSUPPORTED);
    expect_contains(error.message, "made/up: ");
    cr_expect_eq(retune_device_times(device, NULL, times, 2, &error), RETUNE_UNSUPPORTED);
    cr_expect_eq(times[0] + times[1], 0);
    cr_expect_eq(retune_device_memory(device, &current, &peak, &error), RETUNE_OK);
    cr_expect_eq(current + peak, 0);
    retune_device_close(device);
}
