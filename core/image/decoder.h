/* stb_image, held to a memory limit: the only code that decodes pixels. Knows nothing about what a
 * file may claim; image.c checks that before and after. */
#ifndef RETUNE_IMAGE_DECODER_H
#define RETUNE_IMAGE_DECODER_H

#include "base/status.h"

/* The size in pixels, as the decoder reads it from the file's header. CORRUPT: the decoder cannot
 * read this file. */
retune_status retune_decoder_size(const unsigned char *data, size_t size, uint32_t *out_width,
                                  uint32_t *out_height, retune_error *error);

/* Decodes an image of `width` x `height` to dense RGB; free it with free(). CORRUPT: the data makes
 * no sense, has another size, or unpacks to far more than these pixels. */
retune_status retune_decoder_run(const unsigned char *data, size_t size, uint32_t width,
                                 uint32_t height, unsigned char **out_pixels, retune_error *error);

#endif
