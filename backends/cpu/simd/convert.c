/* Ops that change the element type: normalize, gather and cast. */
#include "elements.h"
#include "half.h"

#include <stdbool.h>

/* ---- Rows of one type as floats, and back --------------------------------------------------- */

/* As cpu_half_to_float, without branches: moved into place, the exponent of a half is 112 too small
 * for a float, and a product by 2^112 mends it, of subnormal numbers too. */
SIMD_INLINE float half_to_float(uint16_t half) {
    uint32_t magnitude = (uint32_t)(half & 0x7fffu) << 13;
    uint32_t bits = cpu_bits_of_float(cpu_float_of_bits(magnitude) * 0x1p112f);
    bits |= magnitude >= 0x7c00u << 13 ? 0x7f800000u : 0; /* infinity or NaN */
    return cpu_float_of_bits(bits | (uint32_t)(half & 0x8000u) << 16);
}

static void floats_from(const void *from, uint32_t dtype, int64_t count, float *restrict to) {
    const uint16_t *restrict halves = from;
    const uint8_t *restrict bytes = from;
    switch (dtype) {
    case RETUNE_F16:
        for (int64_t n = 0; n < count; n++)
            to[n] = half_to_float(halves[n]);
        break;
    case RETUNE_BF16:
        for (int64_t n = 0; n < count; n++)
            to[n] = cpu_bfloat_to_float(halves[n]);
        break;
    case RETUNE_U8:
        for (int64_t n = 0; n < count; n++)
            to[n] = (float)bytes[n];
        break;
    default:
        memcpy(to, from, (size_t)count * sizeof *to);
    }
}

static void floats_to(const float *restrict from, uint32_t dtype, int64_t count, void *to) {
    uint16_t *restrict halves = to;
    if (dtype == RETUNE_F16) {
        for (int64_t n = 0; n < count; n++)
            halves[n] = cpu_float_to_half(from[n]);
    } else {
        for (int64_t n = 0; n < count; n++)
            halves[n] = cpu_float_to_bfloat(from[n]);
    }
}

static int64_t dtype_bytes(uint32_t dtype) {
    return dtype == RETUNE_U8 ? 1 : dtype == RETUNE_F16 || dtype == RETUNE_BF16 ? 2 : 4;
}

/* Copies `count` elements; what is neither float before nor after goes through floats. */
static void copy(const char *from, uint32_t from_dtype, int64_t count, char *to,
                 uint32_t to_dtype) {
    if (from_dtype == to_dtype) {
        memcpy(to, from, (size_t)(count * dtype_bytes(to_dtype)));
        return;
    }
    if (to_dtype == RETUNE_F32) {
        floats_from(from, from_dtype, count, (float *)(void *)to);
        return;
    }
    enum { PIECE = 256 };
    float piece[PIECE];
    for (int64_t n = 0; n < count; n += PIECE) {
        int64_t size = count - n < PIECE ? count - n : PIECE;
        floats_from(from + n * dtype_bytes(from_dtype), from_dtype, size, piece);
        floats_to(piece, to_dtype, size, to + n * dtype_bytes(to_dtype));
    }
}

/* ---- Ops ------------------------------------------------------------------------------------ */

void SIMD(gather)(const cpu_call *call) {
    const retune_tensor_desc *table = call->op->inputs[0], *y = call->op->outputs[0];
    int64_t rows = y->shape[0], row = element_count(y) / rows;
    const char *from = call->inputs[0];
    const int32_t *index = call->inputs[1];
    char *to = call->outputs[0];
    int threads = threads_for(call, rows * row);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t n = 0; n < rows; n++)
        copy(from + index[n] * row * dtype_bytes(table->dtype), table->dtype, row,
             to + n * row * dtype_bytes(y->dtype), y->dtype);
}

void SIMD(cast)(const cpu_call *call) {
    enum { CHUNK = 4096 };
    const retune_tensor_desc *x = call->op->inputs[0], *y = call->op->outputs[0];
    int64_t count = element_count(y);
    const char *from = call->inputs[0];
    char *to = call->outputs[0];
    int threads = threads_for(call, count);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n += CHUNK)
        copy(from + n * dtype_bytes(x->dtype), x->dtype, count - n < CHUNK ? count - n : CHUNK,
             to + n * dtype_bytes(y->dtype), y->dtype);
}

/* The values of a pixel repeat: as many pixels as there are lanes are whole vectors of them. */
void SIMD(normalize)(const cpu_call *call) {
    enum { CHANNELS_MOST = 4 };
    int64_t count = element_count(call->op->outputs[0]);
    int64_t channels = channel_count(call->op->outputs[0]);
    const uint8_t *x = call->inputs[0];
    const float *scale = call->inputs[1], *offset = call->inputs[2];
    float *y = call->outputs[0];
    int threads = threads_for(call, count);
    float scales[CHANNELS_MOST * LANES], offsets[CHANNELS_MOST * LANES];
    bool repeat = channels <= CHANNELS_MOST;
    int64_t run = repeat ? channels * LANES : channels;
    for (int64_t n = 0; repeat && n < run; n++) {
        scales[n] = scale[n % channels];
        offsets[n] = offset[n % channels];
    }
    const float *by = repeat ? scales : scale, *plus = repeat ? offsets : offset;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t n = 0; n < count; n += run) {
        int64_t size = count - n < run ? count - n : run;
#pragma omp simd
        for (int64_t c = 0; c < size; c++)
            y[n + c] = by[c] * (float)x[n + c] + plus[c];
    }
}
