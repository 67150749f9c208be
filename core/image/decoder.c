#include "image/decoder.h"

#include "image/image.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

/* A compressed file can unpack to a thousand times its size, whatever its header claims, so the
 * decoder may take no block larger than the header warrants. Memory is zeroed because the decoder
 * reads tables that a file may never define. */
static _Thread_local size_t block_limit;
static _Thread_local bool limit_hit, memory_short;

static bool within_limit(size_t size) {
    limit_hit |= size > block_limit;
    return size <= block_limit;
}

static void *take_block(size_t size) {
    void *block = within_limit(size) ? calloc(1, size) : NULL;
    memory_short |= !block;
    return block;
}

static void *grow_block(void *old, size_t size) {
    void *block = within_limit(size) ? realloc(old, size) : NULL;
    memory_short |= !block;
    return block;
}

/* Never popped: the compiler reports some of stb_image's unused functions at the end of the file.
 */
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS     RETUNE_IMAGE_SIDE_MAX
#define STBI_ASSERT(condition)  ((void)0) /* a library does not abort */
#define STBI_MALLOC(size)       take_block(size)
#define STBI_REALLOC(old, size) grow_block(old, size)
#define STBI_FREE(block)        free(block)
#if defined(__ARM_NEON)
#define STBI_NEON
#endif
#include <stb_image.h>

static retune_status prepare(size_t size, size_t limit, retune_error *error) {
    block_limit = limit;
    limit_hit = memory_short = false;
    if (size > INT_MAX)
        return retune_fail(error, RETUNE_CORRUPT, "file of %zu bytes is too long", size);
    return RETUNE_OK;
}

static retune_status explain_failure(retune_error *error) {
    if (limit_hit)
        return retune_fail(error, RETUNE_CORRUPT, "unpacks to more than its pixels");
    if (memory_short)
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory while decoding an image");
    const char *reason = stbi_failure_reason();
    return retune_fail(error, RETUNE_CORRUPT, "cannot be decoded: %s",
                       reason ? reason : "unknown fault");
}

retune_status retune_decoder_size(const unsigned char *data, size_t size, uint32_t *out_width,
                                  uint32_t *out_height, retune_error *error) {
    *out_width = *out_height = 0;
    RETUNE_TRY(prepare(size, 1u << 20, error));
    int width, height, channels;
    if (!stbi_info_from_memory(data, (int)size, &width, &height, &channels))
        return explain_failure(error);
    *out_width = (uint32_t)width;
    *out_height = (uint32_t)height;
    return RETUNE_OK;
}

/* What 16-bit RGBA with filter bytes takes, or the coefficients of a progressive JPEG in whole
 * blocks of pixels; twice, because buffers grow by doubling. */
static size_t largest_block(uint32_t width, uint32_t height) {
    uint64_t bytes = 2 * 8 * ((uint64_t)width + 64) * ((uint64_t)height + 64) + (1u << 20);
    return bytes < SIZE_MAX ? (size_t)bytes : SIZE_MAX;
}

retune_status retune_decoder_run(const unsigned char *data, size_t size, uint32_t width,
                                 uint32_t height, unsigned char **out_pixels, retune_error *error) {
    *out_pixels = NULL;
    RETUNE_TRY(prepare(size, largest_block(width, height), error));
    int decoded_width, decoded_height, channels;
    unsigned char *pixels = stbi_load_from_memory(data, (int)size, &decoded_width, &decoded_height,
                                                  &channels, STBI_rgb);
    if (!pixels)
        return explain_failure(error);
    if ((uint32_t)decoded_width != width || (uint32_t)decoded_height != height) {
        free(pixels);
        return retune_fail(error, RETUNE_CORRUPT, "decodes to another size than it claims");
    }
    *out_pixels = pixels;
    return RETUNE_OK;
}
