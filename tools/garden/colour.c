#include "colour.h"

#include <math.h>

static float unit_clamp(float value) {
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

float random_between(retune_random *random, float low, float high) {
    return low + (high - low) * retune_random_unit(random);
}

int random_count(retune_random *random, int low, int high) {
    return low + (int)retune_random_below(random, (uint64_t)(high - low + 1));
}

struct colour colour_blend(struct colour under, struct colour over, float share) {
    return (struct colour){under.red + (over.red - under.red) * share,
                           under.green + (over.green - under.green) * share,
                           under.blue + (over.blue - under.blue) * share};
}

struct colour colour_shaded(struct colour colour, float factor) {
    return (struct colour){unit_clamp(colour.red * factor), unit_clamp(colour.green * factor),
                           unit_clamp(colour.blue * factor)};
}

/* How much of a primary colour there is in a hue that is so far from it. */
static float primary(float away) {
    return unit_clamp(2 - 6 * fabsf(away - roundf(away)));
}

struct colour colour_of_hue(float hue, float saturation, float value) {
    struct colour pure = {primary(hue), primary(hue - 1 / 3.0f), primary(hue - 2 / 3.0f)};
    struct colour white = {1, 1, 1};
    return colour_shaded(colour_blend(white, pure, saturation), value);
}

struct colour colour_any(retune_random *random) {
    float hue = retune_random_unit(random), saturation = random_between(random, 0.1f, 1);
    return colour_of_hue(hue, saturation, random_between(random, 0.15f, 1));
}

struct colour colour_against(retune_random *random, struct colour other) {
    for (;;) {
        struct colour colour = colour_any(random);
        float red = colour.red - other.red, green = colour.green - other.green;
        float blue = colour.blue - other.blue;
        if (red * red + green * green + blue * blue > 0.25f)
            return colour;
    }
}

struct colour colour_near(retune_random *random, struct colour other, float distance) {
    float red = unit_clamp(other.red + random_between(random, -distance, distance));
    float green = unit_clamp(other.green + random_between(random, -distance, distance));
    float blue = unit_clamp(other.blue + random_between(random, -distance, distance));
    return (struct colour){red, green, blue};
}

struct colour colour_green(retune_random *random) {
    float hue = random_between(random, 0.22f, 0.38f),
          saturation = random_between(random, 0.4f, 0.8f);
    return colour_of_hue(hue, saturation, random_between(random, 0.25f, 0.7f));
}
