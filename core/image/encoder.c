#include "image/encoder.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Never popped: the compiler reports some of stb_image_write's unused functions at the end of the
 * file. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(condition) ((void)0) /* a library does not abort */
#include <stb_image_write.h>

/* A failure stays in the stream and is seen at its end. */
static void append(void *stream, void *data, int size) {
    fwrite(data, 1, (size_t)size, stream);
}

retune_status retune_image_encode_jpeg(const retune_image *image, int quality,
                                       unsigned char **out_data, size_t *out_size,
                                       retune_error *error) {
    char *data = NULL;
    *out_data = NULL;
    *out_size = 0;
    FILE *stream = open_memstream(&data, out_size);
    bool whole = stream && stbi_write_jpg_to_func(append, stream, (int)image->width,
                                                  (int)image->height, 3, image->pixels, quality);
    whole = whole && !ferror(stream);
    whole = stream && fclose(stream) == 0 && whole;
    if (!whole) {
        free(data);
        *out_size = 0;
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "no memory for a JPEG of %u x %u pixels",
                           image->width, image->height);
    }
    *out_data = (unsigned char *)data;
    return RETUNE_OK;
}
