/* A square picture in memory and what is painted on it: figures given as distances to their edge.
 */
#ifndef RETUNE_GARDEN_CANVAS_H
#define RETUNE_GARDEN_CANVAS_H

#include "colour.h"

struct canvas {
    int size;              /* pixels along a side */
    struct colour *pixels; /* rows from the top */
    float light_turn;      /* where the light comes from */
};

/* Where a figure lies: a point (u, v) of it is the canvas's
 * (x + xx u + xy v, y + yx u + yy v), in pixels from the upper left corner. */
struct placement {
    float x, y, xx, xy, yx, yy;
};

/* Distance of a point to the edge of a figure, in the figure's own units; negative inside. Figures
 * lie within FIGURE_REACH of their origin in u and in v. `shape` is what the figure depends on. */
typedef float (*figure_distance)(float u, float v, const float *shape);
#define FIGURE_REACH 1.25f

/* How a figure is filled. */
struct ink {
    struct colour colour;
    float opacity; /* 0..1 */
    float rim;     /* how much darker the edge is than the middle, 0..1 */
    float glow;    /* how much brighter the side towards the light is, 0..1 */
};

/* At (x, y), with units of `width` and `height` pixels, turned. */
struct placement placement_make(float x, float y, float width, float height, float turn);

/* A part's placement from that of the whole: the same in the whole's units. */
struct placement placement_inside(struct placement whole, float x, float y, float width,
                                  float height, float turn);

/* Paints a figure with smooth edges. */
void canvas_paint(struct canvas *canvas, struct placement place, figure_distance distance,
                  const float *shape, struct ink ink);

/* Fills the canvas with a colour that drifts to another in the direction of `turn`. */
void canvas_fill(struct canvas *canvas, struct colour from, struct colour to, float turn);

/* Every pixel becomes the mean of itself and its eight neighbours. */
void canvas_soften(struct canvas *canvas);

/* What a camera adds: uneven light, exposure, and grain of the given strength. */
void canvas_develop(struct canvas *canvas, float grain, retune_random *random);

#endif
