#include "desc.h"

#include "error.h"

#include <string.h>

static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {[RETUNE_F32] = {"f32", 4},
              [RETUNE_F16] = {"f16", 2},
              [RETUNE_BF16] = {"bf16", 2},
              [RETUNE_U8] = {"u8", 1},
              [RETUNE_I32] = {"i32", 4}};

bool backend_desc_check(const retune_tensor_desc *desc, size_t *out_bytes, char *out_reason,
                        size_t reason_size) {
    *out_bytes = 0;
    if (desc->struct_size < sizeof *desc)
        return backend_explain(out_reason, reason_size, "struct_size is %u", desc->struct_size);
    if (desc->dtype >= sizeof dtypes / sizeof dtypes[0])
        return backend_explain(out_reason, reason_size, "%u is no element type", desc->dtype);
    if (desc->rank < 1 || desc->rank > RETUNE_RANK_MAX)
        return backend_explain(out_reason, reason_size, "its rank is %u", desc->rank);
    size_t bytes = dtypes[desc->dtype].bytes;
    for (uint32_t d = 0; d < desc->rank; d++) {
        if (desc->shape[d] < 1)
            return backend_explain(out_reason, reason_size, "dimension %u is %lld", d,
                                   (long long)desc->shape[d]);
        if (__builtin_mul_overflow(bytes, (size_t)desc->shape[d], &bytes) || bytes > PTRDIFF_MAX)
            return backend_explain(out_reason, reason_size, "it is too large to count");
    }
    *out_bytes = bytes;
    return true;
}

bool backend_desc_equal(const retune_tensor_desc *a, const retune_tensor_desc *b) {
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->shape, b->shape, a->rank * sizeof a->shape[0]) == 0;
}

const char *backend_dtype_name(uint32_t dtype) {
    return dtypes[dtype].name;
}
