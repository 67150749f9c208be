#include "image/image.h"

#include "base/file.h"
#include "base/memory.h"
#include "image/decoder.h"
#include "image/jpeg.h"
#include "image/png.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- Inspecting ---------------------------------------------------------------------------- */

size_t retune_image_file_limit(uint32_t max_megapixels) {
    /* 16-bit RGBA that did not compress, and room for metadata. */
    uint64_t limit = (uint64_t)max_megapixels * 1000000 * 8 + (64u << 20);
    return limit < INT_MAX ? (size_t)limit : INT_MAX;
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
    uint32_t width, height;
    RETUNE_TRY(retune_decoder_size(data, size, &width, &height, error));
    if (width != out_info->width || height != out_info->height)
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

/* Turns stored pixels into the picture they stand for. Orientations 2..4 mirror, 5..8 also swap
 * rows and columns. */
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

    RETUNE_TRY(
        retune_decoder_run(data, size, stored.width, stored.height, &out_image->pixels, error));
    out_image->width = stored.width;
    out_image->height = stored.height;
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
