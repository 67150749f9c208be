#include "canvas.h"

#include "angle.h"

#include <math.h>

#define RIM_WIDTH 0.35f /* in units of the figure */

static float clamp(float value, float low, float high) {
    return value < low ? low : value > high ? high : value;
}

struct placement placement_make(float x, float y, float width, float height, float turn) {
    float cosine = turn_cosine(turn), sine = turn_sine(turn);
    return (struct placement){x, y, width * cosine, -height * sine, width * sine, height * cosine};
}

struct placement placement_inside(struct placement whole, float x, float y, float width,
                                  float height, float turn) {
    struct placement part = placement_make(x, y, width, height, turn);
    return (struct placement){
        whole.x + whole.xx * x + whole.xy * y,   whole.y + whole.yx * x + whole.yy * y,
        whole.xx * part.xx + whole.xy * part.yx, whole.xx * part.xy + whole.xy * part.yy,
        whole.yx * part.xx + whole.yy * part.yx, whole.yx * part.xy + whole.yy * part.yy};
}

/* The pixels first..last of a row or column that a figure can touch. */
static int first_pixel(const struct canvas *canvas, float centre, float reach) {
    return (int)clamp(centre - reach, 0, (float)canvas->size);
}

static int last_pixel(const struct canvas *canvas, float centre, float reach) {
    return (int)clamp(centre + reach, -1, (float)(canvas->size - 1));
}

void canvas_paint(struct canvas *canvas, struct placement place, figure_distance distance,
                  const float *shape, struct ink ink) {
    float area = place.xx * place.yy - place.xy * place.yx;
    float unit = sqrtf(fabsf(area)); /* pixels */
    if (!(unit > 0))
        return;
    float reach_x = FIGURE_REACH * (fabsf(place.xx) + fabsf(place.xy)) + 1;
    float reach_y = FIGURE_REACH * (fabsf(place.yx) + fabsf(place.yy)) + 1;
    float light_x = turn_cosine(canvas->light_turn) / (reach_x + reach_y);
    float light_y = turn_sine(canvas->light_turn) / (reach_x + reach_y);
    int right = last_pixel(canvas, place.x, reach_x), bottom = last_pixel(canvas, place.y, reach_y);
    for (int row = first_pixel(canvas, place.y, reach_y); row <= bottom; row++)
        for (int column = first_pixel(canvas, place.x, reach_x); column <= right; column++) {
            float x = (float)column + 0.5f - place.x, y = (float)row + 0.5f - place.y;
            float outside = distance((place.yy * x - place.xy * y) / area,
                                     (place.xx * y - place.yx * x) / area, shape);
            float share = ink.opacity * clamp(0.5f - unit * outside, 0, 1);
            if (share <= 0)
                continue;
            float factor = 1 + 2 * ink.glow * (x * light_x + y * light_y) -
                           ink.rim * clamp(1 + outside / RIM_WIDTH, 0, 1);
            struct colour *pixel = &canvas->pixels[row * canvas->size + column];
            *pixel = colour_blend(*pixel, colour_shaded(ink.colour, factor), share);
        }
}

/* How far a pixel lies in a direction: -0.7 .. 0.7, 0 in the middle. */
static float along(const struct canvas *canvas, int column, int row, float cosine, float sine) {
    float size = (float)canvas->size;
    return ((float)column / size - 0.5f) * cosine + ((float)row / size - 0.5f) * sine;
}

void canvas_fill(struct canvas *canvas, struct colour from, struct colour to, float turn) {
    float cosine = turn_cosine(turn), sine = turn_sine(turn);
    for (int row = 0; row < canvas->size; row++)
        for (int column = 0; column < canvas->size; column++)
            canvas->pixels[row * canvas->size + column] = colour_blend(
                from, to, clamp(0.5f + along(canvas, column, row, cosine, sine), 0, 1));
}

static struct colour mean_of_three(struct colour a, struct colour b, struct colour c) {
    return (struct colour){(a.red + b.red + c.red) / 3, (a.green + b.green + c.green) / 3,
                           (a.blue + b.blue + c.blue) / 3};
}

/* A line of pixels, `stride` apart; the ends count double. */
static void soften_line(struct colour *line, int count, int stride) {
    struct colour before = line[0];
    for (int i = 0; i < count; i++) {
        struct colour here = line[i * stride];
        struct colour after = i + 1 < count ? line[(i + 1) * stride] : here;
        line[i * stride] = mean_of_three(before, here, after);
        before = here;
    }
}

void canvas_soften(struct canvas *canvas) {
    for (int i = 0; i < canvas->size; i++)
        soften_line(canvas->pixels + i * canvas->size, canvas->size, 1);
    for (int i = 0; i < canvas->size; i++)
        soften_line(canvas->pixels + i, canvas->size, canvas->size);
}

/* Close enough to a normal distribution: the sum of four uniform numbers. Deviation 1. */
static float grain_of(retune_random *random) {
    float sum = 0;
    for (int i = 0; i < 4; i++)
        sum += retune_random_unit(random);
    return (sum - 2) * 1.732f;
}

void canvas_develop(struct canvas *canvas, float grain, retune_random *random) {
    float turn = retune_random_unit(random), strength = random_between(random, 0, 0.5f);
    float exposure = random_between(random, 0.75f, 1.2f);
    float cosine = turn_cosine(turn), sine = turn_sine(turn);
    for (int row = 0; row < canvas->size; row++)
        for (int column = 0; column < canvas->size; column++) {
            float light = exposure * (1 + strength * along(canvas, column, row, cosine, sine));
            struct colour *pixel = &canvas->pixels[row * canvas->size + column];
            pixel->red = clamp(pixel->red * light + grain * grain_of(random), 0, 1);
            pixel->green = clamp(pixel->green * light + grain * grain_of(random), 0, 1);
            pixel->blue = clamp(pixel->blue * light + grain * grain_of(random), 0, 1);
        }
}
