/* A square picture in memory and what is painted on it: figures given as distances to their edge.
 */
#ifndef RETUNE_PICTURES_CANVAS_H
#define RETUNE_PICTURES_CANVAS_H

#include "base/random.h"

struct colour {
    float red, green, blue; /* 0..1 */
};

struct canvas {
    int size;              /* pixels along a side */
    struct colour *pixels; /* rows from the top */
};

/* Where a figure lies: the point of the canvas that is its origin, pixels a unit, and by how much
 * it is turned (radians, clockwise). */
struct placement {
    float x, y, scale, angle;
};

/* Distance of a point to the edge of a figure, in the figure's own units; negative inside. Figures
 * lie within two units of their origin. `shape` is what the figure depends on. */
typedef float (*figure_distance)(float x, float y, const float *shape);

/* A part's placement from that of the whole: at (x, y) in its units, `scale` times its size. */
struct placement placement_inside(struct placement whole, float x, float y, float scale,
                                  float angle);

/* Paints a figure; `opacity` from 0 to 1. Edges are smooth. */
void canvas_paint(struct canvas *canvas, struct placement place, figure_distance distance,
                  const float *shape, struct colour colour, float opacity);

/* Fills the canvas with a colour that drifts to another from one side to the opposite one. */
void canvas_fill(struct canvas *canvas, struct colour from, struct colour to, float angle);

/* What a camera adds: uneven light and grain of the given strength. */
void canvas_develop(struct canvas *canvas, float grain, retune_random *random);

/* Uniform in [low, high). */
float random_between(retune_random *random, float low, float high);

/* Any colour, then one that stands out against `other`, then one close to `other`. */
struct colour colour_any(retune_random *random);
struct colour colour_against(retune_random *random, struct colour other);
struct colour colour_near(retune_random *random, struct colour other, float distance);

struct colour colour_shaded(struct colour colour, float factor);

#endif
