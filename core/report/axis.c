#include "report/axis.h"

#include <math.h>
#include <stdio.h>

/* The smallest of 1, 2, 5 times a power of ten that is not below `least`. */
static double nice_step(double least) {
    double power = pow(10.0, floor(log10(least)));
    double factor = least / power;
    /* What rounding adds to a factor makes no larger step. */
    double nice = factor <= 1.0 + 1e-9   ? 1.0
                  : factor <= 2.0 + 1e-9 ? 2.0
                  : factor <= 5.0 + 1e-9 ? 5.0
                                         : 10.0;
    return nice * power;
}

/* Decimals that tell multiples of a step apart; -1 where a fixed point makes no sense. */
static int step_decimals(double step, double low, double high) {
    double most = fmax(fabs(low), fabs(high));
    if (most >= 1e7 || step < 1e-6)
        return -1;
    double digits = -floor(log10(step) + 1e-9);
    return digits > 0.0 ? (int)digits : 0;
}

retune_axis retune_axis_linear(double low, double high, size_t most, bool whole) {
    retune_axis axis = {.low = low, .high = high};
    double spread = high - low;
    if (!(spread > fmax(fabs(low), fabs(high)) * 1e-12)) { /* one value, as far as can be drawn */
        double margin = whole ? 1.0 : fmax(fabs(low) * 0.1, 1e-6);
        axis.low = low - margin;
        axis.high = high + margin;
    }
    spread = axis.high - axis.low;
    double step = nice_step(spread / (double)(most - 1));
    if (whole && step < 1.0)
        step = 1.0;
    if (!whole) {
        axis.low = floor(axis.low / step + 1e-9) * step;
        axis.high = ceil(axis.high / step - 1e-9) * step;
    }
    double first = ceil(axis.low / step - 1e-9);
    for (size_t t = 0; t < RETUNE_AXIS_TICKS; t++) {
        double tick = (first + (double)t) * step;
        if (tick > axis.high + step * 1e-9)
            break;
        axis.ticks[axis.tick_count++] = tick;
    }
    axis.decimals = step_decimals(step, axis.low, axis.high);
    return axis;
}

retune_axis retune_axis_log(double low, double high) {
    static const double dense[] = {1.0, 2.0, 5.0};
    double bottom = floor(log10(low) + 1e-9), top = ceil(log10(high) - 1e-9);
    if (bottom == top)
        top += 1.0;
    retune_axis axis = {
        .low = pow(10.0, bottom), .high = pow(10.0, top), .log = true, .decimals = -1};
    size_t each = top - bottom <= 2.0 ? 3 : 1;
    double stride = ceil((top - bottom) / 8.0);
    for (double p = bottom; p <= top + 1e-9 && axis.tick_count < RETUNE_AXIS_TICKS; p += stride)
        for (size_t m = 0; m < each && axis.tick_count < RETUNE_AXIS_TICKS; m++)
            if (m == 0 || p < top)
                axis.ticks[axis.tick_count++] = dense[m] * pow(10.0, p);
    return axis;
}

double retune_axis_place(const retune_axis *axis, double value) {
    if (axis->log)
        return (log10(value) - log10(axis->low)) / (log10(axis->high) - log10(axis->low));
    return (value - axis->low) / (axis->high - axis->low);
}

void retune_axis_label(const retune_axis *axis, double value, int more, char *text, size_t size) {
    if (axis->decimals < 0)
        snprintf(text, size, "%.*g", more > 0 ? 3 : 6, value);
    else /* the sum makes 0 of a negative zero */
        snprintf(text, size, "%.*f", axis->decimals + more, value + 0.0);
}
