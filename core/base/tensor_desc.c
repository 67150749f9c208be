#include "base/tensor_desc.h"

#include "base/memory.h"

#include <stdio.h>

retune_tensor_desc retune_desc(retune_dtype dtype, uint32_t rank, int64_t d0, int64_t d1,
                               int64_t d2, int64_t d3) {
    retune_tensor_desc desc = {.struct_size = (uint32_t)sizeof desc,
                               .dtype = (uint32_t)dtype,
                               .rank = rank,
                               .shape = {d0, d1, d2, d3}};
    for (uint32_t d = rank; d < RETUNE_RANK_MAX; d++)
        desc.shape[d] = 0;
    return desc;
}

retune_tensor_desc retune_desc_vector(retune_dtype dtype, int64_t length) {
    return retune_desc(dtype, 1, length, 0, 0, 0);
}

size_t retune_dtype_size(uint32_t dtype) {
    switch (dtype) {
    case RETUNE_F32:
        return 4;
    case RETUNE_F16:
        return 2;
    case RETUNE_BF16:
        return 2;
    case RETUNE_U8:
        return 1;
    case RETUNE_I32:
        return 4;
    default:
        return 0;
    }
}

double retune_dtype_epsilon(uint32_t dtype) {
    switch (dtype) {
    case RETUNE_F32:
        return 0x1p-23;
    case RETUNE_F16:
        return 0x1p-10;
    case RETUNE_BF16:
        return 0x1p-7;
    default:
        return 0;
    }
}

double retune_dtype_smallest_normal(uint32_t dtype) {
    switch (dtype) {
    case RETUNE_F32:
    case RETUNE_BF16:
        return 0x1p-126;
    case RETUNE_F16:
        return 0x1p-14;
    default:
        return 0;
    }
}

retune_status retune_desc_elements(const retune_tensor_desc *desc, size_t *out_elements,
                                   retune_error *error) {
    *out_elements = 0;
    if (desc->rank < 1 || desc->rank > RETUNE_RANK_MAX)
        return retune_fail(error, RETUNE_INVALID, "a tensor of rank %u", desc->rank);
    size_t elements = 1;
    for (uint32_t d = 0; d < desc->rank; d++) {
        if (desc->shape[d] < 1)
            return retune_fail(error, RETUNE_INVALID, "tensor dimension %u is %lld", d,
                               (long long)desc->shape[d]);
        if (!retune_size_multiply(elements, (size_t)desc->shape[d], &elements))
            return retune_fail(error, RETUNE_INVALID, "a tensor too large to count");
    }
    *out_elements = elements;
    return RETUNE_OK;
}

retune_status retune_desc_bytes(const retune_tensor_desc *desc, size_t *out_bytes,
                                retune_error *error) {
    *out_bytes = 0;
    size_t elements = 0, size = retune_dtype_size(desc->dtype);
    RETUNE_TRY(retune_desc_elements(desc, &elements, error));
    if (size == 0)
        return retune_fail(error, RETUNE_INVALID, "%u is no element type", desc->dtype);
    if (!retune_size_multiply(elements, size, out_bytes)) {
        *out_bytes = 0;
        return retune_fail(error, RETUNE_INVALID, "a tensor too large to count");
    }
    return RETUNE_OK;
}

bool retune_desc_equal(const retune_tensor_desc *a, const retune_tensor_desc *b) {
    if (a->dtype != b->dtype || a->rank != b->rank)
        return false;
    for (uint32_t d = 0; d < a->rank && d < RETUNE_RANK_MAX; d++)
        if (a->shape[d] != b->shape[d])
            return false;
    return true;
}

const char *retune_desc_text(const retune_tensor_desc *desc, char text[RETUNE_DESC_TEXT_MAX]) {
    size_t used = 0;
    uint32_t rank = desc->rank < RETUNE_RANK_MAX ? desc->rank : RETUNE_RANK_MAX;
    text[used++] = '[';
    for (uint32_t d = 0; d < rank; d++)
        used += (size_t)snprintf(text + used, RETUNE_DESC_TEXT_MAX - used, d ? ",%lld" : "%lld",
                                 (long long)desc->shape[d]);
    text[used++] = ']';
    text[used] = '\0';
    return text;
}

const char *retune_dtype_text(uint32_t dtype) {
    static const char *const names[] = {"f32", "f16", "bf16", "u8", "i32"};
    return dtype < sizeof names / sizeof names[0] ? names[dtype] : "unknown";
}
