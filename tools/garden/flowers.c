/* The world "flowers": five kinds, told apart by how many petals they have, of which form, and how
 * these stand. What colour a petal or a heart has says nothing about the kind. */
#include "figures.h"
#include "worlds.h"

#include "angle.h"

#define GOLDEN_TURN 0.381966f /* spreads any number of things evenly */

/* What all flowers of a picture share. */
struct bloom {
    struct canvas *canvas;
    struct placement place; /* one unit is the flower's radius */
    struct ink petal, heart;
    retune_random *random;
};

static struct ink shaded(struct ink ink, float factor) {
    ink.colour = colour_shaded(ink.colour, factor);
    return ink;
}

/* `count` petals around the heart, as long as from `from` to `to`, each over the one before. */
static void paint_petals(const struct bloom *bloom, int count, float from, float to, float width,
                         float twist, float start, figure_distance figure, struct ink ink) {
    float middle = (from + to) / 2, half = (to - from) / 2;
    for (int i = 0; i < count; i++) {
        float turn =
            start + ((float)i + random_between(bloom->random, -0.06f, 0.06f)) / (float)count;
        float size = random_between(bloom->random, 0.92f, 1.05f);
        struct placement sector = placement_inside(bloom->place, 0, 0, size, size, turn);
        canvas_paint(bloom->canvas, placement_inside(sector, 0, -middle, width, half, twist),
                     figure, NULL, shaded(ink, random_between(bloom->random, 0.85f, 1.05f)));
    }
}

/* Dots on a disc, as seeds lie. */
static void paint_seeds(const struct bloom *bloom, int count, float radius, float dot,
                        struct ink ink) {
    for (int i = 0; i < count; i++) {
        struct placement spoke = placement_inside(bloom->place, 0, 0, 1, 1, GOLDEN_TURN * (float)i);
        float away = radius * ((float)i + 0.5f) / (float)count;
        canvas_paint(bloom->canvas, placement_inside(spoke, 0, -away, dot, dot, 0), figure_disc,
                     NULL, ink);
    }
}

static void paint_disc(const struct bloom *bloom, float radius, struct ink ink) {
    canvas_paint(bloom->canvas, placement_inside(bloom->place, 0, 0, radius, radius, 0),
                 figure_disc, NULL, ink);
}

/* A stem that leaves the picture at the bottom, and up to two leaves. */
static void paint_stem(const struct bloom *bloom) {
    struct canvas *canvas = bloom->canvas;
    float size = (float)canvas->size, slope = random_between(bloom->random, -0.06f, 0.06f);
    float width = size * random_between(bloom->random, 0.008f, 0.02f);
    struct ink green = {colour_green(bloom->random), 1, 0.3f, 0.3f};
    struct placement stem = placement_make(bloom->place.x, bloom->place.y, width, size, slope);
    canvas_paint(canvas, placement_inside(stem, 0, 1, 1, 1, 0), figure_box, NULL, green);
    for (int i = random_count(bloom->random, 0, 2); i > 0; i--) {
        float below = size * random_between(bloom->random, 0.25f, 0.45f);
        float length = size * random_between(bloom->random, 0.1f, 0.2f);
        float turn = random_between(bloom->random, 0.1f, 0.2f);
        float breadth = length * random_between(bloom->random, 0.2f, 0.4f);
        struct placement leaf =
            placement_make(bloom->place.x - slope * 6 * below, bloom->place.y + below, breadth,
                           length, i == 1 ? turn : -turn);
        canvas_paint(canvas, placement_inside(leaf, 0, -1, 1, 1, 0), figure_lens, NULL,
                     shaded(green, 0.85f));
    }
}

/* What a painter begins with: a stem, and inks for what stands on it. */
static struct bloom plant(struct canvas *canvas, struct placement place,
                          const struct colour inks[INK_COUNT], retune_random *random) {
    float rim = random_between(random, 0.15f, 0.4f), glow = random_between(random, 0.1f, 0.4f);
    struct bloom bloom = {
        canvas, place, {inks[MAIN], 1, rim, glow}, {inks[SECOND], 1, rim, glow}, random};
    paint_stem(&bloom);
    return bloom;
}

/* Many narrow petals around a broad heart. */
static void paint_daisy(struct canvas *canvas, struct placement place,
                        const struct colour inks[INK_COUNT], retune_random *random) {
    const struct bloom bloom = plant(canvas, place, inks, random);
    int count = random_count(random, 12, 18);
    float heart = random_between(random, 0.24f, 0.34f);
    paint_petals(&bloom, count, 0.15f, 1, 1.9f / (float)count, 0, 0, figure_disc, bloom.petal);
    paint_disc(&bloom, heart, bloom.heart);
    paint_seeds(&bloom, 24, heart * 0.95f, 0.03f, shaded(bloom.heart, 0.7f));
}

/* Six pointed petals with a rib each, and long stamens. */
static void paint_lily(struct canvas *canvas, struct placement place,
                       const struct colour inks[INK_COUNT], retune_random *random) {
    const struct bloom bloom = plant(canvas, place, inks, random);
    paint_petals(&bloom, 3, -0.05f, 1.1f, 0.27f, 0, 0.16667f, figure_lens,
                 shaded(bloom.petal, 0.85f));
    paint_petals(&bloom, 3, -0.05f, 1.1f, 0.27f, 0, 0, figure_lens, bloom.petal);
    paint_petals(&bloom, 6, 0.1f, 0.9f, 0.025f, 0, 0, figure_lens, shaded(bloom.petal, 0.6f));
    paint_petals(&bloom, 6, 0, 0.5f, 0.02f, 0, 0.08333f, figure_box, bloom.heart);
    paint_petals(&bloom, 6, 0.44f, 0.58f, 0.06f, 0.2f, 0.08333f, figure_disc, bloom.heart);
}

/* Four petals, broader than long, and a small heart in a wreath of stamens. */
static void paint_poppy(struct canvas *canvas, struct placement place,
                        const struct colour inks[INK_COUNT], retune_random *random) {
    const struct bloom bloom = plant(canvas, place, inks, random);
    paint_petals(&bloom, 2, -0.05f, 0.98f, 0.68f, 0, 0.25f, figure_disc,
                 shaded(bloom.petal, 0.85f));
    paint_petals(&bloom, 2, -0.05f, 0.98f, 0.68f, 0, 0, figure_disc, bloom.petal);
    paint_petals(&bloom, random_count(random, 12, 16), 0.24f, 0.34f, 0.035f, 0, 0, figure_disc,
                 shaded(bloom.heart, 0.7f));
    paint_disc(&bloom, 0.16f, bloom.heart);
}

/* Layer upon layer of round petals, each smaller and turned, without a heart. */
static void paint_rose(struct canvas *canvas, struct placement place,
                       const struct colour inks[INK_COUNT], retune_random *random) {
    const struct bloom bloom = plant(canvas, place, inks, random);
    float turn = retune_random_unit(random);
    for (int layer = 0; layer < 5; layer++) {
        float radius = 1 - 0.2f * (float)layer;
        paint_petals(&bloom, layer < 2 ? 5 : 4, 0.1f * radius, radius, 0.56f * radius, 0,
                     turn + 0.13f * (float)layer, figure_disc,
                     shaded(bloom.petal, layer % 2 ? 0.72f : 1));
    }
}

/* Five petals, each twisted like the blades of a propeller, around a small star. */
static void paint_periwinkle(struct canvas *canvas, struct placement place,
                             const struct colour inks[INK_COUNT], retune_random *random) {
    const struct bloom bloom = plant(canvas, place, inks, random);
    float hand = 0.09f, star[2] = {5, 0.5f};
    paint_petals(&bloom, 5, 0.02f, 1, 0.3f, hand, 0, figure_drop, shaded(bloom.petal, 0.95f));
    paint_petals(&bloom, 5, 0.2f, 0.98f, 0.34f, hand * 2, 0.03f, figure_heart, bloom.petal);
    canvas_paint(canvas, placement_inside(place, 0, 0, 0.2f, 0.2f, 0), figure_star, star,
                 bloom.heart);
}

static const struct picture_class classes[] = {
    {"daisy", NULL, 0, paint_daisy},
    {"lily", NULL, 0, paint_lily},
    {"periwinkle", NULL, 0, paint_periwinkle},
    {"poppy", NULL, 0, paint_poppy},
    {"rose", NULL, 0, paint_rose},
};

const struct world world_flowers = {
    "flowers", "five flowers", {{classes, sizeof classes / sizeof *classes}}, 0.5f};
