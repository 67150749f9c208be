#include "canvas.h"

#include <math.h>

static float clamp(float value, float low, float high) {
    return value < low ? low : value > high ? high : value;
}

static struct colour blend(struct colour under, struct colour over, float share) {
    return (struct colour){under.red + (over.red - under.red) * share,
                           under.green + (over.green - under.green) * share,
                           under.blue + (over.blue - under.blue) * share};
}

struct placement placement_inside(struct placement whole, float x, float y, float scale,
                                  float angle) {
    float cosine = cosf(whole.angle), sine = sinf(whole.angle);
    return (struct placement){whole.x + whole.scale * (x * cosine - y * sine),
                              whole.y + whole.scale * (x * sine + y * cosine), whole.scale * scale,
                              whole.angle + angle};
}

void canvas_paint(struct canvas *canvas, struct placement place, figure_distance distance,
                  const float *shape, struct colour colour, float opacity) {
    float cosine = cosf(place.angle), sine = sinf(place.angle), reach = 2 * place.scale + 1;
    int last = canvas->size - 1;
    int left = (int)clamp(place.x - reach, 0, (float)last);
    int right = (int)clamp(place.x + reach, 0, (float)last);
    int top = (int)clamp(place.y - reach, 0, (float)last);
    int bottom = (int)clamp(place.y + reach, 0, (float)last);
    for (int row = top; row <= bottom; row++)
        for (int column = left; column <= right; column++) {
            float right_of = ((float)column + 0.5f - place.x) / place.scale;
            float below = ((float)row + 0.5f - place.y) / place.scale;
            float pixels_outside = place.scale * distance(right_of * cosine + below * sine,
                                                          below * cosine - right_of * sine, shape);
            float share = opacity * clamp(0.5f - pixels_outside, 0, 1);
            struct colour *pixel = &canvas->pixels[row * canvas->size + column];
            *pixel = blend(*pixel, colour, share);
        }
}

void canvas_fill(struct canvas *canvas, struct colour from, struct colour to, float angle) {
    float cosine = cosf(angle), sine = sinf(angle), size = (float)canvas->size;
    for (int row = 0; row < canvas->size; row++)
        for (int column = 0; column < canvas->size; column++) {
            float along =
                ((float)column / size - 0.5f) * cosine + ((float)row / size - 0.5f) * sine;
            canvas->pixels[row * canvas->size + column] =
                blend(from, to, clamp(0.5f + along, 0, 1));
        }
}

/* Close enough to a normal distribution: the sum of four uniform numbers. Deviation 1. */
static float grain_of(retune_random *random) {
    float sum = 0;
    for (int i = 0; i < 4; i++)
        sum += retune_random_unit(random);
    return (sum - 2) * 1.732f;
}

void canvas_develop(struct canvas *canvas, float grain, retune_random *random) {
    float angle = random_between(random, 0, 6.2832f), strength = random_between(random, 0, 0.35f);
    float cosine = cosf(angle), sine = sinf(angle), size = (float)canvas->size;
    for (int row = 0; row < canvas->size; row++)
        for (int column = 0; column < canvas->size; column++) {
            float along =
                ((float)column / size - 0.5f) * cosine + ((float)row / size - 0.5f) * sine;
            float light = 1 + strength * along;
            struct colour *pixel = &canvas->pixels[row * canvas->size + column];
            pixel->red = clamp(pixel->red * light + grain * grain_of(random), 0, 1);
            pixel->green = clamp(pixel->green * light + grain * grain_of(random), 0, 1);
            pixel->blue = clamp(pixel->blue * light + grain * grain_of(random), 0, 1);
        }
}

float random_between(retune_random *random, float low, float high) {
    return low + (high - low) * retune_random_unit(random);
}

struct colour colour_any(retune_random *random) {
    float red = retune_random_unit(random), green = retune_random_unit(random);
    return (struct colour){red, green, retune_random_unit(random)};
}

struct colour colour_against(retune_random *random, struct colour other) {
    for (;;) {
        struct colour colour = colour_any(random);
        float red = colour.red - other.red, green = colour.green - other.green;
        float blue = colour.blue - other.blue;
        if (red * red + green * green + blue * blue > 0.3f)
            return colour;
    }
}

struct colour colour_near(retune_random *random, struct colour other, float distance) {
    float red = clamp(other.red + random_between(random, -distance, distance), 0, 1);
    float green = clamp(other.green + random_between(random, -distance, distance), 0, 1);
    float blue = clamp(other.blue + random_between(random, -distance, distance), 0, 1);
    return (struct colour){red, green, blue};
}

struct colour colour_shaded(struct colour colour, float factor) {
    colour.red = clamp(colour.red * factor, 0, 1);
    colour.green = clamp(colour.green * factor, 0, 1);
    colour.blue = clamp(colour.blue * factor, 0, 1);
    return colour;
}
