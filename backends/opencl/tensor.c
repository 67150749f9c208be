#include "tensor.h"

#include "error.h"
#include "indices.h"
#include "staging.h"
#include "status.h"

#include <stdlib.h>

/* The device of a tensor, which whoever made the tensor may change. */
static retune_backend_device *device_of(const retune_backend_tensor *tensor) {
    return (retune_backend_device *)(uintptr_t)tensor->base.device;
}

cl_mem opencl_tensor_memory(const retune_backend_tensor *tensor) {
    return tensor->base.block->memory;
}

/* ---- Making --------------------------------------------------------------------------------- */

retune_status opencl_tensor_reserve(retune_backend_tensor *tensor, retune_error *error) {
    retune_backend_device *device = device_of(tensor);
    backend_block *block = tensor->base.block;
    if (block->bytes >= tensor->base.bytes)
        return RETUNE_OK;
    cl_mem memory;
    retune_status status = opencl_device_take(device, block->wanted, "a tensor", &memory, error);
    if (status != RETUNE_OK)
        return status;
    if (block->memory) {
        cl_int code = cl.clEnqueueCopyBuffer(device->queue, block->memory, memory, 0, 0,
                                             block->bytes, 0, NULL, NULL);
        status = opencl_device_note(device, opencl_check(code, "a copy", error));
    }
    if (status != RETUNE_OK) {
        opencl_device_give_back(device, memory, block->wanted);
        return status;
    }
    opencl_device_give_back(device, block->memory, block->bytes);
    block->memory = memory;
    block->bytes = block->wanted;
    device->generation++;
    return RETUNE_OK;
}

retune_status opencl_tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error) {
    return backend_tensor_make(device, &device->slots, desc, usage, slot, device->tensor_size,
                               out_tensor, error);
}

retune_status opencl_tensor_wrap(retune_backend_device *device, const retune_tensor_desc *desc,
                                 const void *memory, retune_backend_tensor **out_tensor,
                                 retune_error *error) {
    *out_tensor = NULL;
    if (!device->info->unified_memory || device->info->quirks & OPENCL_QUIRK_NO_HOST_POINTER)
        return backend_fail(error, RETUNE_UNSUPPORTED,
                            "this device does not share the host's memory");
    retune_backend_tensor *tensor;
    retune_status status = backend_tensor_borrow(device, &device->slots, desc, memory,
                                                 device->tensor_size, &tensor, error);
    if (status != RETUNE_OK)
        return status;
    cl_int code;
    backend_block *block = tensor->base.block;
    block->memory = cl.clCreateBuffer(device->context, CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR,
                                      tensor->base.bytes, (void *)(uintptr_t)memory, &code);
    if (!block->memory) {
        opencl_tensor_destroy(tensor);
        return opencl_check(code, "wrapping host memory", error);
    }
    block->bytes = tensor->base.bytes;
    *out_tensor = tensor;
    return RETUNE_OK;
}

void opencl_tensor_destroy(retune_backend_tensor *tensor) {
    if (!tensor)
        return;
    retune_backend_device *device = device_of(tensor);
    backend_block *block = tensor->base.block;
    if (backend_block_release(&device->slots, block)) {
        if (block->borrowed && block->memory)
            cl.clReleaseMemObject(block->memory);
        else
            opencl_device_give_back(device, block->memory, block->bytes);
        free(block);
    }
    backend_indices_forget(&tensor->indices);
    free(tensor);
}

/* ---- Content -------------------------------------------------------------------------------- */

/* What every transfer needs first. */
static retune_status find_rows(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               size_t *out_offset, size_t *out_bytes, retune_error *error) {
    retune_status status =
        backend_tensor_rows(tensor, first_row, rows, out_offset, out_bytes, error);
    if (status == RETUNE_OK)
        status = opencl_device_check_alive(device_of(tensor), error);
    if (status == RETUNE_OK)
        status = opencl_tensor_reserve(tensor, error);
    return status;
}

retune_status opencl_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                  const void *data, retune_error *error) {
    retune_backend_device *device = device_of(tensor);
    size_t offset = 0, bytes = 0;
    retune_status status = backend_tensor_check_writable(tensor, error);
    if (status == RETUNE_OK)
        status = find_rows(tensor, first_row, rows, &offset, &bytes, error);
    if (status == RETUNE_OK)
        status = backend_indices_keep(&tensor->indices, &tensor->base, offset, bytes, data, error);
    if (status != RETUNE_OK || bytes == 0)
        return status;
    cl_mem memory = opencl_tensor_memory(tensor);
    if (bytes <= OPENCL_STAGING_BYTES)
        return opencl_staging_write(device, memory, offset, bytes, data, error);
    cl_int code =
        cl.clEnqueueWriteBuffer(device->queue, memory, CL_TRUE, offset, bytes, data, 0, NULL, NULL);
    return opencl_device_note(device, opencl_check_wait(code, "a write", error));
}

retune_status opencl_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                 void *data, retune_error *error) {
    retune_backend_device *device = device_of(tensor);
    size_t offset = 0, bytes = 0;
    retune_status status = find_rows(tensor, first_row, rows, &offset, &bytes, error);
    if (status != RETUNE_OK || bytes == 0)
        return status;
    cl_int code = cl.clEnqueueReadBuffer(device->queue, opencl_tensor_memory(tensor), CL_TRUE,
                                         offset, bytes, data, 0, NULL, NULL);
    return opencl_device_note(device, opencl_check_wait(code, "a read", error));
}
