/* A device: here, memory of the host. */
#ifndef RETUNE_NULL_DEVICE_H
#define RETUNE_NULL_DEVICE_H

#include "block.h"

#include "retune/backend.h"

struct retune_backend_device {
    backend_block *slots; /* memory that tensors share, see tensor.c */
    uint64_t current_bytes, peak_bytes;
    /* the driver's context, its queue, compiled kernels */
};

/* Functions of the plugin table; backend.h documents them. */
retune_status null_device_count(uint32_t *out_count, retune_error *error);
retune_status null_device_info(uint32_t index, retune_device_info *out_info, retune_error *error);
retune_status null_device_open(uint32_t index, const retune_option *options, size_t option_count,
                               retune_backend_device **out_device, retune_error *error);
void null_device_close(retune_backend_device *device);
retune_status null_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                 uint64_t *out_peak_bytes, retune_error *error);
retune_status null_op_query(retune_backend_device *device, const retune_op_desc *op,
                            retune_op_support *out_support, retune_error *error);

/* Zeroed memory of the device, given back with the same size. */
retune_status null_device_take(retune_backend_device *device, size_t bytes, void **out_memory,
                               retune_error *error);
void null_device_give_back(retune_backend_device *device, void *memory, size_t bytes);

#endif
