/* gather and cast: copies that may change the element type. */
#include "half.h"
#include "scalar.h"

/* Floating point and bytes as a float, exactly. */
static float load(const void *data, uint32_t dtype, int64_t e) {
    switch (dtype) {
    case RETUNE_F16:
        return cpu_half_to_float(((const uint16_t *)data)[e]);
    case RETUNE_BF16:
        return cpu_bfloat_to_float(((const uint16_t *)data)[e]);
    case RETUNE_U8:
        return (float)((const uint8_t *)data)[e];
    default:
        return ((const float *)data)[e];
    }
}

static void store(void *data, uint32_t dtype, int64_t e, float value) {
    switch (dtype) {
    case RETUNE_F16:
        ((uint16_t *)data)[e] = cpu_float_to_half(value);
        break;
    case RETUNE_BF16:
        ((uint16_t *)data)[e] = cpu_float_to_bfloat(value);
        break;
    default:
        ((float *)data)[e] = value;
    }
}

static size_t dtype_bytes(uint32_t dtype) {
    return dtype == RETUNE_U8 ? 1 : dtype == RETUNE_F16 || dtype == RETUNE_BF16 ? 2 : 4;
}

/* Copies `count` elements: target from `to` on, source from `from` on. */
static void copy(void *target, uint32_t target_dtype, int64_t to, const void *source,
                 uint32_t source_dtype, int64_t from, int64_t count) {
    if (source_dtype == target_dtype) { /* bit by bit, whatever the type */
        size_t bytes = dtype_bytes(source_dtype);
        memcpy((char *)target + (size_t)to * bytes, (const char *)source + (size_t)from * bytes,
               (size_t)count * bytes);
        return;
    }
    for (int64_t e = 0; e < count; e++)
        store(target, target_dtype, to + e, load(source, source_dtype, from + e));
}

void cpu_scalar_gather(const cpu_call *call) {
    const retune_tensor_desc *td = call->op->inputs[0], *yd = call->op->outputs[0];
    int64_t row = cpu_scalar_elements(td) / td->shape[0]; /* elements */
    const void *table = call->inputs[0];                  /* [R,...] */
    const int32_t *index = call->inputs[1];               /* [N] */
    void *y = call->outputs[0];                           /* [N,...] */
#pragma omp parallel for num_threads(call->threads)
    for (int64_t n = 0; n < yd->shape[0]; n++)
        copy(y, yd->dtype, n * row, table, td->dtype, index[n] * row, row);
}

void cpu_scalar_cast(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0], *yd = call->op->outputs[0];
    int64_t count = cpu_scalar_elements(xd);
#pragma omp parallel for num_threads(call->threads)
    for (int64_t e = 0; e < count; e++)
        copy(call->outputs[0], yd->dtype, e, call->inputs[0], xd->dtype, e, 1);
}
