/* The table of the CLML backend. */
#include "device.h"
#include "program.h"
#include "tensor.h"

static const retune_backend table = {
    .struct_size = (uint32_t)sizeof(retune_backend),
    .abi = RETUNE_BACKEND_ABI,
    .name = "clml",
    .version = CLML_PLUGIN_VERSION,
    .probe = clml_probe,
    .device_count = clml_device_count,
    .device_info = clml_device_info,
    .device_open = clml_device_open,
    .device_close = clml_device_close,
    .op_query = clml_op_query,
    .tensor_create = opencl_tensor_create,
    .tensor_destroy = clml_tensor_destroy,
    .tensor_write = clml_tensor_write,
    .tensor_read = clml_tensor_read,
    .tensor_wrap = opencl_tensor_wrap,
    .program_create = clml_program_create,
    .program_destroy = clml_program_destroy,
    .program_run = clml_program_run,
    .program_wait = clml_program_wait,
    .program_times = clml_program_times,
    .device_memory = opencl_device_memory,
};

const retune_backend *retune_backend_query(uint32_t host_abi) {
    return host_abi >> 16 == RETUNE_BACKEND_ABI_MAJOR ? &table : NULL;
}
