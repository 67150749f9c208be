#include "element.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A 16-bit floating format: one sign bit, then exponent, then mantissa. */
typedef struct half_format {
    int mantissa_bits;
    int bias;
} half_format;

static const half_format f16 = {10, 15}, bf16 = {7, 127};

/* Rounding may carry out of the mantissa; the sum then is the next exponent, as it should be. */
static uint16_t half_encode(half_format format, double value) {
    const double magnitude = fabs(value);
    const int infinity = (2 * format.bias + 1) << format.mantissa_bits;
    int bits = infinity;
    if (isnan(value))
        bits = infinity + (1 << (format.mantissa_bits - 1));
    else if (magnitude < ldexp(1.0, 1 - format.bias))
        bits = (int)nearbyint(ldexp(magnitude, format.bias - 1 + format.mantissa_bits));
    else if (magnitude < ldexp(1.0, format.bias + 1)) {
        int exponent = 0;
        const double fraction = frexp(magnitude, &exponent); /* in [1/2, 1) */
        bits = ((exponent - 2 + format.bias) << format.mantissa_bits) +
               (int)nearbyint(ldexp(fraction, format.mantissa_bits + 1));
    }
    return (uint16_t)(bits | (signbit(value) ? 0x8000 : 0));
}

static double half_decode(half_format format, uint16_t bits) {
    const int exponent = (bits & 0x7fff) >> format.mantissa_bits;
    const int mantissa = bits & ((1 << format.mantissa_bits) - 1);
    double magnitude;
    if (exponent == 2 * format.bias + 1)
        magnitude = mantissa ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        magnitude = ldexp(mantissa, 1 - format.bias - format.mantissa_bits);
    else
        magnitude = ldexp(mantissa + (1 << format.mantissa_bits),
                          exponent - format.bias - format.mantissa_bits);
    return bits & 0x8000 ? -magnitude : magnitude;
}

void elements_encode(uint32_t dtype, const double *values, size_t count, void *out_data) {
    for (size_t i = 0; i < count; i++)
        switch (dtype) {
        case RETUNE_F32:
            ((float *)out_data)[i] = (float)values[i];
            break;
        case RETUNE_F16:
            ((uint16_t *)out_data)[i] = half_encode(f16, values[i]);
            break;
        case RETUNE_BF16:
            ((uint16_t *)out_data)[i] = half_encode(bf16, values[i]);
            break;
        case RETUNE_U8:
            ((uint8_t *)out_data)[i] = (uint8_t)values[i];
            break;
        default:
            ((int32_t *)out_data)[i] = (int32_t)values[i];
        }
}

void elements_decode(uint32_t dtype, const void *data, size_t count, double *out_values) {
    for (size_t i = 0; i < count; i++)
        switch (dtype) {
        case RETUNE_F32:
            out_values[i] = (double)((const float *)data)[i];
            break;
        case RETUNE_F16:
            out_values[i] = half_decode(f16, ((const uint16_t *)data)[i]);
            break;
        case RETUNE_BF16:
            out_values[i] = half_decode(bf16, ((const uint16_t *)data)[i]);
            break;
        case RETUNE_U8:
            out_values[i] = ((const uint8_t *)data)[i];
            break;
        default:
            out_values[i] = ((const int32_t *)data)[i];
        }
}

double element_round(uint32_t dtype, double value) {
    uint32_t storage = 0;
    double rounded = 0;
    elements_encode(dtype, &value, 1, &storage);
    elements_decode(dtype, &storage, 1, &rounded);
    return rounded;
}

double *elements_allocate(size_t count) {
    double *values = calloc(count ? count : 1, sizeof *values);
    if (!values) {
        fprintf(stderr, "no memory for %zu elements\n", count);
        exit(EXIT_FAILURE);
    }
    return values;
}
