#include "device.h"

#include "error.h"
#include "ops.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Enumeration ---------------------------------------------------------------------------- */

/* Step 2 of backends/README.md: as many as the driver has. Devices keep their numbers for the life
 * of the process. */
#define DEVICE_COUNT 0

retune_status null_device_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = DEVICE_COUNT;
    return RETUNE_OK;
}

static retune_status check_index(uint32_t index, retune_error *error) {
    uint32_t count = 0;
    retune_status status = null_device_count(&count, error);
    if (status == RETUNE_OK && index >= count)
        status = backend_fail(error, RETUNE_INVALID, "device %u of %u", index, count);
    return status;
}

/* What is known without opening the device. Promise nothing here that is not so: DETERMINISTIC
 * means that a second run gives the same bits, and conform looks. */
retune_status null_device_info(uint32_t index, retune_device_info *out_info, retune_error *error) {
    retune_status status = check_index(index, error);
    if (status != RETUNE_OK)
        return status;
    retune_device_info info = {.type = RETUNE_DEVICE_CPU,
                               .features = RETUNE_FEATURE_DETERMINISTIC,
                               .score = 1,         /* orders devices under `auto` */
                               .memory_bytes = 0}; /* unknown */
    snprintf(info.id, sizeof info.id, "null/%u", index);
    snprintf(info.name, sizeof info.name, "plain loops");
    snprintf(info.driver, sizeof info.driver, "retune_null %s", PLUGIN_VERSION);
    return backend_fill_struct(out_info, &info, sizeof info, error);
}

/* ---- Opening -------------------------------------------------------------------------------- */

/* The keys of [backend.null] in a job. One that is not known is an error: nobody's setting is
 * silently without effect. */
static retune_status set_option(retune_backend_device *device, const retune_option *option,
                                retune_error *error) {
    (void)device;
    return backend_fail(error, RETUNE_INVALID, "[backend.null] %s: there are no keys", option->key);
}

retune_status null_device_open(uint32_t index, const retune_option *options, size_t option_count,
                               retune_backend_device **out_device, retune_error *error) {
    *out_device = NULL;
    retune_status status = check_index(index, error);
    if (status != RETUNE_OK)
        return status;
    retune_backend_device *device = calloc(1, sizeof *device);
    if (!device)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a device");
    for (size_t n = 0; n < option_count && status == RETUNE_OK; n++)
        status = set_option(device, &options[n], error);
    if (status == RETUNE_OK)
        *out_device = device;
    else
        null_device_close(device);
    return status;
}

void null_device_close(retune_backend_device *device) {
    free(device);
}

/* ---- Memory --------------------------------------------------------------------------------- */

/* Step 3 of backends/README.md: the driver's allocation. OUT_OF_MEMORY, and nothing else, is what
 * lets the core try a smaller batch. */
retune_status null_device_take(retune_backend_device *device, size_t bytes, void **out_memory,
                               retune_error *error) {
    *out_memory = calloc(1, bytes);
    if (!*out_memory)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: %zu bytes", bytes);
    device->current_bytes += bytes;
    if (device->peak_bytes < device->current_bytes)
        device->peak_bytes = device->current_bytes;
    return RETUNE_OK;
}

void null_device_give_back(retune_backend_device *device, void *memory, size_t bytes) {
    if (!memory)
        return;
    free(memory);
    device->current_bytes -= bytes;
}

retune_status null_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                 uint64_t *out_peak_bytes, retune_error *error) {
    (void)error;
    *out_current_bytes = device->current_bytes;
    *out_peak_bytes = device->peak_bytes;
    return RETUNE_OK;
}

/* ---- Ops ------------------------------------------------------------------------------------ */

/* "Yes" is a promise: program_create then takes the op. "No" has a reason, which users read. */
retune_status null_op_query(retune_backend_device *device, const retune_op_desc *op,
                            retune_op_support *out_support, retune_error *error) {
    (void)device;
    retune_op_support support = {0};
    support.supported = null_op_check(op, support.reason, sizeof support.reason);
    return backend_fill_struct(out_support, &support, sizeof support, error);
}
