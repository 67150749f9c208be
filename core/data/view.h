/* Which part of an image a training step sees: the whole, or a random view of it. */
#ifndef RETUNE_DATA_VIEW_H
#define RETUNE_DATA_VIEW_H

#include "image/resize.h"

/* How an image of any shape becomes a square. In the order of the choices of [data] resize. */
typedef enum retune_view_fit {
    RETUNE_VIEW_STRETCH, /* the whole image */
    RETUNE_VIEW_CENTRAL  /* its central square */
} retune_view_fit;

/* In the order of the choices of [train] augment. */
typedef enum retune_view_kind {
    RETUNE_VIEW_PLAIN, /* what the fit says; every view number gives the same */
    RETUNE_VIEW_FLIP,  /* the same, mirrored half of the time */
    RETUNE_VIEW_CROP   /* a random rectangle of it, mirrored half of the time */
} retune_view_kind;

typedef struct retune_view_rule {
    retune_view_fit fit;
    retune_view_kind kind;
    uint64_t seed;
} retune_view_rule;

/* View number `number` of an image of `width` x `height` pixels; always inside the image. `image`
 * is a number that stands for the image, such as half of its content hash. A pure function of its
 * arguments. Crops cover 0.6 to 1 of the fitted area, with sides in a
 * ratio of 3:4 to 4:3. */
retune_view retune_view_make(const retune_view_rule *rule, uint64_t image, uint32_t number,
                             uint32_t width, uint32_t height);

#endif
