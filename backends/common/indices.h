/* What the host wrote to a tensor of i32 on a device of its own memory: kept on the host's side, so
 * that indices can be checked before a run without reading them back. */
#ifndef RETUNE_COMMON_INDICES_H
#define RETUNE_COMMON_INDICES_H

#include "tensor_base.h"

/* Keeps `bytes` of data written at `offset`, in `*indices`, which starts as NULL; does nothing for
 * a tensor of another type. What was never written is 0. OUT_OF_MEMORY. */
retune_status backend_indices_keep(int32_t **indices, const backend_tensor_base *tensor,
                                   size_t offset, size_t bytes, const void *data,
                                   retune_error *error);

/* An op is about to write the tensor, or it is destroyed: its indices are no longer known. */
void backend_indices_forget(int32_t **indices);

#endif
