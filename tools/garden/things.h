/* The classes of the world "things", a file for each kind. */
#ifndef RETUNE_GARDEN_THINGS_H
#define RETUNE_GARDEN_THINGS_H

#include "figures.h"
#include "worlds.h"

/* A class whose table of parts has its name. */
#define THING(name)                                                                                \
    { #name, name, sizeof name / sizeof *name, NULL }

#define THINGS_FIGURES   13
#define THINGS_TEXTURES  10
#define THINGS_CREATURES 14
#define THINGS_OBJECTS   20
extern const struct picture_class things_figures[THINGS_FIGURES], things_textures[THINGS_TEXTURES],
    things_creatures[THINGS_CREATURES], things_objects[THINGS_OBJECTS];

#endif
