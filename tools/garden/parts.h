/* Things put together from figures: a table of parts, each a row. */
#ifndef RETUNE_GARDEN_PARTS_H
#define RETUNE_GARDEN_PARTS_H

#include "canvas.h"

#include <stddef.h>

/* The colours of one thing, drawn by lot for each picture. */
enum part_ink {
    MAIN,   /* stands out against the background */
    SECOND, /* stands out against MAIN */
    DARK,   /* MAIN in the shade */
    LIGHT,  /* MAIN, nearly white */
    INK_COUNT
};

enum part_repeat {
    ONCE,
    MIRRORED, /* a second one at the other side of the axis u = 0 */
    AROUND,   /* least..most copies, evenly around the origin */
    IN_A_ROW  /* least..most copies, each further by (step_u, step_v) */
};

struct part {
    figure_distance figure;
    enum part_ink ink;
    float u, v, width, height, turn; /* in the thing's units; turned about (u, v) */
    float shape[2];                  /* of the figure */
    enum part_repeat repeat;
    int least, most;
    float step_u, step_v;
};

/* Paints the parts, first to last. Their places, sizes and turns differ a little each time. */
void parts_paint(struct canvas *canvas, struct placement place, const struct part *parts,
                 size_t count, const struct colour inks[INK_COUNT], retune_random *random);

#endif
