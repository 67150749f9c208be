/* The scale of a chart's axis: its range, where its ticks stand and what is written there. */
#ifndef RETUNE_REPORT_AXIS_H
#define RETUNE_REPORT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#define RETUNE_AXIS_TICKS     24    /* the most there are */
#define RETUNE_AXIS_VALUE_MAX 1e300 /* values beyond it have no place on an axis */

typedef struct retune_axis {
    double low, high; /* low < high */
    bool log;
    int decimals; /* of the ticks' labels; below 0: powers of ten are written as such */
    size_t tick_count;
    double ticks[RETUNE_AXIS_TICKS]; /* ascending, within the range */
} retune_axis;

/* The axis for values from `low` to `high`, both finite, with up to `most` ticks (2 or more) at
 * multiples of 1, 2 or 5 times a power of ten. `whole`: of no fraction, and the range stays exactly
 * that of the values; otherwise it is widened to ticks at both ends. */
retune_axis retune_axis_linear(double low, double high, size_t most, bool whole);

/* A logarithmic axis for values from `low` to `high`, both above 0. */
retune_axis retune_axis_log(double low, double high);

/* Where a value stands: 0 at the low end, 1 at the high one. */
double retune_axis_place(const retune_axis *axis, double value);

/* The text of a value, as on a tick with `more` decimals added. */
void retune_axis_label(const retune_axis *axis, double value, int more, char *text, size_t size);

#endif
