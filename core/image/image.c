#include "image/image.h"

#include "base/file.h"
#include "base/memory.h"
#include "image/jpeg.h"
#include "image/png.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- Memory of the decoder ----------------------------------------------------------------- */

/* A compressed file can unpack to a thousand times its size, whatever its header claims, so the
 * decoder may take no block larger than the header warrants. Memory is zeroed because it reads
 * tables that a file may never define. */
static _Thread_local size_t block_limit;
static _Thread_local bool limit_hit, memory_short;

static void *decoder_allocate(size_t size) {
    limit_hit |= size > block_limit;
    void *block = size > block_limit ? NULL : calloc(1, size);
    memory_short |= !block;
    return block;
}

static void *decoder_reallocate(void *old, size_t size) {
    limit_hit |= size > block_limit;
    void *block = size > block_limit ? NULL : realloc(old, size);
    memory_short |= !block;
    return block;
}

/* Blocks of a 16-bit RGBA picture with filter bytes, or of progressive JPEG coefficients in whole
 * blocks of pixels; doubled, because buffers grow by doubling. */
static size_t largest_block(const retune_image_info *info) {
    return 2 * 8 * ((size_t)info->width + 64) * ((size_t)info->height + 64) + (1u << 20);
}

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS    RETUNE_IMAGE_SIDE_MAX
#define STBI_ASSERT(condition) ((void)0) /* a library does not abort */
#define STBI_MALLOC(size)      decoder_allocate(size)
#define STBI_REALLOC(old, size) decoder_reallocate(old, size)
#define STBI_FREE(block)       free(block)
#if defined(__ARM_NEON)
#define STBI_NEON
#endif
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <stb_image.h>
#pragma GCC diagnostic pop

static retune_status decoder_failed(retune_error *error) {
    if (limit_hit)
        return retune_fail(error, RETUNE_CORRUPT, "its data unpacks to more than its pixels");
    if (memory_short)
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory while decoding an image");
    const char *reason = stbi_failure_reason();
    return retune_fail(error, RETUNE_CORRUPT, "cannot be decoded: %s",
                       reason ? reason : "unknown fault");
}

static void prepare_decoder(const retune_image_info *info) {
    block_limit = largest_block(info);
    limit_hit = memory_short = false;
}

/* ---- Inspecting ---------------------------------------------------------------------------- */

size_t retune_image_file_limit(uint32_t max_megapixels) {
    /* 16-bit RGBA that did not compress, and room for metadata. */
    size_t limit = (size_t)max_megapixels * 1000000 * 8 + (64u << 20);
    return limit < INT_MAX ? limit : INT_MAX;
}

retune_status retune_image_check_size(uint32_t width, uint32_t height, uint32_t max_megapixels,
                                      retune_error *error) {
    if (width == 0 || height == 0)
        return retune_fail(error, RETUNE_CORRUPT, "image of %u x %u pixels", width, height);
    if (width > RETUNE_IMAGE_SIDE_MAX || height > RETUNE_IMAGE_SIDE_MAX)
        return retune_fail(error, RETUNE_CORRUPT,
                           "image of %u x %u pixels; a side may have at most %u", width, height,
                           RETUNE_IMAGE_SIDE_MAX);
    if ((uint64_t)width * height > (uint64_t)max_megapixels * 1000000)
        return retune_fail(error, RETUNE_CORRUPT,
                           "image of %u x %u pixels is larger than the limit of %u megapixels",
                           width, height, max_megapixels);
    return RETUNE_OK;
}

static retune_status unknown_content(const unsigned char *data, size_t size, retune_error *error) {
    if (size == 0)
        return retune_fail(error, RETUNE_CORRUPT, "not a JPEG or PNG (empty file)");
    char text[4 * 4 + 1];
    size_t used = 0;
    for (size_t i = 0; i < size && i < 4; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 isascii(data[i]) && isprint(data[i]) ? "%c" : "\\x%02x", data[i]);
    return retune_fail(error, RETUNE_CORRUPT, "not a JPEG or PNG (begins with '%s')", text);
}

/* The walk, with the size as stored. The decoder's own reading of the header must agree with it
 * before the decoder gets any memory. */
static retune_status inspect(const unsigned char *data, size_t size, uint32_t max_megapixels,
                             retune_image_info *out_info, retune_error *error) {
    if (retune_jpeg_recognize(data, size))
        RETUNE_TRY(retune_jpeg_inspect(data, size, max_megapixels, out_info, error));
    else if (retune_png_recognize(data, size))
        RETUNE_TRY(retune_png_inspect(data, size, max_megapixels, out_info, error));
    else
        return unknown_content(data, size, error);
    if (size > INT_MAX)
        return retune_fail(error, RETUNE_CORRUPT, "file of %zu bytes is too long", size);

    int width, height, channels;
    prepare_decoder(out_info);
    if (!stbi_info_from_memory(data, (int)size, &width, &height, &channels))
        return decoder_failed(error);
    if ((uint32_t)width != out_info->width || (uint32_t)height != out_info->height)
        return retune_fail(error, RETUNE_CORRUPT, "contradicts itself about its size");
    return RETUNE_OK;
}

static bool swaps_sides(uint32_t orientation) {
    return orientation >= 5;
}

retune_status retune_image_probe(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                 retune_image_info *out_info, retune_error *error) {
    memset(out_info, 0, sizeof *out_info);
    retune_image_info stored;
    RETUNE_TRY(inspect(data, size, max_megapixels, &stored, error));
    *out_info = stored;
    if (swaps_sides(stored.orientation)) {
        out_info->width = stored.height;
        out_info->height = stored.width;
    }
    return RETUNE_OK;
}

/* ---- Decoding ------------------------------------------------------------------------------ */

/* Turns stored pixels into the picture they stand for. Orientations 2..4 mirror, 5..8 also swap rows
 * and columns. */
static retune_status turn_upright(retune_image *image, uint32_t orientation, retune_error *error) {
    bool swap = swaps_sides(orientation);
    bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    retune_image turned = {.width = swap ? image->height : image->width,
                           .height = swap ? image->width : image->height};
    RETUNE_TRY(retune_allocate((size_t)turned.width * turned.height, 3, "turned image",
                               &turned.pixels, error));
    unsigned char *out = turned.pixels;
    for (uint32_t y = 0; y < turned.height; y++) {
        for (uint32_t x = 0; x < turned.width; x++, out += 3) {
            uint32_t column = swap ? y : x, row = swap ? x : y;
            column = mirror_x ? image->width - 1 - column : column;
            row = mirror_y ? image->height - 1 - row : row;
            memcpy(out, image->pixels + ((size_t)row * image->width + column) * 3, 3);
        }
    }
    retune_image_free(image);
    *image = turned;
    return RETUNE_OK;
}

retune_status retune_image_decode(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                  retune_image *out_image, retune_error *error) {
    memset(out_image, 0, sizeof *out_image);
    retune_image_info stored;
    RETUNE_TRY(inspect(data, size, max_megapixels, &stored, error));

    int width, height, channels;
    prepare_decoder(&stored);
    unsigned char *pixels =
        stbi_load_from_memory(data, (int)size, &width, &height, &channels, STBI_rgb);
    if (!pixels)
        return decoder_failed(error);
    *out_image = (retune_image){stored.width, stored.height, pixels};
    retune_status status = RETUNE_OK;
    if (stored.orientation != 1)
        status = turn_upright(out_image, stored.orientation, error);
    if (status != RETUNE_OK)
        retune_image_free(out_image);
    return status;
}

retune_status retune_image_read(const char *path, uint32_t max_megapixels, retune_image *out_image,
                                retune_error *error) {
    memset(out_image, 0, sizeof *out_image);
    unsigned char *data;
    size_t size;
    RETUNE_TRY(
        retune_file_read(path, retune_image_file_limit(max_megapixels), &data, &size, error));
    retune_status status = retune_image_decode(data, size, max_megapixels, out_image, error);
    if (status != RETUNE_OK)
        retune_fail_context(error, status, "%s", path);
    free(data);
    return status;
}

void retune_image_free(retune_image *image) {
    if (image) {
        free(image->pixels);
        memset(image, 0, sizeof *image);
    }
}
