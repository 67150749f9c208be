/* Figures about one unit in radius, as distances to their edge (figure_distance of canvas.h). x
 * goes right and y down. Where the exact distance is long-winded, one that is right near the edge
 * does. */
#ifndef RETUNE_PICTURES_FIGURES_H
#define RETUNE_PICTURES_FIGURES_H

float figure_disc(float x, float y, const float *radius);
float figure_ring(float x, float y, const float *radius_and_width);
float figure_box(float x, float y, const float *half_width_and_height);
float figure_ellipse(float x, float y, const float *half_width_and_height);

/* Regular polygon; its first corner points right. */
float figure_polygon(float x, float y, const float *corners);

/* `points` tips at distance 1 with notches at distance `inner` between them. */
float figure_star(float x, float y, const float *points_and_inner);

float figure_cross(float x, float y, const float *half_width);
float figure_crescent(float x, float y, const float *bite); /* how deep, 0..1 */
float figure_heart(float x, float y, const float *unused);

/* Ellipses around a centre that they leave free: how many, half their width, from where to where.
 */
float figure_petals(float x, float y, const float *count_width_from_to);

/* A lens from the origin down to (0, 1). */
float figure_leaf(float x, float y, const float *width);

/* A cup, round below, with three tips above. */
float figure_cup(float x, float y, const float *depth);

#endif
