#include "base/half.h"

#include <string.h>

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Both directions compute every case and select, so that compilers turn the loops into vectors. */

static uint16_t half_of(float value) {
    uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    /* Rebias the exponent from 127 to 15; adding just under half a unit, plus the last kept bit,
     * rounds to even, and a carry runs into the exponent as it should. */
    uint32_t normal = (magnitude - (112u << 23) + 0xfff + (magnitude >> 13 & 1)) >> 13;
    /* The unit of floats in [0.5, 1) is 2^-24, that of the smallest halves: the addition rounds. */
    uint32_t tiny = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
    uint32_t nan = 0x7e00 | (magnitude >> 13 & 0x1ff);
    uint32_t half = magnitude < 113u << 23 ? tiny : normal;
    half = magnitude >= bits_of(65520.0f) ? 0x7c00 : half;
    half = magnitude > 0x7f800000 ? nan : half;
    return (uint16_t)(sign | half);
}

static float float_of_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fffu;
    uint32_t normal = (magnitude << 13) + (112u << 23);
    uint32_t tiny = bits_of((float)(int32_t)magnitude * 0x1p-24f);
    uint32_t endless = magnitude << 13 | 0x7f800000;
    uint32_t bits = magnitude < 0x0400 ? tiny : normal;
    bits = magnitude >= 0x7c00 ? endless : bits;
    return float_of(sign | bits);
}

void retune_half_from_float(const float *values, uint16_t *out_halves, size_t count) {
    for (size_t i = 0; i < count; i++)
        out_halves[i] = half_of(values[i]);
}

void retune_half_to_float(const uint16_t *halves, float *out_values, size_t count) {
    for (size_t i = 0; i < count; i++)
        out_values[i] = float_of_half(halves[i]);
}
