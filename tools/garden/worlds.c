#include "worlds.h"

#include "things.h"

#include <string.h>

const struct world world_things = {"things",
                                   "figures, textures, creatures and objects",
                                   {{things_figures, THINGS_FIGURES},
                                    {things_textures, THINGS_TEXTURES},
                                    {things_creatures, THINGS_CREATURES},
                                    {things_objects, THINGS_OBJECTS}},
                                   0.12f};

const struct world *world_find(const char *name) {
    const struct world *const worlds[] = {&world_things, &world_flowers};
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        if (strcmp(worlds[i]->name, name) == 0)
            return worlds[i];
    return NULL;
}

size_t world_class_count(const struct world *world) {
    size_t count = 0;
    for (size_t g = 0; g < WORLD_GROUPS_MAX; g++)
        count += world->groups[g].count;
    return count;
}

const struct picture_class *world_class(const struct world *world, size_t index) {
    size_t g = 0;
    for (; index >= world->groups[g].count; g++)
        index -= world->groups[g].count;
    return &world->groups[g].classes[index];
}

/* One of the forms that stand around and mean nothing, in units of the picture's side. */
static void paint_blot(struct canvas *canvas, struct colour colour, float width, float height,
                       retune_random *random) {
    static const figure_distance forms[] = {figure_disc, figure_lens, figure_box, figure_disc};
    float size = (float)canvas->size;
    float x = random_between(random, -0.05f, 1.05f), y = random_between(random, -0.05f, 1.05f);
    float turn = retune_random_unit(random), opacity = random_between(random, 0.4f, 1);
    float rim = random_between(random, 0, 0.3f), glow = random_between(random, 0, 0.4f);
    canvas_paint(canvas, placement_make(size * x, size * y, size * width, size * height, turn),
                 forms[retune_random_below(random, 4)], NULL,
                 (struct ink){colour, opacity, rim, glow});
}

/* Colours that drift, blots out of focus, then a few sharp ones. */
static struct colour paint_background(struct canvas *canvas, retune_random *random) {
    struct colour base = retune_random_below(random, 2) ? colour_green(random) : colour_any(random);
    float turn = retune_random_unit(random);
    canvas_fill(canvas, base, colour_near(random, base, 0.35f), turn);
    for (int i = random_count(random, 3, 12); i > 0; i--) {
        float width = random_between(random, 0.03f, 0.22f);
        float height = width * random_between(random, 0.4f, 2);
        paint_blot(canvas, colour_near(random, base, 0.3f), width, height, random);
    }
    for (int i = random_count(random, 0, 4) * canvas->size / 96; i > 0; i--)
        canvas_soften(canvas);
    for (int i = random_count(random, 0, 4); i > 0; i--) {
        float width = random_between(random, 0.01f, 0.06f);
        float height = width * random_between(random, 1, 5);
        paint_blot(canvas, colour_near(random, base, 0.25f), width, height, random);
    }
    return base;
}

/* Up to three stalks or leaves that hide a part of what is behind them. */
static void paint_foreground(struct canvas *canvas, struct colour background,
                             retune_random *random) {
    for (int i = random_count(random, 0, 3); i > 0; i--) {
        float height = random_between(random, 0.15f, 0.4f);
        float width = random_between(random, 0.01f, 0.05f);
        paint_blot(canvas, colour_near(random, background, 0.3f), width, height, random);
    }
}

/* In the middle or beside it, seen from the front or from an angle. */
static struct placement place_thing(const struct world *world, const struct canvas *canvas,
                                    retune_random *random) {
    float size = (float)canvas->size, scale = size * random_between(random, 0.22f, 0.4f);
    float x = size * random_between(random, 0.38f, 0.62f);
    float y = size * random_between(random, 0.38f, 0.62f);
    float axis = retune_random_unit(random), tilt = random_between(random, 0.65f, 1);
    struct placement plane = placement_make(x, y, scale, scale * tilt, axis);
    return placement_inside(plane, 0, 0, 1, 1,
                            random_between(random, -world->turn, world->turn) - axis);
}

void world_picture(const struct world *world, size_t class_index, uint32_t number, uint32_t seed,
                   struct canvas *canvas) {
    uint64_t stream = (uint64_t)class_index << 32 | number;
    for (const char *letter = world->name; *letter; letter++)
        stream = stream * 31 + (unsigned char)*letter;
    retune_random random = retune_random_make(seed, stream);
    const struct picture_class *class = world_class(world, class_index);

    canvas->light_turn = retune_random_unit(&random);
    struct colour background = paint_background(canvas, &random);
    struct colour inks[INK_COUNT], white = {1, 1, 1};
    inks[MAIN] = colour_against(&random, background);
    inks[SECOND] = colour_against(&random, inks[MAIN]);
    inks[DARK] = colour_shaded(inks[MAIN], 0.5f);
    inks[LIGHT] = colour_blend(inks[MAIN], white, 0.75f);
    struct placement place = place_thing(world, canvas, &random);
    if (class->paint)
        class->paint(canvas, place, inks, &random);
    else
        parts_paint(canvas, place, class->parts, class->part_count, inks, &random);
    paint_foreground(canvas, background, &random);
    if (retune_random_below(&random, 4) == 0)
        canvas_soften(canvas);
    canvas_develop(canvas, random_between(&random, 0.01f, 0.07f), &random);
}
