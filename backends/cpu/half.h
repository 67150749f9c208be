/* Half precision and bfloat16 as bits, converted in portable C: to nearest even, with subnormals,
 * infinities and (quiet) NaN. */
#ifndef RETUNE_CPU_HALF_H
#define RETUNE_CPU_HALF_H

#include <stdint.h>
#include <string.h>

static inline float cpu_float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t cpu_bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float cpu_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 31u, fraction = half & 1023u;
    if (exponent == 31) /* infinity or NaN */
        return cpu_float_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact in a float */
        float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    return cpu_float_of_bits(sign | (exponent + 112u) << 23 | fraction << 13);
}

static inline uint16_t cpu_float_to_half(float value) {
    uint32_t bits = cpu_bits_of_float(value);
    uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) /* NaN */
        return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x1ffu));
    if (magnitude >= 0x477ff000u) /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    if (magnitude < 0x33000000u) /* below 2^-25: zero */
        return (uint16_t)sign;
    /* Bits that are dropped: 13 of a normal number, more of one that becomes subnormal. */
    uint32_t exponent = magnitude >> 23, dropped = 13, kept = magnitude - (112u << 23);
    if (exponent < 113) {
        dropped = 126u - exponent;
        kept = (magnitude & 0x7fffffu) | 0x800000u;
    }
    uint32_t rest = kept & ((1u << dropped) - 1u), tie = 1u << (dropped - 1u);
    kept >>= dropped;
    if (rest > tie || (rest == tie && (kept & 1u)))
        kept++; /* a carry into the exponent is the next larger number */
    return (uint16_t)(sign | kept);
}

static inline float cpu_bfloat_to_float(uint16_t bfloat) {
    return cpu_float_of_bits((uint32_t)bfloat << 16);
}

static inline uint16_t cpu_float_to_bfloat(float value) {
    uint32_t bits = cpu_bits_of_float(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) /* NaN */
        return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

#endif
