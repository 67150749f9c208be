/* stb_image_write: pictures become JPEG files in memory. */
#ifndef RETUNE_IMAGE_ENCODER_H
#define RETUNE_IMAGE_ENCODER_H

#include "image/image.h"

#include <stddef.h>

/* Encodes an image of at least one pixel; `quality` is 1..100. Free the bytes with free(). */
retune_status retune_image_encode_jpeg(const retune_image *image, int quality,
                                       unsigned char **out_data, size_t *out_size,
                                       retune_error *error);

#endif
