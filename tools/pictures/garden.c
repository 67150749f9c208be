/* The world "garden": five drawn flowers, told apart by how their petals stand. */
#include "figures.h"
#include "worlds.h"

/* A stem that runs down from the flower, and a leaf or two. */
static void paint_stem(struct canvas *canvas, struct placement place, retune_random *random) {
    struct colour green = {random_between(random, 0.1f, 0.4f), random_between(random, 0.35f, 0.7f),
                           random_between(random, 0.1f, 0.3f)};
    float stem[2] = {random_between(random, 0.05f, 0.09f), 1};
    canvas_paint(canvas, placement_inside(place, 0, 1, 1, 0), figure_box, stem, green, 1);
    for (uint64_t i = 1 + retune_random_below(random, 2); i > 0; i--) {
        float width = random_between(random, 0.2f, 0.4f), side = i == 1 ? 1.0f : -1.0f;
        struct placement leaf = placement_inside(place, 0, random_between(random, 1.2f, 1.7f),
                                                 random_between(random, 0.6f, 1),
                                                 side * random_between(random, 1.8f, 2.4f));
        canvas_paint(canvas, leaf, figure_leaf, &width, colour_shaded(green, 0.85f), 1);
    }
}

static void paint_daisy(struct canvas *canvas, struct placement place, struct colour colour,
                        retune_random *random) {
    paint_stem(canvas, place, random);
    float petals[4] = {(float)(11 + retune_random_below(random, 6)), 0.09f, 0.15f, 1};
    float heart = random_between(random, 0.2f, 0.28f);
    canvas_paint(canvas, place, figure_petals, petals, colour, 1);
    canvas_paint(canvas, place, figure_disc, &heart, colour_against(random, colour), 1);
}

/* A ball of seeds: fine rays, each with a tuft at its end. */
static void paint_dandelion(struct canvas *canvas, struct placement place, struct colour colour,
                            retune_random *random) {
    paint_stem(canvas, place, random);
    float ball = 1, tuft = 0.07f, ray[2] = {0.015f, 0.45f};
    canvas_paint(canvas, place, figure_disc, &ball, colour, 0.25f);
    for (int i = 0; i < 46; i++) {
        float angle = 2.39996f * (float)i; /* the golden angle spreads them evenly */
        float length = random_between(random, 0.6f, 1);
        struct placement seed = placement_inside(place, 0, 0, length, angle);
        canvas_paint(canvas, placement_inside(seed, 0, 0.45f, 1, 0), figure_box, ray, colour, 0.7f);
        canvas_paint(canvas, placement_inside(seed, 0, 0.95f, 1, 0), figure_disc, &tuft, colour, 1);
    }
}

/* Broad petals, layer upon layer, each smaller and turned. */
static void paint_rose(struct canvas *canvas, struct placement place, struct colour colour,
                       retune_random *random) {
    paint_stem(canvas, place, random);
    float petals[4] = {5, 0.5f, -0.1f, 0.95f};
    float step = random_between(random, 0.5f, 0.8f);
    for (int layer = 0; layer < 5; layer++) {
        float scale = 1 - 0.19f * (float)layer;
        float shade = layer % 2 == 0 ? 1 : random_between(random, 0.6f, 0.75f);
        canvas_paint(canvas, placement_inside(place, 0, 0, scale, step * (float)layer),
                     figure_petals, petals, colour_shaded(colour, shade), 1);
    }
}

/* A large disc of seeds with a double wreath of pointed petals. */
static void paint_sunflower(struct canvas *canvas, struct placement place, struct colour colour,
                            retune_random *random) {
    paint_stem(canvas, place, random);
    float count = (float)(13 + retune_random_below(random, 6)), wreath[2] = {count, 0.62f};
    float disc = random_between(random, 0.52f, 0.6f), seed = 0.035f;
    struct colour middle = colour_against(random, colour);
    canvas_paint(canvas, placement_inside(place, 0, 0, 1.05f, 3.1416f / count), figure_star, wreath,
                 colour_shaded(colour, 0.7f), 1);
    canvas_paint(canvas, place, figure_star, wreath, colour, 1);
    canvas_paint(canvas, place, figure_disc, &disc, middle, 1);
    for (int i = 1; i < 40; i++) {
        struct placement spiral = placement_inside(place, 0, 0, 1, 2.39996f * (float)i);
        float radius = (disc - 0.06f) * (float)i / 40;
        canvas_paint(canvas, placement_inside(spiral, radius, 0, 1, 0), figure_disc, &seed,
                     colour_shaded(middle, 0.6f), 1);
    }
}

static void paint_tulip(struct canvas *canvas, struct placement place, struct colour colour,
                        retune_random *random) {
    paint_stem(canvas, place, random);
    float depth = random_between(random, 0.75f, 0.95f), petal[2] = {0.24f, 0.72f};
    canvas_paint(canvas, place, figure_cup, &depth, colour_shaded(colour, 0.75f), 1);
    canvas_paint(canvas, placement_inside(place, 0, 0.08f, 1, 0), figure_ellipse, petal, colour, 1);
}

static const struct picture_class classes[] = {
    {"daisy", paint_daisy},         {"dandelion", paint_dandelion}, {"rose", paint_rose},
    {"sunflower", paint_sunflower}, {"tulip", paint_tulip},
};

const struct world world_garden = {"garden", "five drawn flowers", classes,
                                   sizeof classes / sizeof *classes, 0.6f};
