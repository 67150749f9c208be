/* Objects. */
#include "things.h"

static const struct part balloon[] = {
    {figure_box, DARK, 0, 0.8f, 0.025f, 0.35f, 0},
    {figure_polygon, MAIN, 0, 0.5f, 0.15f, 0.15f, 0, {3}},
    {figure_disc, MAIN, 0, -0.25f, 0.62f, 0.75f, 0},
    {figure_disc, LIGHT, -0.25f, -0.5f, 0.1f, 0.2f, 0.08f},
};
static const struct part boat[] = {
    {figure_box, DARK, 0, -0.2f, 0.04f, 0.8f, 0},
    {figure_polygon, SECOND, 0.35f, -0.3f, 0.45f, 0.65f, 0, {3}},
    {figure_polygon, LIGHT, -0.28f, -0.2f, 0.3f, 0.5f, 0, {3}},
    {figure_trapezoid, MAIN, 0, 0.6f, 0.85f, 0.25f, 0.5f, {0.65f}},
};
static const struct part bottle[] = {
    {figure_box, SECOND, 0, -0.95f, 0.16f, 0.12f, 0},
    {figure_box, MAIN, 0, -0.6f, 0.14f, 0.35f, 0},
    {figure_dome, MAIN, 0, -0.1f, 0.42f, 0.35f, 0},
    {figure_rounded_box, MAIN, 0, 0.45f, 0.42f, 0.58f, 0, {0.2f}},
    {figure_box, LIGHT, 0, 0.45f, 0.4f, 0.22f, 0},
};
static const struct part cup[] = {
    {figure_ring, DARK, 0.62f, 0, 0.38f, 0.38f, 0, {0.3f}},
    {figure_trapezoid, MAIN, -0.1f, 0.1f, 0.65f, 0.7f, 0.5f, {0.7f}},
    {figure_disc, SECOND, -0.1f, -0.58f, 0.64f, 0.16f, 0},
};
static const struct part dumbbell[] = {
    {figure_box, DARK, 0, 0, 0.7f, 0.1f, 0},
    {figure_rounded_box, MAIN, 0.55f, 0, 0.14f, 0.6f, 0, {0.3f}, MIRRORED},
    {figure_rounded_box, MAIN, 0.85f, 0, 0.14f, 0.4f, 0, {0.3f}, MIRRORED},
};
static const struct part fir[] = {
    {figure_box, SECOND, 0, 0.85f, 0.12f, 0.22f, 0},
    {figure_polygon, DARK, 0, 0.4f, 0.85f, 0.6f, 0, {3}},
    {figure_polygon, MAIN, 0, -0.05f, 0.7f, 0.55f, 0, {3}},
    {figure_polygon, MAIN, 0, -0.5f, 0.5f, 0.5f, 0, {3}},
};
static const struct part gear[] = {
    {figure_gear, MAIN, 0, 0, 1, 1, 0, {9, 0.75f}},
    {figure_disc, SECOND, 0, 0, 0.3f, 0.3f, 0},
};
static const struct part glasses[] = {
    {figure_arc, MAIN, 0, 0, 0.22f, 0.2f, 0, {0.4f, 0.5f}},
    {figure_ring, MAIN, 0.55f, 0.05f, 0.45f, 0.42f, 0, {0.25f}, MIRRORED},
    {figure_box, MAIN, 1, -0.2f, 0.16f, 0.06f, -0.1f, {0}, MIRRORED},
};
static const struct part hourglass[] = {
    {figure_polygon, LIGHT, 0, -0.4f, 0.65f, 0.6f, 0.5f, {3}},
    {figure_polygon, MAIN, 0, 0.4f, 0.65f, 0.6f, 0, {3}},
    {figure_box, DARK, 0, -0.78f, 0.7f, 0.12f, 0},
    {figure_box, DARK, 0, 0.78f, 0.7f, 0.12f, 0},
};
static const struct part house[] = {
    {figure_box, DARK, 0.4f, -0.65f, 0.12f, 0.3f, 0},
    {figure_box, MAIN, 0, 0.4f, 0.7f, 0.5f, 0},
    {figure_polygon, SECOND, 0, -0.35f, 1.05f, 0.6f, 0, {3}},
    {figure_box, DARK, 0.3f, 0.55f, 0.16f, 0.34f, 0},
    {figure_box, LIGHT, -0.32f, 0.35f, 0.18f, 0.18f, 0},
};
static const struct part key[] = {
    {figure_ring, MAIN, 0, -0.6f, 0.42f, 0.42f, 0, {0.4f}},
    {figure_box, MAIN, 0, 0.35f, 0.1f, 0.62f, 0},
    {figure_box, MAIN, 0.22f, 0.55f, 0.2f, 0.08f, 0},
    {figure_box, MAIN, 0.22f, 0.85f, 0.2f, 0.08f, 0},
};
static const struct part ladder[] = {
    {figure_box, DARK, 0, -0.75f, 0.5f, 0.07f, 0, {0}, IN_A_ROW, 5, 5, 0, 0.38f},
    {figure_box, MAIN, 0.45f, 0, 0.08f, 1.05f, 0, {0}, MIRRORED},
};
static const struct part mushroom[] = {
    {figure_trapezoid, LIGHT, 0, 0.5f, 0.28f, 0.5f, 0, {0.7f}},
    {figure_dome, MAIN, 0, 0.15f, 0.95f, 0.95f, 0},
    {figure_disc, SECOND, 0, -0.45f, 0.18f, 0.16f, 0},
    {figure_disc, SECOND, 0.5f, -0.15f, 0.14f, 0.14f, 0, {0}, MIRRORED},
};
static const struct part propeller[] = {
    {figure_drop, MAIN, 0.12f, -0.5f, 0.35f, 0.55f, 0.56f, {0}, AROUND, 3, 3},
    {figure_disc, SECOND, 0, 0, 0.2f, 0.2f, 0},
};
static const struct part shamrock[] = {
    {figure_arc, DARK, 0.5f, 0.45f, 0.5f, 0.5f, 0.75f, {0.15f, 0.3f}},
    {figure_heart, MAIN, 0, -0.55f, 0.5f, 0.5f, 0, {0}, AROUND, 3, 4},
};
static const struct part snowflake[] = {
    {figure_box, MAIN, 0, -0.5f, 0.06f, 0.5f, 0, {0}, AROUND, 6, 6},
    {figure_box, MAIN, 0.15f, -0.72f, 0.045f, 0.2f, 0.12f, {0}, AROUND, 6, 6},
    {figure_box, MAIN, -0.15f, -0.72f, 0.045f, 0.2f, -0.12f, {0}, AROUND, 6, 6},
};
static const struct part sun[] = {
    {figure_polygon, SECOND, 0, -0.75f, 0.17f, 0.3f, 0, {3}, AROUND, 8, 12},
    {figure_disc, MAIN, 0, 0, 0.58f, 0.58f, 0},
};
static const struct part umbrella[] = {
    {figure_box, DARK, 0, 0.3f, 0.05f, 0.6f, 0},
    {figure_arc, DARK, -0.15f, 0.88f, 0.2f, 0.2f, 0.5f, {0.5f, 0.5f}},
    {figure_dome, MAIN, 0, 0, 1, 0.85f, 0},
    {figure_dome, SECOND, 0, 0, 0.34f, 0.84f, 0},
};
static const struct part wheel[] = {
    {figure_box, DARK, 0, -0.45f, 0.05f, 0.45f, 0, {0}, AROUND, 6, 9},
    {figure_ring, MAIN, 0, 0, 1, 1, 0, {0.22f}},
    {figure_disc, SECOND, 0, 0, 0.2f, 0.2f, 0},
};
static const struct part windmill[] = {
    {figure_trapezoid, DARK, 0, 0.6f, 0.3f, 0.55f, 0, {0.5f}},
    {figure_trapezoid, MAIN, 0.12f, -0.6f, 0.16f, 0.45f, 0.5f, {0.5f}, AROUND, 4, 4},
    {figure_disc, SECOND, 0, 0, 0.14f, 0.14f, 0},
};

const struct picture_class things_objects[THINGS_OBJECTS] = {
    THING(balloon),   THING(boat),   THING(bottle),   THING(cup),       THING(dumbbell),
    THING(fir),       THING(gear),   THING(glasses),  THING(hourglass), THING(house),
    THING(key),       THING(ladder), THING(mushroom), THING(propeller), THING(shamrock),
    THING(snowflake), THING(sun),    THING(umbrella), THING(wheel),     THING(windmill),
};
