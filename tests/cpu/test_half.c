/* Conversions of 16-bit floating point, over every 16-bit pattern and every tie between two. */
#include "half.h"

#include <criterion/criterion.h>
#include <math.h>

/* The value of a half by its definition. */
static float half_value(uint16_t half) {
    int exponent = half >> 10 & 31, fraction = half & 1023;
    float magnitude = exponent == 0    ? ldexpf((float)fraction, -24)
                      : exponent == 31 ? (fraction ? NAN : INFINITY)
                                       : ldexpf((float)(1024 + fraction), exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

Test(cpu_half, every_half_converts_there_and_back) {
    for (uint32_t half = 0; half < 65536; half++) {
        float value = cpu_half_to_float((uint16_t)half);
        if (isnan(half_value((uint16_t)half))) {
            cr_assert(isnan(value));
            uint16_t back = cpu_float_to_half(value);
            cr_assert((back & 0x7c00) == 0x7c00 && (back & 0x3ff), "%04x", half);
            continue;
        }
        cr_assert_eq(value, half_value((uint16_t)half), "%04x", half);
        cr_assert_eq(cpu_float_to_half(value), half, "%04x", half);
    }
}

Test(cpu_half, between_two_halves_the_nearer_and_the_even_one) {
    for (uint16_t half = 0; half < 0x7bff; half++) {
        uint16_t even = half & 1 ? half + 1 : half;
        float middle = (half_value(half) + half_value(half + 1)) / 2;
        cr_assert_eq(cpu_float_to_half(middle), even, "%04x", half);
        cr_assert_eq(cpu_float_to_half(-middle), even | 0x8000, "%04x", half);
        cr_assert_eq(cpu_float_to_half(nextafterf(middle, 0.0f)), half, "%04x", half);
        cr_assert_eq(cpu_float_to_half(nextafterf(middle, INFINITY)), half + 1, "%04x", half);
    }
}

Test(cpu_half, out_of_range) {
    cr_assert_eq(cpu_float_to_half(65519.996f), 0x7bff);
    cr_assert_eq(cpu_float_to_half(65520.0f), 0x7c00);
    cr_assert_eq(cpu_float_to_half(-1e30f), 0xfc00);
    cr_assert_eq(cpu_float_to_half(INFINITY), 0x7c00);
    cr_assert_eq(cpu_float_to_half(1e-30f), 0);
    cr_assert_eq(cpu_float_to_half(-1e-30f), 0x8000);
    cr_assert_eq(cpu_float_to_half(0x1p-149f), 0);
}

Test(cpu_half, every_bfloat_converts_there_and_back) {
    for (uint32_t bits = 0; bits < 65536; bits++) {
        float value = cpu_bfloat_to_float((uint16_t)bits);
        if (isnan(value))
            cr_assert(isnan(cpu_bfloat_to_float(cpu_float_to_bfloat(value))), "%04x", bits);
        else
            cr_assert_eq(cpu_float_to_bfloat(value), bits, "%04x", bits);
    }
}

Test(cpu_half, bfloat_rounds_to_nearest_even) {
    cr_assert_eq(cpu_float_to_bfloat(cpu_float_of_bits(0x3f808000)), 0x3f80); /* tie, even below */
    cr_assert_eq(cpu_float_to_bfloat(cpu_float_of_bits(0x3f818000)), 0x3f82); /* tie, even above */
    cr_assert_eq(cpu_float_to_bfloat(cpu_float_of_bits(0x3f808001)), 0x3f81);
    cr_assert_eq(cpu_float_to_bfloat(cpu_float_of_bits(0x3f817fff)), 0x3f81);
    cr_assert_eq(cpu_float_to_bfloat(cpu_float_of_bits(0x7f7fffff)), 0x7f80); /* infinity */
    cr_assert(isnan(cpu_bfloat_to_float(cpu_float_to_bfloat(cpu_float_of_bits(0x7f800001)))));
}
