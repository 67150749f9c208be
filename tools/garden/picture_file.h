/* Pictures as the bytes of files. */
#ifndef RETUNE_GARDEN_PICTURE_FILE_H
#define RETUNE_GARDEN_PICTURE_FILE_H

#include "base/status.h"
#include "canvas.h"

/* Eight-bit RGB, rows from the top. */
struct bitmap {
    int width, height; /* pixels */
    unsigned char *bytes;
};

/* A white one; free its bytes with free(). */
retune_status bitmap_make(int width, int height, struct bitmap *out_bitmap, retune_error *error);

/* Copies the canvas to a place in the bitmap. */
void bitmap_put(struct bitmap *bitmap, int left, int top, const struct canvas *canvas);

/* The content of a file of that name: PNG where it ends in .png, JPEG otherwise. Free it with
 * free(). */
retune_status bitmap_encode(const struct bitmap *bitmap, const char *name, unsigned char **out_data,
                            size_t *out_size, retune_error *error);

#endif
