/* Plain figures. */
#include "things.h"

static const struct part arrow[] = {{figure_box, MAIN, 0, 0.35f, 0.22f, 0.6f, 0},
                                    {figure_polygon, MAIN, 0, -0.4f, 0.75f, 0.6f, 0, {3}}};
static const struct part bolt[] = {{figure_polygon, MAIN, -0.12f, -0.4f, 0.4f, 0.75f, 0.03f, {3}},
                                   {figure_polygon, MAIN, 0.12f, 0.4f, 0.4f, 0.75f, 0.53f, {3}}};
static const struct part crescent[] = {{figure_crescent, MAIN, 0, 0, 1, 1, 0, {0.65f}}};
static const struct part cross[] = {{figure_cross, MAIN, 0, 0, 1, 1, 0, {0.3f}}};
static const struct part drop[] = {{figure_drop, MAIN, 0, 0, 1.1f, 1, 0}};
static const struct part heart[] = {{figure_heart, MAIN, 0, 0, 1, 1, 0}};
static const struct part hexagon[] = {{figure_polygon, MAIN, 0, 0, 1, 1, 0, {6}}};
static const struct part lens[] = {{figure_lens, MAIN, 0, 0, 0.5f, 1, 0}};
static const struct part ring[] = {{figure_ring, MAIN, 0, 0, 1, 1, 0, {0.4f}}};
static const struct part spiral[] = {{figure_spiral, MAIN, 0, 0, 1, 1, 0, {2.6f, 0.5f}}};
static const struct part square[] = {{figure_box, MAIN, 0, 0, 0.8f, 0.8f, 0}};
static const struct part star[] = {{figure_star, MAIN, 0, 0, 1.1f, 1.1f, 0, {5, 0.42f}}};
static const struct part triangle[] = {{figure_polygon, MAIN, 0, 0, 1.1f, 1.1f, 0, {3}}};

const struct picture_class things_figures[THINGS_FIGURES] = {
    THING(arrow),  THING(bolt), THING(crescent), THING(cross), THING(drop),
    THING(heart),  THING(lens), THING(hexagon),  THING(ring),  THING(spiral),
    THING(square), THING(star), THING(triangle),
};
