/* Trigonometry that gives the same bits on every machine, which libm does not promise. Angles are
 * in turns: 1 is the whole circle, clockwise where y points down. Right to about 1e-5, which no
 * pixel shows. */
#ifndef RETUNE_GARDEN_ANGLE_H
#define RETUNE_GARDEN_ANGLE_H

float turn_cosine(float turns);
float turn_sine(float turns);

/* The direction of a point seen from the origin, in -0.5 .. 0.5; 0 for the origin itself. */
float turn_towards(float x, float y);

#endif
