#include "image/png.h"

#include "image/exif.h"

#include <string.h>

static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

enum {
    CHUNK_OVERHEAD = 12, /* length, type, checksum */
    HEADER_LENGTH = 13   /* of the IHDR chunk's data */
};

static uint32_t read_u32(const unsigned char *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* CRC-32 of the PNG specification, four bits at a time. */
static uint32_t checksum(const unsigned char *data, size_t size) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static bool is_type(const unsigned char *type, const char *name) {
    return memcmp(type, name, 4) == 0;
}

/* Decoders must understand chunks whose name starts with a capital; others may be ignored. */
static bool is_critical(const unsigned char *type) {
    return (type[0] & 0x20) == 0;
}

bool retune_png_recognize(const unsigned char *data, size_t size) {
    return size >= sizeof signature && memcmp(data, signature, sizeof signature) == 0;
}

static retune_status read_header(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                 retune_image_info *info, retune_error *error) {
    const unsigned char *chunk = data + sizeof signature;
    if (size < sizeof signature + 8 + HEADER_LENGTH)
        return retune_fail(error, RETUNE_CORRUPT, "PNG ends at byte %zu inside its header", size);
    if (read_u32(chunk) != HEADER_LENGTH || !is_type(chunk + 4, "IHDR"))
        return retune_fail(error, RETUNE_CORRUPT,
                           "PNG does not begin with an IHDR chunk (byte %zu)", sizeof signature);
    info->width = read_u32(chunk + 8);
    info->height = read_u32(chunk + 12);
    return retune_image_check_size(info->width, info->height, max_megapixels, error);
}

retune_status retune_png_inspect(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                 retune_image_info *out_info, retune_error *error) {
    *out_info = (retune_image_info){.orientation = 1};
    RETUNE_TRY(read_header(data, size, max_megapixels, out_info, error));

    bool has_data = false;
    size_t at = sizeof signature;
    while (size - at >= CHUNK_OVERHEAD) {
        size_t length = read_u32(data + at);
        const unsigned char *type = data + at + 4, *content = type + 4;
        if (length > size - at - CHUNK_OVERHEAD)
            return retune_fail(error, RETUNE_CORRUPT,
                               "PNG ends at byte %zu inside the chunk that begins at byte %zu",
                               size, at);
        if (is_critical(type) && checksum(type, 4 + length) != read_u32(content + length))
            return retune_fail(error, RETUNE_CORRUPT,
                               "PNG is damaged: the chunk at byte %zu fails its checksum", at);
        if (is_type(type, "IEND")) {
            if (has_data)
                return RETUNE_OK;
            return retune_fail(error, RETUNE_CORRUPT, "PNG has no image data before byte %zu", at);
        }
        if (is_type(type, "IDAT"))
            has_data = true;
        if (is_type(type, "eXIf"))
            out_info->orientation = retune_exif_orientation(content, length);
        at += CHUNK_OVERHEAD + length;
    }
    return retune_fail(error, RETUNE_CORRUPT, "PNG ends at byte %zu before its end chunk", size);
}
