/* Figures about one unit in radius, as distances to their edge (figure_distance of canvas.h). u
 * goes right and v down. A placement stretches them: a disc serves as every ellipse, a box as every
 * rectangle. Where the exact distance is long-winded, one that is right near the edge does. */
#ifndef RETUNE_GARDEN_FIGURES_H
#define RETUNE_GARDEN_FIGURES_H

float figure_disc(float u, float v, const float *none);
float figure_dome(float u, float v, const float *none); /* the upper half of a disc */
float figure_ring(float u, float v, const float *width);
float figure_arc(float u, float v, const float *width_turns); /* of a ring, around straight up */
float figure_box(float u, float v, const float *none);
float figure_rounded_box(float u, float v, const float *radius);
float figure_trapezoid(float u, float v, const float *upper); /* half its upper side; 1 below */
float figure_polygon(float u, float v, const float *corners); /* regular; one corner is on top */

/* `points` tips at distance 1, one on top, with notches at distance `inner` between them. */
float figure_star(float u, float v, const float *points_inner);
float figure_gear(float u, float v, const float *teeth_inner);

float figure_cross(float u, float v, const float *half_width);
float figure_crescent(float u, float v, const float *bite); /* how deep, 0..1 */
float figure_heart(float u, float v, const float *none);
float figure_lens(float u, float v, const float *none); /* points above and below */
float figure_drop(float u, float v, const float *none); /* point above */
float figure_spiral(float u, float v, const float *windings_width);

/* Textures: figures of many pieces, cut off at the edge of a square whose corners are round; of
 * `period` of a unit from one piece to the next. */
float figure_stripes(float u, float v, const float *period);
float figure_checks(float u, float v, const float *period);
float figure_dots(float u, float v, const float *period);
float figure_waves(float u, float v, const float *period);
float figure_zigzag(float u, float v, const float *period);
float figure_net(float u, float v, const float *period);
float figure_bricks(float u, float v, const float *period);
float figure_scales(float u, float v, const float *period);
float figure_target(float u, float v, const float *period);
float figure_rays(float u, float v, const float *count);

#endif
