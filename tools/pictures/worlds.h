/* The worlds pictures can be taken of: each a set of classes that differ in form alone. Colours,
 * place, size, turn, background and clutter come from one distribution for all classes. */
#ifndef RETUNE_PICTURES_WORLDS_H
#define RETUNE_PICTURES_WORLDS_H

#include "canvas.h"

#include <stddef.h>

typedef void (*class_painter)(struct canvas *canvas, struct placement place, struct colour colour,
                              retune_random *random);

struct picture_class {
    const char *name; /* of its folder */
    class_painter paint;
};

struct world {
    const char *name, *summary;
    const struct picture_class *classes;
    size_t class_count;
    float turn; /* figures are turned by up to so many radians, either way */
};

extern const struct world world_shapes, world_garden;

/* NULL: no such world. */
const struct world *world_find(const char *name);

/* Takes one picture. The same world, class, number and seed give the same picture at every size,
 * grain aside. */
void world_picture(const struct world *world, size_t class_index, uint32_t number, uint32_t seed,
                   struct canvas *canvas);

#endif
