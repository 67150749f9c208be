/* The worlds that pictures can be taken of: each a set of classes that differ in form alone.
 * Colours, place, size, turn, tilt, light, background, what stands in front: all classes of a world
 * share one distribution of each. */
#ifndef RETUNE_GARDEN_WORLDS_H
#define RETUNE_GARDEN_WORLDS_H

#include "canvas.h"
#include "parts.h"

/* A class is drawn by a table of parts, or by a painter where a table cannot say it. */
struct picture_class {
    const char *name; /* of its folder */
    const struct part *parts;
    size_t part_count;
    void (*paint)(struct canvas *canvas, struct placement place,
                  const struct colour inks[INK_COUNT], retune_random *random);
};

struct class_group {
    const struct picture_class *classes;
    size_t count;
};

#define WORLD_GROUPS_MAX 4

struct world {
    const char *name, *summary;
    struct class_group groups[WORLD_GROUPS_MAX];
    float turn; /* things are turned by up to so many turns, either way */
};

/* "things": what a network is pretrained on. "flowers": what it has never seen. */
extern const struct world world_things, world_flowers;

/* NULL: no such world. */
const struct world *world_find(const char *name);

size_t world_class_count(const struct world *world);
const struct picture_class *world_class(const struct world *world, size_t index);

/* Takes one picture. The same world, class, number and seed give the same bytes on every machine,
 * and at another size the same scene. */
void world_picture(const struct world *world, size_t class_index, uint32_t number, uint32_t seed,
                   struct canvas *canvas);

#endif
