/* The structure of a PNG file, without its pixels. */
#ifndef RETUNE_IMAGE_PNG_H
#define RETUNE_IMAGE_PNG_H

#include "image/image.h"

#include <stdbool.h>

bool retune_png_recognize(const unsigned char *data, size_t size);

/* Walks every chunk to the end of the image. `out_info` has the size as stored, before the
 * orientation is applied. CORRUPT names the byte. */
retune_status retune_png_inspect(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                 retune_image_info *out_info, retune_error *error);

#endif
