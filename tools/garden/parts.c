#include "parts.h"

/* One copy, as far from what the row says as `part` is; mirrored with a `side` of -1. */
static void paint_copy(struct canvas *canvas, struct placement place, const struct part *part,
                       struct ink ink, int step, float side) {
    float u = part->u + (float)step * part->step_u, v = part->v + (float)step * part->step_v;
    struct placement copy =
        placement_inside(place, side * u, v, side * part->width, part->height, side * part->turn);
    canvas_paint(canvas, copy, part->figure, part->shape, ink);
}

static void paint_part(struct canvas *canvas, struct placement place, const struct part *part,
                       struct ink ink, int copies) {
    for (int i = 0; i < copies; i++) {
        struct placement copy = place;
        if (part->repeat == AROUND)
            copy = placement_inside(place, 0, 0, 1, 1, (float)i / (float)copies);
        paint_copy(canvas, copy, part, ink, part->repeat == IN_A_ROW ? i : 0, 1);
    }
    if (part->repeat == MIRRORED)
        paint_copy(canvas, place, part, ink, 0, -1);
}

void parts_paint(struct canvas *canvas, struct placement place, const struct part *parts,
                 size_t count, const struct colour inks[INK_COUNT], retune_random *random) {
    float rim = random_between(random, 0, 0.35f), glow = random_between(random, 0, 0.5f);
    for (size_t p = 0; p < count; p++) {
        struct part part = parts[p];
        part.u += random_between(random, -0.03f, 0.03f);
        part.v += random_between(random, -0.03f, 0.03f);
        part.width *= random_between(random, 0.88f, 1.12f);
        part.height *= random_between(random, 0.88f, 1.12f);
        part.turn += random_between(random, -0.012f, 0.012f);
        int copies = part.most > 0 ? random_count(random, part.least, part.most) : 1;
        paint_part(canvas, place, &part, (struct ink){inks[part.ink], 1, rim, glow}, copies);
    }
}
