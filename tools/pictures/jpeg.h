/* Writing a canvas as a JPEG file. */
#ifndef RETUNE_PICTURES_JPEG_H
#define RETUNE_PICTURES_JPEG_H

#include "canvas.h"

#include <stdbool.h>

/* False: the file cannot be written, errno says why. */
bool jpeg_write(const struct canvas *canvas, const char *path);

#endif
