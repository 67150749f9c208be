/* The parts of a fake backend: every function there must be, doing as little as possible. A fake
 * includes this, replaces what it wants to get wrong, and defines its query function. */
#include "retune/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNUSED __attribute__((unused))

static inline retune_status fake_fail(retune_error *error, retune_status code, const char *text) {
    if (error) {
        error->code = (int32_t)code;
        snprintf(error->message, sizeof error->message, "%s", text);
    }
    return code;
}

UNUSED static retune_status fake_probe(retune_probe_report *report, retune_error *error) {
    (void)error;
    snprintf(report->library, sizeof report->library, "/fake/libdriver.so");
    snprintf(report->version, sizeof report->version, "7.1");
    return RETUNE_OK;
}

UNUSED static retune_status fake_device_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = 1;
    return RETUNE_OK;
}

static inline retune_status fake_device(const char *id, uint32_t score, retune_device_info *out) {
    out->type = RETUNE_DEVICE_ACCELERATOR;
    out->features = RETUNE_FEATURE_DETERMINISTIC;
    out->score = score;
    out->memory_bytes = 1 << 20;
    snprintf(out->id, sizeof out->id, "%s", id);
    snprintf(out->name, sizeof out->name, "Fake %s", id);
    snprintf(out->vendor, sizeof out->vendor, "Nobody");
    snprintf(out->driver, sizeof out->driver, "fake 1");
    return RETUNE_OK;
}

/* Takes the option status = <number> and then answers it. */
UNUSED static retune_status fake_open(uint32_t index, const retune_option *options, size_t count,
                                      retune_backend_device **out_device, retune_error *error) {
    *out_device = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].key, "status") != 0)
            return fake_fail(error, RETUNE_INVALID, options[i].key);
        return fake_fail(error, (retune_status)atoi(options[i].value), "told to refuse");
    }
    uint32_t *device = malloc(sizeof *device);
    if (!device)
        return RETUNE_OUT_OF_MEMORY;
    *device = index;
    *out_device = (retune_backend_device *)device;
    return RETUNE_OK;
}
UNUSED static void fake_close(retune_backend_device *device) {
    free(device);
}

UNUSED static retune_status fake_query(retune_backend_device *device, const retune_op_desc *op,
                                       retune_op_support *out_support, retune_error *error) {
    (void)device, (void)op, (void)error;
    out_support->supported = 0;
    return RETUNE_OK;
}
UNUSED static retune_status fake_tensor(retune_backend_device *device,
                                        const retune_tensor_desc *desc, retune_usage usage,
                                        uint32_t slot, retune_backend_tensor **out_tensor,
                                        retune_error *error) {
    (void)device, (void)desc, (void)usage, (void)slot;
    *out_tensor = NULL;
    return fake_fail(error, RETUNE_UNSUPPORTED, "a fake has no tensors");
}
UNUSED static void fake_tensor_destroy(retune_backend_tensor *tensor) {
    (void)tensor;
}
UNUSED static retune_status fake_write(retune_backend_tensor *tensor, int64_t first, int64_t rows,
                                       const void *data, retune_error *error) {
    (void)tensor, (void)first, (void)rows, (void)data;
    return fake_fail(error, RETUNE_UNSUPPORTED, "a fake has no tensors");
}
UNUSED static retune_status fake_read(retune_backend_tensor *tensor, int64_t first, int64_t rows,
                                      void *data, retune_error *error) {
    (void)tensor, (void)first, (void)rows, (void)data;
    return fake_fail(error, RETUNE_UNSUPPORTED, "a fake has no tensors");
}
UNUSED static retune_status fake_program(retune_backend_device *device, const retune_op *const *ops,
                                         size_t count, retune_backend_program **out_program,
                                         retune_error *error) {
    (void)device, (void)ops, (void)count;
    *out_program = NULL;
    return fake_fail(error, RETUNE_UNSUPPORTED, "a fake has no programs");
}
UNUSED static void fake_program_destroy(retune_backend_program *program) {
    (void)program;
}
UNUSED static retune_status fake_run(retune_backend_program *program, size_t begin, size_t end,
                                     const retune_run_args *args, retune_error *error) {
    (void)program, (void)begin, (void)end, (void)args;
    return fake_fail(error, RETUNE_UNSUPPORTED, "a fake has no programs");
}
UNUSED static retune_status fake_wait(retune_backend_program *program, retune_error *error) {
    (void)program;
    return fake_fail(error, RETUNE_UNSUPPORTED, "a fake has no programs");
}

/* The table's initialisers; later ones of the same field would warn, so each is a macro that a fake
 * may define first. */
#ifndef FAKE_ABI
#define FAKE_ABI RETUNE_BACKEND_ABI
#endif
#ifndef FAKE_SIZE
#define FAKE_SIZE sizeof(retune_backend)
#endif
#ifndef FAKE_PROBE
#define FAKE_PROBE fake_probe
#endif
#ifndef FAKE_COUNT
#define FAKE_COUNT fake_device_count
#endif
#ifndef FAKE_INFO
#define FAKE_INFO fake_device_info
UNUSED static retune_status fake_device_info(uint32_t index, retune_device_info *out_info,
                                             retune_error *error) {
    (void)index, (void)error;
    return fake_device(FAKE_NAME "/0", 1, out_info);
}
#endif
#ifndef FAKE_RUN
#define FAKE_RUN fake_run
#endif
#define FAKE_FIELDS                                                                                \
    .struct_size = FAKE_SIZE, .abi = FAKE_ABI, .name = FAKE_NAME, .version = "1",                  \
    .probe = FAKE_PROBE, .device_count = FAKE_COUNT, .device_info = FAKE_INFO,                     \
    .device_open = fake_open, .device_close = fake_close, .op_query = fake_query,                  \
    .tensor_create = fake_tensor, .tensor_destroy = fake_tensor_destroy,                           \
    .tensor_write = fake_write, .tensor_read = fake_read, .program_create = fake_program,          \
    .program_destroy = fake_program_destroy, .program_run = FAKE_RUN, .program_wait = fake_wait

/* The usual query function. */
#define FAKE_QUERY                                                                                 \
    const retune_backend *retune_backend_query(uint32_t host_abi) {                                \
        static const retune_backend table = {FAKE_FIELDS};                                         \
        return host_abi >> 16 == FAKE_ABI >> 16 ? &table : NULL;                                   \
    }
