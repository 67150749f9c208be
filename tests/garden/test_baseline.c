/* The five flowers are hard: neither pixels nor colours alone tell them apart. A classifier that
 * sees what it should not need (here: which petals) must be far better, or the test would say
 * nothing; that is what the garden's job shows. */
#include "linear.h"
#include "worlds.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { TRAIN = 240, TEST = 60, SIDE = 32, SIZE = 96, COLOUR_STEPS = 4 };

/* Adds what a picture looks like to a row of zeros. */
typedef void (*describer)(const struct canvas *canvas, float *row);

/* Means over cells of 3 x 3 pixels: the picture as 32 x 32 RGB. */
static void describe_pixels(const struct canvas *canvas, float *row) {
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++) {
            const struct colour *pixel = &canvas->pixels[y * SIZE + x];
            float *cell = row + 3 * (y / 3 * SIDE + x / 3);
            cell[0] += pixel->red / 9;
            cell[1] += pixel->green / 9;
            cell[2] += pixel->blue / 9;
        }
}

static int colour_step(float share) {
    int step = (int)(share * COLOUR_STEPS);
    return step < COLOUR_STEPS ? step : COLOUR_STEPS - 1;
}

/* How often each of 64 colours comes. */
static void describe_colours(const struct canvas *canvas, float *row) {
    for (int i = 0; i < SIZE * SIZE; i++) {
        const struct colour *pixel = &canvas->pixels[i];
        int red = colour_step(pixel->red), green = colour_step(pixel->green);
        row[(red * COLOUR_STEPS + green) * COLOUR_STEPS + colour_step(pixel->blue)] += 1;
    }
}

static struct samples take_samples(describer describe, size_t width, uint32_t first,
                                   uint32_t count) {
    int classes = (int)world_class_count(&world_flowers);
    struct samples samples = {.count = (size_t)classes * count, .width = width, .classes = classes};
    samples.rows = calloc(samples.count * width, sizeof(float));
    samples.labels = calloc(samples.count, sizeof(int));
    struct canvas canvas = {SIZE, calloc(SIZE * SIZE, sizeof *canvas.pixels), 0};
    for (size_t i = 0; i < samples.count; i++) {
        samples.labels[i] = (int)(i % (size_t)classes);
        world_picture(&world_flowers, i % (size_t)classes, first + (uint32_t)(i / (size_t)classes),
                      1, &canvas);
        describe(&canvas, samples.rows + i * width);
    }
    free(canvas.pixels);
    return samples;
}

static void expect_hard(const char *what, describer describe, size_t width) {
    struct samples train = take_samples(describe, width, 0, TRAIN);
    struct samples test = take_samples(describe, width, TRAIN, TEST);
    double best = linear_best_accuracy(&train, &test, 150);
    cr_log_info("a linear classifier on %s: %.1f %%", what, 100 * best);
    cr_expect(best < 0.5, "%s: %g", what, best);
    cr_expect(best > 0.15, "%s: %g: the classifier does not work", what, best);
    free(train.rows), free(train.labels), free(test.rows), free(test.labels);
}

Test(garden_baseline, pixels) {
    expect_hard("32 x 32 RGB pixels", describe_pixels, 3 * SIDE * SIDE);
}

Test(garden_baseline, colours) {
    expect_hard("a histogram of 64 colours", describe_colours,
                COLOUR_STEPS * COLOUR_STEPS * COLOUR_STEPS);
}

/* The classifier learns what a line can separate. */
Test(garden_baseline, the_classifier_learns) {
    enum { COUNT = 300 };
    struct samples sets[2];
    for (int s = 0; s < 2; s++) {
        sets[s] = (struct samples){calloc(3 * COUNT, sizeof(float)), calloc(COUNT, sizeof(int)),
                                   COUNT, 3, 3};
        retune_random random = retune_random_make(1, (uint64_t)s);
        for (int i = 0; i < COUNT; i++) {
            sets[s].labels[i] = i % 3;
            for (int j = 0; j < 3; j++)
                sets[s].rows[3 * i + j] = retune_random_unit(&random) + (j == i % 3 ? 1.5f : 0.0f);
        }
    }
    double best = linear_best_accuracy(&sets[0], &sets[1], 150);
    cr_expect(best > 0.95, "%g", best);
    for (int s = 0; s < 2; s++)
        free(sets[s].rows), free(sets[s].labels);
}
