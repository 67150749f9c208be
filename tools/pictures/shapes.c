/* The world "shapes": eight plain figures. */
#include "figures.h"
#include "worlds.h"

static void paint_circle(struct canvas *canvas, struct placement place, struct colour colour,
                         retune_random *random) {
    float radius = random_between(random, 0.8f, 1);
    canvas_paint(canvas, place, figure_disc, &radius, colour, 1);
}

static void paint_crescent(struct canvas *canvas, struct placement place, struct colour colour,
                           retune_random *random) {
    float bite = random_between(random, 0.55f, 0.8f);
    canvas_paint(canvas, place, figure_crescent, &bite, colour, 1);
}

static void paint_cross(struct canvas *canvas, struct placement place, struct colour colour,
                        retune_random *random) {
    float half_width = random_between(random, 0.2f, 0.4f);
    canvas_paint(canvas, place, figure_cross, &half_width, colour, 1);
}

static void paint_heart(struct canvas *canvas, struct placement place, struct colour colour,
                        retune_random *random) {
    (void)random;
    canvas_paint(canvas, place, figure_heart, NULL, colour, 1);
}

static void paint_ring(struct canvas *canvas, struct placement place, struct colour colour,
                       retune_random *random) {
    float shape[2] = {0.8f, random_between(random, 0.1f, 0.25f)};
    canvas_paint(canvas, place, figure_ring, shape, colour, 1);
}

static void paint_square(struct canvas *canvas, struct placement place, struct colour colour,
                         retune_random *random) {
    float corners = 4;
    place.scale *= random_between(random, 1, 1.2f);
    canvas_paint(canvas, place, figure_polygon, &corners, colour, 1);
}

static void paint_star(struct canvas *canvas, struct placement place, struct colour colour,
                       retune_random *random) {
    float shape[2] = {(float)(5 + retune_random_below(random, 3)),
                      random_between(random, 0.35f, 0.55f)};
    place.scale *= 1.15f;
    canvas_paint(canvas, place, figure_star, shape, colour, 1);
}

static void paint_triangle(struct canvas *canvas, struct placement place, struct colour colour,
                           retune_random *random) {
    float corners = 3;
    place.scale *= random_between(random, 1, 1.3f);
    canvas_paint(canvas, place, figure_polygon, &corners, colour, 1);
}

static const struct picture_class classes[] = {
    {"circle", paint_circle}, {"crescent", paint_crescent}, {"cross", paint_cross},
    {"heart", paint_heart},   {"ring", paint_ring},         {"square", paint_square},
    {"star", paint_star},     {"triangle", paint_triangle},
};

const struct world world_shapes = {"shapes", "eight plain figures", classes,
                                   sizeof classes / sizeof *classes, 3.1416f};
