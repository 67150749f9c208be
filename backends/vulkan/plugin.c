/* The table of the Vulkan backend. */
#include "device.h"
#include "platform.h"
#include "program.h"
#include "tensor.h"

static const retune_backend table = {
    .struct_size = (uint32_t)sizeof(retune_backend),
    .abi = RETUNE_BACKEND_ABI,
    .name = "vulkan",
    .version = VULKAN_PLUGIN_VERSION,
    .probe = vulkan_probe,
    .device_count = vulkan_device_count,
    .device_info = vulkan_device_info,
    .device_open = vulkan_device_open,
    .device_close = vulkan_device_close,
    .op_query = vulkan_op_query,
    .tensor_create = vulkan_tensor_create,
    .tensor_destroy = vulkan_tensor_destroy,
    .tensor_write = vulkan_tensor_write,
    .tensor_read = vulkan_tensor_read,
    .program_create = vulkan_program_create,
    .program_destroy = vulkan_program_destroy,
    .program_run = vulkan_program_run,
    .program_wait = vulkan_program_wait,
    .program_times = vulkan_program_times,
    .device_memory = vulkan_device_memory,
};

const retune_backend *retune_backend_query(uint32_t host_abi) {
    return host_abi >> 16 == RETUNE_BACKEND_ABI_MAJOR ? &table : NULL;
}
