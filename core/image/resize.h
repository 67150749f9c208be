/* Views of an image at the size a network wants. */
#ifndef RETUNE_IMAGE_RESIZE_H
#define RETUNE_IMAGE_RESIZE_H

#include "image/image.h"

#include <stdbool.h>

/* What a network sees of an image: a rectangle, in pixels of the image (fractions allowed; the
 * first pixel covers 0..1), mirrored left to right when `flip` is set. */
typedef struct retune_view {
    float x, y, width, height;
    bool flip;
} retune_view;

/* The view that shows everything. */
static inline retune_view retune_view_whole(const retune_image *image) {
    return (retune_view){0, 0, (float)image->width, (float)image->height, false};
}

/* Stretches a view to `width` x `height` pixels, dense RGB, into `out` (3 * width * height bytes).
 * The filter is a triangle: bilinear where it enlarges, wide enough not to alias where it reduces.
 * Near the view's edges it also sees pixels just outside of the view, as long as the image has
 * them. Integer arithmetic: the same bytes on every machine. INVALID: a view that is empty or not
 * inside the image, or no output; OUT_OF_MEMORY. */
retune_status retune_image_resize(const retune_image *image, retune_view view, uint32_t width,
                                  uint32_t height, unsigned char *out, retune_error *error);

#endif
