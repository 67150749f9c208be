#include "figures.h"

#include "angle.h"

#include <math.h>

static float length(float x, float y) {
    return sqrtf(x * x + y * y);
}

/* Turns the point into the sector around straight up, 1 / `count` of the circle. */
static void fold(float *u, float *v, float count) {
    float radius = length(*u, *v), turn = turn_towards(-*v, *u) * count;
    turn = (turn - roundf(turn)) / count;
    *u = radius * turn_sine(turn);
    *v = -radius * turn_cosine(turn);
}

float figure_disc(float u, float v, const float *none) {
    (void)none;
    return length(u, v) - 1;
}

float figure_dome(float u, float v, const float *none) {
    return fmaxf(figure_disc(u, v, none), v);
}

float figure_ring(float u, float v, const float *width) {
    return fabsf(length(u, v) - (1 - width[0] / 2)) - width[0] / 2;
}

float figure_arc(float u, float v, const float *width_turns) {
    float beyond = fabsf(turn_towards(-v, u)) - width_turns[1] / 2;
    return fmaxf(figure_ring(u, v, width_turns), 6.2831853f * length(u, v) * beyond);
}

float figure_box(float u, float v, const float *none) {
    (void)none;
    return fmaxf(fabsf(u), fabsf(v)) - 1;
}

float figure_rounded_box(float u, float v, const float *radius) {
    float inner = 1 - radius[0], x = fabsf(u) - inner, y = fabsf(v) - inner;
    return length(fmaxf(x, 0), fmaxf(y, 0)) + fminf(fmaxf(x, y), 0) - radius[0];
}

float figure_trapezoid(float u, float v, const float *upper) {
    float half = upper[0] + (1 - upper[0]) * (v + 1) / 2;
    return fmaxf(fabsf(u) - half, fabsf(v) - 1);
}

float figure_polygon(float u, float v, const float *corners) {
    float sector = 1 / corners[0], turn = turn_towards(-v, u) / sector;
    turn = (turn - floorf(turn) - 0.5f) * sector;
    return length(u, v) * turn_cosine(turn) - turn_cosine(sector / 2);
}

float figure_star(float u, float v, const float *points_inner) {
    float half = 0.5f / points_inner[0], inner = points_inner[1];
    fold(&u, &v, points_inner[0]);
    float notch_u = inner * turn_sine(half), notch_v = 1 - inner * turn_cosine(half);
    return (fabsf(u) * notch_v - (v + 1) * notch_u) / length(notch_u, notch_v);
}

float figure_gear(float u, float v, const float *teeth_inner) {
    float body = length(u, v) - teeth_inner[1];
    fold(&u, &v, teeth_inner[0]);
    float tooth = fmaxf(fabsf(u) - 1.6f / teeth_inner[0], -v - 1);
    return fminf(body, fmaxf(tooth, v));
}

float figure_cross(float u, float v, const float *half_width) {
    float upright = fmaxf(fabsf(u) - half_width[0], fabsf(v) - 1);
    float level = fmaxf(fabsf(u) - 1, fabsf(v) - half_width[0]);
    return fminf(upright, level);
}

float figure_crescent(float u, float v, const float *bite) {
    return fmaxf(length(u, v) - 1, 0.85f - length(u - 1.15f + bite[0], v));
}

/* A square that stands on a corner, and a disc on each of its upper sides. */
float figure_heart(float u, float v, const float *none) {
    (void)none;
    const float half = 0.6f, shift = half * 0.7071f;
    float square = (fabsf(u) + fabsf(v)) * 0.7071f - half;
    float disc = length(fabsf(u) - shift, v + shift) - half;
    return fminf(square, disc);
}

/* Two circles of radius 1.25 through (0, -1) and (0, 1), stretched to a width of 1 either way. */
float figure_lens(float u, float v, const float *none) {
    (void)none;
    return length(fabsf(u) * 0.5f + 0.75f, v) - 1.25f;
}

float figure_drop(float u, float v, const float *none) {
    (void)none;
    float disc = length(u, v - 0.4f) - 0.6f;
    float cone = fmaxf(fabsf(u) * 0.92f - (v + 1) * 0.38f, v - 0.16f);
    return fminf(disc, cone);
}

float figure_spiral(float u, float v, const float *windings_width) {
    float radius = length(u, v), pitch = 1 / windings_width[0];
    float arm = radius / pitch - turn_towards(u, v);
    float line = fabsf(arm - roundf(arm)) * pitch - windings_width[1] * pitch / 2;
    return fmaxf(line, radius - 1);
}

/* ---- Textures ------------------------------------------------------------------------------ */

/* The texture where the patch is, and the patch's edge elsewhere. */
static float cut(float texture, float u, float v) {
    const float radius = 0.4f;
    return fmaxf(texture, figure_rounded_box(u, v, &radius));
}

/* Distance from the nearest multiple of the period. */
static float from_multiple(float x, float period) {
    return fabsf(x - period * roundf(x / period));
}

float figure_stripes(float u, float v, const float *period) {
    return cut(from_multiple(v, period[0]) - period[0] / 4, u, v);
}

float figure_checks(float u, float v, const float *period) {
    float a = from_multiple(u, 2 * period[0]) - period[0] / 2;
    float b = from_multiple(v, 2 * period[0]) - period[0] / 2;
    return cut(fminf(fmaxf(a, b), fmaxf(-a, -b)), u, v);
}

float figure_dots(float u, float v, const float *period) {
    float a = from_multiple(u, period[0]), b = from_multiple(v, period[0]);
    return cut(length(a, b) - 0.3f * period[0], u, v);
}

float figure_waves(float u, float v, const float *period) {
    float swing = 0.35f * period[0] * turn_sine(u / (1.6f * period[0]));
    return cut(from_multiple(v + swing, period[0]) - period[0] / 4, u, v);
}

float figure_zigzag(float u, float v, const float *period) {
    float swing = from_multiple(u, 1.4f * period[0]);
    return cut((from_multiple(v + swing, period[0]) - period[0] / 4) * 0.7f, u, v);
}

float figure_net(float u, float v, const float *period) {
    float line =
        fminf(from_multiple(u + v, 1.4f * period[0]), from_multiple(u - v, 1.4f * period[0]));
    return cut(line * 0.7f - 0.1f * period[0], u, v);
}

float figure_bricks(float u, float v, const float *period) {
    float row = roundf(v / period[0]), shift = from_multiple(row, 2) * period[0];
    float a = from_multiple(u + shift, 2 * period[0]) - 0.85f * period[0];
    float b = fabsf(v - row * period[0]) - 0.36f * period[0];
    return cut(fmaxf(a, b), u, v);
}

/* Rows of arcs, each row half a scale to the side of the one above. */
float figure_scales(float u, float v, const float *period) {
    float row = floorf(v / period[0]), nearest = 2;
    for (int above = 0; above < 2; above++) {
        float at = row - (float)above, shift = from_multiple(at, 2) * period[0] * 0.75f;
        float x = from_multiple(u + shift, 1.5f * period[0]), y = v - at * period[0];
        nearest = fminf(nearest, fabsf(length(x, y) - 0.95f * period[0]) - 0.15f * period[0]);
    }
    return cut(nearest, u, v);
}

float figure_target(float u, float v, const float *period) {
    return cut(from_multiple(length(u, v), period[0]) - period[0] / 4, u, v);
}

float figure_rays(float u, float v, const float *count) {
    float turn = turn_towards(u, v) * count[0];
    float beside = (fabsf(turn - roundf(turn)) - 0.25f) / count[0];
    return cut(6.2831853f * length(u, v) * beside, u, v);
}
