#include "figures.h"

#include <math.h>

#define PI 3.14159265f

static float length(float x, float y) {
    return sqrtf(x * x + y * y);
}

/* Turns the point into the sector around the positive x axis, 1 / `count` of the circle. */
static void fold(float *x, float *y, float count) {
    float sector = 2 * PI / count, radius = length(*x, *y);
    float angle = atan2f(*y, *x);
    angle -= sector * roundf(angle / sector);
    *x = radius * cosf(angle);
    *y = radius * sinf(angle);
}

float figure_disc(float x, float y, const float *radius) {
    return length(x, y) - radius[0];
}

float figure_ring(float x, float y, const float *radius_and_width) {
    return fabsf(length(x, y) - radius_and_width[0]) - radius_and_width[1];
}

float figure_box(float x, float y, const float *half_width_and_height) {
    return fmaxf(fabsf(x) - half_width_and_height[0], fabsf(y) - half_width_and_height[1]);
}

float figure_ellipse(float x, float y, const float *half_width_and_height) {
    float a = half_width_and_height[0], b = half_width_and_height[1];
    return (length(x / a, y / b) - 1) * fminf(a, b);
}

float figure_polygon(float x, float y, const float *corners) {
    float sector = 2 * PI / corners[0], angle = atan2f(y, x);
    angle -= sector * (floorf(angle / sector) + 0.5f);
    return length(x, y) * cosf(angle) - cosf(sector / 2);
}

float figure_star(float x, float y, const float *points_and_inner) {
    float half = PI / points_and_inner[0], inner = points_and_inner[1];
    fold(&x, &y, points_and_inner[0]);
    float notch_x = inner * cosf(half), notch_y = inner * sinf(half);
    float edge_x = notch_x - 1, edge_y = notch_y;
    return (fabsf(y) * -edge_x + (x - 1) * edge_y) / length(edge_x, edge_y);
}

float figure_cross(float x, float y, const float *half_width) {
    float upright = fmaxf(fabsf(x) - half_width[0], fabsf(y) - 1);
    float level = fmaxf(fabsf(x) - 1, fabsf(y) - half_width[0]);
    return fminf(upright, level);
}

float figure_crescent(float x, float y, const float *bite) {
    return fmaxf(length(x, y) - 1, 0.85f - length(x - 1.15f + bite[0], y));
}

/* A square that stands on a corner, and a disc on each of its upper sides. */
float figure_heart(float x, float y, const float *unused) {
    (void)unused;
    const float half = 0.6f, shift = half * 0.7071f;
    float turned_x = (x + y) * 0.7071f, turned_y = (y - x) * 0.7071f;
    float square = fmaxf(fabsf(turned_x), fabsf(turned_y)) - half;
    float disc = length(fabsf(x) - shift, y + shift) - half;
    return fminf(square, disc);
}

float figure_petals(float x, float y, const float *count_width_from_to) {
    float from = count_width_from_to[2], to = count_width_from_to[3];
    fold(&x, &y, count_width_from_to[0]);
    float axes[2] = {(to - from) / 2, count_width_from_to[1]};
    return figure_ellipse(x - (from + to) / 2, y, axes);
}

float figure_leaf(float x, float y, const float *width) {
    /* Two circles through (0, 0) and (0, 1), as far apart as makes the lens `width` wide. */
    float half = width[0] / 2, radius = (0.25f + half * half) / (2 * half);
    return length(fabsf(x) + radius - half, y - 0.5f) - radius;
}

float figure_cup(float x, float y, const float *depth) {
    float axes[2] = {0.62f, depth[0]};
    float bowl = y > 0 ? figure_ellipse(x, y, axes) : fabsf(x) - axes[0];
    float third = 2 * axes[0] / 3, within = fabsf(x) - third * roundf(fabsf(x) / third);
    return fmaxf(bowl, -y - 0.75f + 2 * fabsf(within));
}
