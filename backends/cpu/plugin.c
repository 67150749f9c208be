/* The table of the CPU backend. */
#include "device.h"
#include "error.h"
#include "program.h"
#include "tensor.h"

#include <stdio.h>

static retune_status probe(retune_probe_report *out_report, retune_error *error) {
    retune_probe_report report = {0};
    snprintf(report.version, sizeof report.version, "OpenMP %d", _OPENMP);
    return backend_fill_struct(out_report, &report, sizeof report, error);
}

static const retune_backend table = {
    .struct_size = (uint32_t)sizeof(retune_backend),
    .abi = RETUNE_BACKEND_ABI,
    .name = "cpu",
    .version = CPU_PLUGIN_VERSION,
    .probe = probe,
    .device_count = cpu_device_count,
    .device_info = cpu_device_info,
    .device_open = cpu_device_open,
    .device_close = cpu_device_close,
    .op_query = cpu_op_query,
    .tensor_create = cpu_tensor_create,
    .tensor_destroy = cpu_tensor_destroy,
    .tensor_write = cpu_tensor_write,
    .tensor_read = cpu_tensor_read,
    .tensor_wrap = cpu_tensor_wrap,
    .program_create = cpu_program_create,
    .program_destroy = cpu_program_destroy,
    .program_run = cpu_program_run,
    .program_wait = cpu_program_wait,
    .program_times = cpu_program_times,
    .device_memory = cpu_device_memory,
};

const retune_backend *retune_backend_query(uint32_t host_abi) {
    return host_abi >> 16 == RETUNE_BACKEND_ABI_MAJOR ? &table : NULL;
}
