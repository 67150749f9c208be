#include "worlds.h"

#include "figures.h"

#include <string.h>

#define TURN 6.2832f

const struct world *world_find(const char *name) {
    const struct world *const worlds[] = {&world_shapes, &world_garden};
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        if (strcmp(worlds[i]->name, name) == 0)
            return worlds[i];
    return NULL;
}

/* Blots and strokes in the background, which mean nothing. */
static void paint_clutter(struct canvas *canvas, struct colour background, retune_random *random) {
    float size = (float)canvas->size;
    uint64_t count = 2 + retune_random_below(random, 6);
    for (uint64_t i = 0; i < count; i++) {
        struct placement place = {
            size * retune_random_unit(random), size * retune_random_unit(random),
            size * random_between(random, 0.03f, 0.16f), random_between(random, 0, TURN)};
        struct colour colour = colour_near(random, background, 0.3f);
        float shape[2] = {random_between(random, 0.3f, 1.8f), random_between(random, 0.1f, 0.7f)};
        figure_distance distance =
            retune_random_below(random, 2) == 0 ? figure_box : figure_ellipse;
        canvas_paint(canvas, place, distance, shape, colour, random_between(random, 0.4f, 1));
    }
}

void world_picture(const struct world *world, size_t class_index, uint32_t number, uint32_t seed,
                   struct canvas *canvas) {
    uint64_t stream = (uint64_t)class_index << 32 | number;
    for (const char *letter = world->name; *letter; letter++)
        stream = stream * 31 + (unsigned char)*letter;
    retune_random random = retune_random_make(seed, stream);

    float size = (float)canvas->size;
    struct colour background = colour_any(&random);
    canvas_fill(canvas, background, colour_near(&random, background, 0.35f),
                random_between(&random, 0, TURN));
    paint_clutter(canvas, background, &random);
    struct placement place = {size * random_between(&random, 0.4f, 0.6f),
                              size * random_between(&random, 0.4f, 0.6f),
                              size * random_between(&random, 0.22f, 0.38f),
                              random_between(&random, -world->turn, world->turn)};
    world->classes[class_index].paint(canvas, place, colour_against(&random, background), &random);
    canvas_develop(canvas, random_between(&random, 0.01f, 0.06f), &random);
}
