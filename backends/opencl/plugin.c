/* The table of the OpenCL backend. */
#include "device.h"
#include "platform.h"
#include "program.h"
#include "tensor.h"

static const retune_backend table = {
    .struct_size = (uint32_t)sizeof(retune_backend),
    .abi = RETUNE_BACKEND_ABI,
    .name = "opencl",
    .version = OPENCL_PLUGIN_VERSION,
    .probe = opencl_probe,
    .device_count = opencl_device_count,
    .device_info = opencl_device_info,
    .device_open = opencl_device_open,
    .device_close = opencl_device_close,
    .op_query = opencl_op_query,
    .tensor_create = opencl_tensor_create,
    .tensor_destroy = opencl_tensor_destroy,
    .tensor_write = opencl_tensor_write,
    .tensor_read = opencl_tensor_read,
    .tensor_wrap = opencl_tensor_wrap,
    .program_create = opencl_program_create,
    .program_destroy = opencl_program_destroy,
    .program_run = opencl_program_run,
    .program_wait = opencl_program_wait,
    .program_times = opencl_program_times,
    .device_memory = opencl_device_memory,
};

const retune_backend *retune_backend_query(uint32_t host_abi) {
    return host_abi >> 16 == RETUNE_BACKEND_ABI_MAJOR ? &table : NULL;
}
