/* The structure of a JPEG file, without its pixels. */
#ifndef RETUNE_IMAGE_JPEG_H
#define RETUNE_IMAGE_JPEG_H

#include "image/image.h"

#include <stdbool.h>

bool retune_jpeg_recognize(const unsigned char *data, size_t size);

/* Walks every marker to the end of the image. `out_info` has the size as stored, before the
 * orientation is applied. CORRUPT names the byte. */
retune_status retune_jpeg_inspect(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                  retune_image_info *out_info, retune_error *error);

#endif
