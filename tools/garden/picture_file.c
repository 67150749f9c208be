#include "picture_file.h"

#include "base/file.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define QUALITY 92

/* Never popped: the compiler reports some of stb_image_write's unused functions at the end of the
 * file. */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>

retune_status bitmap_make(int width, int height, struct bitmap *out_bitmap, retune_error *error) {
    size_t count = (size_t)width * (size_t)height;
    *out_bitmap = (struct bitmap){width, height, NULL};
    RETUNE_TRY(retune_allocate(count, 3, "a bitmap", &out_bitmap->bytes, error));
    memset(out_bitmap->bytes, 255, 3 * count);
    return RETUNE_OK;
}

static unsigned char byte_of(float share) {
    return (unsigned char)(share * 255 + 0.5f);
}

void bitmap_put(struct bitmap *bitmap, int left, int top, const struct canvas *canvas) {
    const struct colour *pixel = canvas->pixels;
    for (int row = 0; row < canvas->size; row++) {
        size_t start = (size_t)(top + row) * (size_t)bitmap->width + (size_t)left;
        unsigned char *byte = bitmap->bytes + 3 * start;
        for (int column = 0; column < canvas->size; column++, pixel++) {
            *byte++ = byte_of(pixel->red);
            *byte++ = byte_of(pixel->green);
            *byte++ = byte_of(pixel->blue);
        }
    }
}

/* Bytes that grow; `data` is NULL once memory has run out. */
struct bytes {
    unsigned char *data;
    size_t size, capacity;
};

static void append(void *context, void *data, int size) {
    struct bytes *bytes = context;
    size_t more = (size_t)size;
    if (!bytes->data)
        return;
    while (bytes->capacity - bytes->size < more) {
        unsigned char *larger = realloc(bytes->data, 2 * bytes->capacity);
        if (!larger) {
            free(bytes->data);
            bytes->data = NULL;
            return;
        }
        bytes->data = larger;
        bytes->capacity *= 2;
    }
    memcpy(bytes->data + bytes->size, data, more);
    bytes->size += more;
}

retune_status bitmap_encode(const struct bitmap *bitmap, const char *name, unsigned char **out_data,
                            size_t *out_size, retune_error *error) {
    *out_data = NULL;
    *out_size = 0;
    struct bytes bytes = {.capacity = 1 << 14};
    RETUNE_TRY(retune_allocate(bytes.capacity, 1, "a picture", &bytes.data, error));
    int width = bitmap->width, height = bitmap->height;
    int done =
        retune_path_has_extension(name, ".png")
            ? stbi_write_png_to_func(append, &bytes, width, height, 3, bitmap->bytes, 3 * width)
            : stbi_write_jpg_to_func(append, &bytes, width, height, 3, bitmap->bytes, QUALITY);
    if (!done || !bytes.data) {
        free(bytes.data);
        return retune_fail_memory(error, 0, "a picture");
    }
    *out_data = bytes.data;
    *out_size = bytes.size;
    return RETUNE_OK;
}
