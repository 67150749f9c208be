/* Creatures. */
#include "things.h"

static const struct part bird[] = {
    {figure_polygon, SECOND, -0.85f, -0.35f, 0.25f, 0.2f, 0.75f, {3}}, /* beak */
    {figure_polygon, DARK, 0.85f, 0.3f, 0.4f, 0.3f, 0.7f, {3}},        /* tail */
    {figure_disc, MAIN, 0.15f, 0.15f, 0.7f, 0.45f, 0.05f},
    {figure_disc, MAIN, -0.5f, -0.3f, 0.32f, 0.32f, 0},
    {figure_drop, SECOND, 0.25f, 0.1f, 0.4f, 0.45f, 0.75f}, /* wing */
    {figure_disc, LIGHT, -0.55f, -0.38f, 0.1f, 0.1f, 0},
};
static const struct part butterfly[] = {
    {figure_drop, MAIN, 0.5f, -0.35f, 0.6f, 0.62f, 0.66f, {0}, MIRRORED},
    {figure_drop, DARK, 0.4f, 0.4f, 0.45f, 0.5f, 0.84f, {0}, MIRRORED},
    {figure_disc, SECOND, 0.6f, -0.42f, 0.2f, 0.2f, 0, {0}, MIRRORED},
    {figure_disc, SECOND, 0, 0, 0.1f, 0.65f, 0},
    {figure_box, SECOND, 0.16f, -0.8f, 0.02f, 0.25f, 0.06f, {0}, MIRRORED},
};
static const struct part cat[] = {
    {figure_polygon, MAIN, 0.5f, -0.6f, 0.35f, 0.45f, 0.06f, {3}, MIRRORED}, /* ears */
    {figure_disc, MAIN, 0, 0.1f, 0.85f, 0.75f, 0},
    {figure_lens, LIGHT, 0.32f, 0, 0.14f, 0.2f, 0, {0}, MIRRORED},
    {figure_lens, DARK, 0.32f, 0, 0.05f, 0.18f, 0, {0}, MIRRORED},
    {figure_polygon, SECOND, 0, 0.32f, 0.12f, 0.1f, 0.5f, {3}},
    {figure_box, DARK, 0.6f, 0.38f, 0.35f, 0.018f, 0.02f, {0}, MIRRORED}, /* whiskers */
    {figure_box, DARK, 0.6f, 0.48f, 0.35f, 0.018f, 0.05f, {0}, MIRRORED},
};
static const struct part caterpillar[] = {
    {figure_disc, DARK, -0.55f, 0.3f, 0.08f, 0.22f, 0, {0}, IN_A_ROW, 4, 5, 0.36f, -0.02f},
    {figure_disc, MAIN, -0.55f, 0, 0.3f, 0.3f, 0, {0}, IN_A_ROW, 4, 5, 0.36f, -0.02f},
    {figure_disc, SECOND, -0.85f, -0.12f, 0.32f, 0.34f, 0},
    {figure_disc, LIGHT, -0.92f, -0.2f, 0.08f, 0.1f, 0},
};
static const struct part crab[] = {
    {figure_arc, DARK, 0.6f, 0.45f, 0.4f, 0.4f, 0.15f, {0.3f, 0.4f}, MIRRORED}, /* legs */
    {figure_arc, DARK, 0.5f, 0.65f, 0.35f, 0.3f, 0.15f, {0.3f, 0.4f}, MIRRORED},
    {figure_box, MAIN, 0.6f, -0.2f, 0.1f, 0.35f, 0.08f, {0}, MIRRORED},
    {figure_crescent, MAIN, 0.75f, -0.6f, 0.35f, 0.35f, 0.75f, {0.6f}, MIRRORED},
    {figure_disc, MAIN, 0, 0.2f, 0.7f, 0.45f, 0},
    {figure_disc, LIGHT, 0.2f, -0.15f, 0.11f, 0.14f, 0, {0}, MIRRORED},
};
static const struct part fish[] = {
    {figure_polygon, DARK, 0.8f, 0, 0.45f, 0.4f, 0.75f, {3}}, /* tail */
    {figure_polygon, DARK, 0, -0.42f, 0.4f, 0.3f, 0, {3}},
    {figure_lens, MAIN, -0.1f, 0, 0.5f, 0.8f, 0.25f},
    {figure_arc, SECOND, -0.25f, 0, 0.25f, 0.3f, 0.25f, {0.3f, 0.4f}},
    {figure_disc, LIGHT, -0.55f, -0.1f, 0.11f, 0.11f, 0},
};
static const struct part jellyfish[] = {
    {figure_lens, DARK, -0.6f, 0.45f, 0.07f, 0.55f, 0, {0}, IN_A_ROW, 5, 6, 0.26f, 0},
    {figure_dome, MAIN, 0, 0.05f, 0.85f, 0.95f, 0},
    {figure_disc, LIGHT, -0.35f, -0.4f, 0.12f, 0.18f, 0.1f},
};
static const struct part ladybird[] = {
    {figure_box, DARK, 0, 0, 1, 0.05f, 0.06f},
    {figure_box, DARK, 0, 0, 1, 0.05f, -0.06f},
    {figure_box, DARK, 0, 0, 1, 0.05f, 0},
    {figure_disc, DARK, 0, -0.7f, 0.4f, 0.35f, 0},
    {figure_disc, MAIN, 0, 0.1f, 0.75f, 0.8f, 0},
    {figure_box, DARK, 0, 0.1f, 0.03f, 0.78f, 0},
    {figure_disc, SECOND, 0.35f, -0.25f, 0.15f, 0.15f, 0, {0}, MIRRORED},
    {figure_disc, SECOND, 0.42f, 0.2f, 0.15f, 0.15f, 0, {0}, MIRRORED},
    {figure_disc, SECOND, 0.25f, 0.58f, 0.13f, 0.13f, 0, {0}, MIRRORED},
};
static const struct part owl[] = {
    {figure_polygon, DARK, 0.45f, -0.75f, 0.25f, 0.35f, 0.08f, {3}, MIRRORED},
    {figure_disc, MAIN, 0, 0.05f, 0.7f, 0.95f, 0},
    {figure_lens, DARK, 0.55f, 0.3f, 0.18f, 0.55f, -0.02f, {0}, MIRRORED}, /* wings */
    {figure_disc, LIGHT, 0.28f, -0.35f, 0.27f, 0.27f, 0, {0}, MIRRORED},
    {figure_disc, DARK, 0.28f, -0.35f, 0.12f, 0.12f, 0, {0}, MIRRORED},
    {figure_polygon, SECOND, 0, -0.1f, 0.13f, 0.16f, 0.5f, {3}},
    {figure_arc, SECOND, 0, 0.55f, 0.3f, 0.2f, 0.5f, {0.3f, 0.5f}},
};
static const struct part snail[] = {
    {figure_rounded_box, SECOND, -0.05f, 0.68f, 0.9f, 0.18f, 0, {0.8f}},
    {figure_disc, SECOND, -0.8f, 0.3f, 0.22f, 0.45f, -0.04f},
    {figure_box, SECOND, -0.9f, -0.2f, 0.03f, 0.25f, -0.04f},
    {figure_disc, DARK, 0.2f, 0.05f, 0.68f, 0.68f, 0},
    {figure_spiral, MAIN, 0.2f, 0.05f, 0.66f, 0.66f, 0, {2, 0.65f}},
};
static const struct part spider[] = {
    {figure_arc, DARK, 0.5f, -0.1f, 0.5f, 0.5f, 0.1f, {0.18f, 0.5f}, MIRRORED},
    {figure_arc, DARK, 0.55f, 0.15f, 0.5f, 0.4f, 0.1f, {0.18f, 0.5f}, MIRRORED},
    {figure_arc, DARK, 0.5f, 0.5f, 0.45f, 0.45f, 0.1f, {0.18f, 0.5f}, MIRRORED},
    {figure_arc, DARK, 0.4f, 0.75f, 0.3f, 0.4f, 0.1f, {0.2f, 0.5f}, MIRRORED},
    {figure_disc, MAIN, 0, 0.3f, 0.42f, 0.5f, 0},
    {figure_disc, MAIN, 0, -0.3f, 0.25f, 0.25f, 0},
    {figure_cross, SECOND, 0, 0.3f, 0.18f, 0.22f, 0, {0.3f}},
};
static const struct part starfish[] = {
    {figure_drop, MAIN, 0, -0.45f, 0.35f, 0.6f, 0, {0}, AROUND, 5, 5},
    {figure_disc, SECOND, 0, -0.5f, 0.06f, 0.06f, 0, {0}, AROUND, 5, 5},
    {figure_disc, SECOND, 0, -0.25f, 0.07f, 0.07f, 0, {0}, AROUND, 5, 5},
};
static const struct part turtle[] = {
    {figure_disc, SECOND, 0.6f, -0.5f, 0.18f, 0.35f, 0.13f, {0}, MIRRORED},
    {figure_disc, SECOND, 0.6f, 0.55f, 0.18f, 0.3f, 0.37f, {0}, MIRRORED},
    {figure_disc, SECOND, 0, -0.85f, 0.22f, 0.28f, 0},
    {figure_disc, DARK, 0, 0.05f, 0.7f, 0.8f, 0},
    {figure_polygon, MAIN, 0, 0.05f, 0.27f, 0.27f, 0, {6}},
    {figure_polygon, MAIN, 0, 0.5f, 0.22f, 0.22f, 0, {6}, AROUND, 6, 6},
};
static const struct part urchin[] = {
    {figure_lens, DARK, 0, -0.6f, 0.04f, 0.5f, 0, {0}, AROUND, 16, 24},
    {figure_disc, MAIN, 0, 0, 0.55f, 0.55f, 0},
};

const struct picture_class things_creatures[THINGS_CREATURES] = {
    THING(bird),   THING(butterfly), THING(cat),       THING(caterpillar), THING(crab),
    THING(fish),   THING(owl),       THING(jellyfish), THING(ladybird),    THING(snail),
    THING(spider), THING(starfish),  THING(turtle),    THING(urchin),
};