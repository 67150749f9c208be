/* The table of the backend: everything retune ever calls. */
#include "device.h"
#include "error.h"
#include "program.h"
#include "tensor.h"

/* Step 2 of backends/README.md: look for the driver here. Load its library with dlopen rather than
 * linking it, so that the plugin loads, and can say what is missing, on machines without it. Give
 * the library's path and the driver's version in the report; both are part of what users read in
 * `retune devices`. A reason says what to do: which package, which group, which permission. */
static retune_status probe(retune_probe_report *out_report, retune_error *error) {
    const retune_probe_report report = {0};
    uint32_t count = 0;
    retune_status status = null_device_count(&count, error);
    if (status != RETUNE_OK)
        return status;
    if (count == 0)
        return backend_fail(error, RETUNE_UNAVAILABLE, "a skeleton, see backends/README.md");
    return backend_fill_struct(out_report, &report, sizeof report, error);
}

static const retune_backend table = {
    .struct_size = (uint32_t)sizeof(retune_backend),
    .abi = RETUNE_BACKEND_ABI,
    .name = "null", /* the file is retune_null.so */
    .version = PLUGIN_VERSION,
    .probe = probe,
    .device_count = null_device_count,
    .device_info = null_device_info,
    .device_open = null_device_open,
    .device_close = null_device_close,
    .op_query = null_op_query,
    .tensor_create = null_tensor_create,
    .tensor_destroy = null_tensor_destroy,
    .tensor_write = null_tensor_write,
    .tensor_read = null_tensor_read,
    .program_create = null_program_create,
    .program_destroy = null_program_destroy,
    .program_run = null_program_run,
    .program_wait = null_program_wait,
    .device_memory = null_device_memory, /* optional */

    /* Optional and left out: tensor_wrap, for devices that can use the host's memory in place (set
     * RETUNE_FEATURE_HOST_MEMORY with it); program_times, for devices that measure their ops (set
     * RETUNE_FEATURE_TIMESTAMPS, and take the option `profiling = on`). */
};

/* The one export. A host of another major version gets nothing; a later minor version gets this
 * same table and reads of it what it has. */
const retune_backend *retune_backend_query(uint32_t host_abi) {
    return host_abi >> 16 == RETUNE_BACKEND_ABI_MAJOR ? &table : NULL;
}
