#include "angle.h"

#include <math.h>

#define RADIANS 6.28318531f /* in a turn */

/* The cosine of x turns is the sine of 1/4 - x: a Taylor series within a quarter turn. */
float turn_cosine(float turns) {
    float z = RADIANS * (0.25f - fabsf(turns - roundf(turns))), square = z * z;
    return z *
           (1 + square * (-1 / 6.0f + square * (1 / 120.0f + square * (-1 / 5040.0f +
                                                                       square * (1 / 362880.0f)))));
}

float turn_sine(float turns) {
    return turn_cosine(turns - 0.25f);
}

/* Abramowitz and Stegun, 4.4.49, for the eighth of the circle beside the x axis. */
float turn_towards(float x, float y) {
    float along = fabsf(x), across = fabsf(y);
    float longer = fmaxf(along, across), shorter = fminf(along, across);
    float slope = longer > 0 ? shorter / longer : 0, square = slope * slope;
    float turns =
        slope *
        (0.9998660f +
         square *
             (-0.3302995f + square * (0.1801410f + square * (-0.0851330f + square * 0.0208351f)))) /
        RADIANS;
    if (across > along)
        turns = 0.25f - turns;
    if (x < 0)
        turns = 0.5f - turns;
    return y < 0 ? -turns : turns;
}
