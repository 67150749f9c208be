/* The one EXIF tag that changes how a picture looks. */
#ifndef RETUNE_IMAGE_EXIF_H
#define RETUNE_IMAGE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* The orientation, 1..8, in EXIF data that starts with its TIFF header ("II" or "MM"). Data that is
 * malformed or does not say gives 1: a damaged note about a picture does not spoil the picture. */
uint32_t retune_exif_orientation(const unsigned char *data, size_t size);

#endif
