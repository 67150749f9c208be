#include "jpeg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define QUALITY 92

/* Never popped: the compiler reports some of stb_image_write's unused functions at the end of the
 * file. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>

static unsigned char byte_of(float share) {
    return (unsigned char)(share * 255 + 0.5f);
}

static void append(void *file, void *data, int size) {
    fwrite(data, 1, (size_t)size, file); /* a failure stays in the file and is seen at its end */
}

bool jpeg_write(const struct canvas *canvas, const char *path) {
    size_t count = (size_t)canvas->size * (size_t)canvas->size;
    unsigned char *bytes = malloc(count * 3);
    FILE *file = bytes ? fopen(path, "wb") : NULL;
    bool good = file != NULL;
    if (good) {
        for (size_t i = 0; i < count; i++) {
            bytes[3 * i] = byte_of(canvas->pixels[i].red);
            bytes[3 * i + 1] = byte_of(canvas->pixels[i].green);
            bytes[3 * i + 2] = byte_of(canvas->pixels[i].blue);
        }
        good = stbi_write_jpg_to_func(append, file, canvas->size, canvas->size, 3, bytes,
                                      QUALITY) != 0;
        good = !ferror(file) && good;
        good = fclose(file) == 0 && good;
    }
    free(bytes);
    return good;
}
