#include "base/half.h"

#include <criterion/criterion.h>
#include <math.h>

static uint16_t half(float value) {
    uint16_t bits;
    retune_half_from_float(&value, &bits, 1);
    return bits;
}

static double value_of(uint16_t half) {
    int exponent = half >> 10 & 31, mantissa = half & 1023;
    double magnitude = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
    return half & 0x8000 ? -magnitude : magnitude;
}

Test(half, every_half_goes_both_ways) {
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        uint16_t in = (uint16_t)bits, out;
        float value;
        retune_half_to_float(&in, &value, 1);
        retune_half_from_float(&value, &out, 1);
        if ((bits & 0x7fff) > 0x7c00) {
            cr_assert(isnan(value), "%04x", bits);
            cr_assert((out & 0x7fff) > 0x7c00, "%04x", bits);
            continue;
        }
        if ((bits & 0x7fff) < 0x7c00)
            cr_assert_eq((double)value, value_of(in), "%04x", bits);
        else
            cr_assert(isinf(value));
        cr_assert_eq(in, out, "%04x became %04x", bits, out);
    }
}

/* Between each two neighbours: the middle goes to the even one, a hair more or less to the nearer.
 */
Test(half, rounds_to_nearest_even) {
    for (uint16_t low = 0; low < 0x7bff; low++) {
        uint16_t high = (uint16_t)(low + 1);
        float middle = (float)((value_of(low) + value_of(high)) / 2);
        cr_assert_eq(half(middle), low % 2 ? high : low, "%04x", low);
        cr_assert_eq(half(nextafterf(middle, 0)), low, "%04x", low);
        cr_assert_eq(half(nextafterf(middle, INFINITY)), high, "%04x", low);
        cr_assert_eq(half(-middle), (low % 2 ? high : low) | 0x8000, "%04x", low);
    }
}

Test(half, knows_the_ends_of_the_range) {
    cr_expect_eq(half(65504.0f), 0x7bff);
    cr_expect_eq(half(nextafterf(65520.0f, 0)), 0x7bff);
    cr_expect_eq(half(65520.0f), 0x7c00);
    cr_expect_eq(half(-1e30f), 0xfc00);
    cr_expect_eq(half(INFINITY), 0x7c00);
    cr_expect_eq(half(0x1p-25f), 0);
    cr_expect_eq(half(0x1.000002p-25f), 1);
    cr_expect_eq(half(0x1p-140f), 0);
    cr_expect_eq(half(-0.0f), 0x8000);
    cr_expect_gt(half(NAN) & 0x7fff, 0x7c00);
}
