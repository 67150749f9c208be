/* Colours, and how they are drawn by lot.
 *
 * C leaves open in which order the arguments of a call and the members of an initialiser are worked
 * out. Pictures are the same everywhere because no call and no initialiser draws twice. */
#ifndef RETUNE_GARDEN_COLOUR_H
#define RETUNE_GARDEN_COLOUR_H

#include "base/random.h"

struct colour {
    float red, green, blue; /* 0..1 */
};

/* `share` of `over`, the rest of `under`. */
struct colour colour_blend(struct colour under, struct colour over, float share);

/* Multiplied by the factor, and kept within 0..1. */
struct colour colour_shaded(struct colour colour, float factor);

/* `hue` in turns (0 red, 1/3 green, 2/3 blue), the others 0..1. */
struct colour colour_of_hue(float hue, float saturation, float value);

/* Any colour of paint, from pastel to dark; then one that stands out against `other`, then one that
 * differs from `other` by up to `distance` in each channel. */
struct colour colour_any(retune_random *random);
struct colour colour_against(retune_random *random, struct colour other);
struct colour colour_near(retune_random *random, struct colour other, float distance);

/* Of leaves and grass. */
struct colour colour_green(retune_random *random);

/* Uniform in [low, high). */
float random_between(retune_random *random, float low, float high);

/* Uniform in low..high. */
int random_count(retune_random *random, int low, int high);

#endif
