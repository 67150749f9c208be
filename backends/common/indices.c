#include "indices.h"

#include "error.h"

#include <stdlib.h>
#include <string.h>

retune_status backend_indices_keep(int32_t **indices, const backend_tensor_base *tensor,
                                   size_t offset, size_t bytes, const void *data,
                                   retune_error *error) {
    if (tensor->desc.dtype != RETUNE_I32)
        return RETUNE_OK;
    if (!*indices)
        *indices = calloc(1, tensor->bytes);
    if (!*indices)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: indices");
    memcpy((char *)*indices + offset, data, bytes);
    return RETUNE_OK;
}

void backend_indices_forget(int32_t **indices) {
    free(*indices);
    *indices = NULL;
}
