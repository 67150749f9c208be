/* Axes of charts: ranges, ticks and their labels. */
#include "report/axis.h"

#include <criterion/criterion.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Labels of all ticks, with spaces between them. */
static void expect_ticks(const retune_axis *axis, const char *expected) {
    char text[1024] = "", label[64];
    for (size_t t = 0; t < axis->tick_count; t++) {
        retune_axis_label(axis, axis->ticks[t], 0, label, sizeof label);
        strcat(strcat(text, t > 0 ? " " : ""), label);
    }
    cr_expect_str_eq(text, expected);
}

static void expect_sound(const retune_axis *axis, double low, double high) {
    cr_expect(isfinite(axis->low) && isfinite(axis->high) && axis->low < axis->high);
    cr_expect_leq(axis->low, low + (high - low) * 1e-6);
    cr_expect_geq(axis->high, high - (high - low) * 1e-6);
    for (size_t t = 0; t < axis->tick_count; t++) {
        double place = retune_axis_place(axis, axis->ticks[t]);
        cr_expect(place > -1e-6 && place < 1.0 + 1e-6, "%g is at %g", axis->ticks[t], place);
        cr_expect(t == 0 || axis->ticks[t] > axis->ticks[t - 1]);
    }
}

Test(axis, widens_to_ticks) {
    retune_axis axis = retune_axis_linear(0.13, 0.92, 6, false);
    expect_ticks(&axis, "0.0 0.2 0.4 0.6 0.8 1.0");
    cr_expect_float_eq(axis.high, 1.0, 1e-12);
    axis = retune_axis_linear(14.7, 92.5, 6, false);
    expect_ticks(&axis, "0 20 40 60 80 100");
    axis = retune_axis_linear(-3.0, 4.0, 6, false);
    expect_ticks(&axis, "-4 -2 0 2 4");
}

Test(axis, epochs_are_whole) {
    retune_axis axis = retune_axis_linear(0, 3, 6, true);
    expect_ticks(&axis, "0 1 2 3");
    axis = retune_axis_linear(1, 100, 6, true);
    expect_ticks(&axis, "20 40 60 80 100");
    cr_expect_eq(axis.low, 1.0);
    axis = retune_axis_linear(7, 7, 6, true);
    expect_ticks(&axis, "6 7 8");
}

Test(axis, one_value_stands_in_the_middle) {
    static const double values[] = {0.0, 0.25, -3.0, 1e-9, 1e290, -1e300};
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        retune_axis axis = retune_axis_linear(values[v], values[v], 6, false);
        expect_sound(&axis, values[v], values[v]);
        double place = retune_axis_place(&axis, values[v]);
        cr_expect(place > 0.2 && place < 0.8, "%g stands at %g", values[v], place);
    }
}

Test(axis, extreme_ranges) {
    static const double ranges[][2] = {{-1e300, 1e300},    {0, 1e300},           {0, DBL_MIN},
                                       {1e-300, 1e-290},   {1e15, 1e15 + 4},     {-1e-12, 1e12},
                                       {1.0, 1.0 + 1e-11}, {1, 1 + DBL_EPSILON}, {0, UINT32_MAX}};
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++)
        for (size_t most = 2; most < 8; most++) {
            retune_axis axis = retune_axis_linear(ranges[r][0], ranges[r][1], most, false);
            expect_sound(&axis, ranges[r][0], ranges[r][1]);
            cr_expect_leq(axis.tick_count, most + 1, "%zu ticks", axis.tick_count);
            axis = retune_axis_linear(ranges[r][0], ranges[r][1], most, true);
            expect_sound(&axis, ranges[r][0], ranges[r][1]);
        }
}

Test(axis, decades) {
    retune_axis axis = retune_axis_log(0.0004, 3.0);
    expect_ticks(&axis, "0.0001 0.001 0.01 0.1 1 10");
    cr_expect_float_eq(retune_axis_place(&axis, 0.01), 0.4, 1e-12);
    axis = retune_axis_log(0.2, 0.7);
    expect_ticks(&axis, "0.1 0.2 0.5 1");
    axis = retune_axis_log(1.0, 1.0);
    expect_ticks(&axis, "1 2 5 10");
    axis = retune_axis_log(1e-300, 1e300);
    expect_sound(&axis, 1e-300, 1e300);
    cr_expect_leq(axis.tick_count, 10);
    axis = retune_axis_log(DBL_MIN, 1e300);
    expect_sound(&axis, DBL_MIN, 1e300);
}

Test(axis, labels) {
    char text[64];
    retune_axis axis = retune_axis_linear(0, 1, 6, false);
    retune_axis_label(&axis, 0.91847, 2, text, sizeof text);
    cr_expect_str_eq(text, "0.918");
    retune_axis_label(&axis, -0.0, 0, text, sizeof text);
    cr_expect_str_eq(text, "0.0");
    axis = retune_axis_linear(0, 5e7, 6, false);
    expect_ticks(&axis, "0 1e+07 2e+07 3e+07 4e+07 5e+07");
    axis = retune_axis_linear(0, 5e-9, 6, false);
    expect_ticks(&axis, "0 1e-09 2e-09 3e-09 4e-09 5e-09");
    retune_axis_label(&axis, 1.23456e-9, 0, text, 4); /* is cut, not overrun */
    cr_expect_str_eq(text, "1.2");
}
