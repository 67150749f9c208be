/* Images: JPEG and PNG files become dense RGB. Files are hostile: everything a file claims is
 * checked before memory is taken, and a file that is cut off or damaged is an error, never a
 * half-grey picture.
 *
 * Every function here may be called from several threads at once. */
#ifndef RETUNE_IMAGE_H
#define RETUNE_IMAGE_H

#include "base/status.h"

/* Rows from top to bottom, pixels from left to right, three bytes (red, green, blue) a pixel,
 * nothing between the rows. */
typedef struct retune_image {
    uint32_t width, height;
    unsigned char *pixels;
} retune_image;

/* Images are refused when one side is longer. */
#define RETUNE_IMAGE_SIDE_MAX 65535u

/* What an image file says about itself. */
typedef struct retune_image_info {
    uint32_t width, height; /* of the decoded image: after `orientation` was applied */
    uint32_t orientation;   /* EXIF, 1..8: how the stored pixels must be turned; 1: not at all */
} retune_image_info;

/* Inspects an image file in memory without decoding it. The content decides what it is, not a file
 * name. Every segment or chunk is walked to the end marker, and checksums of PNG are verified.
 * CORRUPT says what is wrong and at which byte; the caller adds the path: not a JPEG or PNG, cut
 * off, damaged, a kind of JPEG or PNG that cannot be read, or larger than `max_megapixels`
 * (millions of pixels). */
retune_status retune_image_probe(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                 retune_image_info *out_info, retune_error *error);

/* Probes, decodes and turns upright. Whatever is stored (grey, palette, CMYK, 16 bit) becomes 8-bit
 * RGB; an alpha channel is dropped, the colours under it stay. Free with retune_image_free. CORRUPT
 * as for probe, or when the compressed data makes no sense. */
retune_status retune_image_decode(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                  retune_image *out_image, retune_error *error);

/* Reads and decodes the file at `path`, which errors name. */
retune_status retune_image_read(const char *path, uint32_t max_megapixels, retune_image *out_image,
                                retune_error *error);

void retune_image_free(retune_image *image); /* takes NULL, and an image of zeros */

/* The most bytes a file may have that holds an image of `max_megapixels`; longer files need not be
 * read. */
size_t retune_image_file_limit(uint32_t max_megapixels);

/* CORRUPT when an image of this size, claimed by a file, must not be decoded. */
retune_status retune_image_check_size(uint32_t width, uint32_t height, uint32_t max_megapixels,
                                      retune_error *error);

#endif
