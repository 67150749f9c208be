#include "image/jpeg.h"

#include "image/exif.h"

#include <string.h>

enum {
    MARKER_STUFFING = 0x00, /* FF 00: a data byte FF */
    MARKER_SOF0 = 0xC0,     /* baseline */
    MARKER_SOF1 = 0xC1,     /* extended sequential */
    MARKER_SOF2 = 0xC2,     /* progressive */
    MARKER_DHT = 0xC4,      /* Huffman tables */
    MARKER_JPG = 0xC8,
    MARKER_DAC = 0xCC,
    MARKER_SOF15 = 0xCF,
    MARKER_RST0 = 0xD0,
    MARKER_RST7 = 0xD7,
    MARKER_EOI = 0xD9,
    MARKER_SOS = 0xDA,
    MARKER_APP1 = 0xE1
};

/* A few bytes of scan header can ask for a pass over every pixel; encoders write about ten. */
enum { SCANS_MAX = 500 };

typedef struct jpeg_walk {
    const unsigned char *data;
    size_t size, at;
    uint32_t max_megapixels;
    unsigned scans;
    bool has_frame, has_exif;
    retune_image_info *info;
    retune_error *error;
} jpeg_walk;

static retune_status ends_early(const jpeg_walk *walk) {
    return retune_fail(walk->error, RETUNE_CORRUPT, "JPEG ends at byte %zu before its end marker",
                       walk->size);
}

static retune_status has(const jpeg_walk *walk, const char *what, size_t byte) {
    return retune_fail(walk->error, RETUNE_CORRUPT, "JPEG has %s at byte %zu", what, byte);
}

/* The next marker, wherever it is: what lies before it is entropy-coded data or padding. */
static bool next_marker(jpeg_walk *walk, unsigned *out_marker) {
    const unsigned char *found = memchr(walk->data + walk->at, 0xFF, walk->size - walk->at);
    if (!found)
        return false;
    walk->at = (size_t)(found - walk->data);
    while (walk->at < walk->size && walk->data[walk->at] == 0xFF)
        walk->at++;
    if (walk->at == walk->size)
        return false;
    *out_marker = walk->data[walk->at++];
    return true;
}

static bool is_frame(unsigned marker) {
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

/* Segments below: `at` is the first byte after the length, `length` counts from there. */

static retune_status read_frame(jpeg_walk *walk, unsigned marker, const unsigned char *at,
                                size_t length) {
    size_t byte = (size_t)(at - walk->data);
    if (marker > MARKER_SOF2)
        return retune_fail(
            walk->error, RETUNE_CORRUPT,
            "JPEG of a kind that cannot be read (frame marker 0x%X at byte %zu; only "
            "baseline and progressive Huffman coding can)",
            marker, byte - 4);
    if (walk->has_frame || length < 6 || length != 6 + 3 * (size_t)at[5])
        return has(walk, "a malformed frame header", byte);
    if (at[0] != 8)
        return retune_fail(walk->error, RETUNE_CORRUPT,
                           "JPEG has %u bits a colour at byte %zu; only 8 can be read", at[0],
                           byte);
    walk->has_frame = true;
    walk->info->height = (uint32_t)(at[1] << 8 | at[2]);
    walk->info->width = (uint32_t)(at[3] << 8 | at[4]);
    return retune_image_check_size(walk->info->width, walk->info->height, walk->max_megapixels,
                                   walk->error);
}

/* The decoder trusts the lengths in Huffman tables, so they are verified here. */
static retune_status check_huffman_tables(const jpeg_walk *walk, const unsigned char *at,
                                          size_t length) {
    while (length > 0) {
        size_t byte = (size_t)(at - walk->data), symbols = 0;
        if (length < 17)
            return has(walk, "a malformed Huffman table", byte);
        for (size_t i = 1; i <= 16; i++)
            symbols += at[i];
        if (symbols > 256 || symbols > length - 17)
            return has(walk, "a malformed Huffman table", byte);
        at += 17 + symbols;
        length -= 17 + symbols;
    }
    return RETUNE_OK;
}

static void read_exif(jpeg_walk *walk, const unsigned char *at, size_t length) {
    static const char identifier[6] = "Exif\0";
    if (walk->has_exif || length < sizeof identifier ||
        memcmp(at, identifier, sizeof identifier) != 0)
        return;
    walk->has_exif = true;
    walk->info->orientation =
        retune_exif_orientation(at + sizeof identifier, length - sizeof identifier);
}

static retune_status read_segment(jpeg_walk *walk, unsigned marker) {
    size_t left = walk->size - walk->at;
    if (left < 2)
        return ends_early(walk);
    const unsigned char *at = walk->data + walk->at;
    size_t length = (size_t)(at[0] << 8 | at[1]);
    if (length < 2)
        return has(walk, "a malformed segment", walk->at);
    if (length > left)
        return ends_early(walk);
    walk->at += length;
    at += 2;
    length -= 2;
    if (is_frame(marker))
        return read_frame(walk, marker, at, length);
    if (marker == MARKER_DHT)
        return check_huffman_tables(walk, at, length);
    if (marker == MARKER_APP1)
        read_exif(walk, at, length);
    if (marker == MARKER_SOS && !walk->has_frame)
        return has(walk, "a scan before its frame header", (size_t)(at - walk->data));
    if (marker == MARKER_SOS && ++walk->scans > SCANS_MAX)
        return retune_fail(walk->error, RETUNE_CORRUPT, "JPEG has more than %d scans at byte %zu",
                           SCANS_MAX, (size_t)(at - walk->data));
    return RETUNE_OK;
}

bool retune_jpeg_recognize(const unsigned char *data, size_t size) {
    return size >= 3 && data[0] == 0xFF && data[1] == 0xD8 && data[2] == 0xFF;
}

retune_status retune_jpeg_inspect(const unsigned char *data, size_t size, uint32_t max_megapixels,
                                  retune_image_info *out_info, retune_error *error) {
    *out_info = (retune_image_info){.orientation = 1};
    jpeg_walk walk = {.data = data,
                      .size = size,
                      .at = 2,
                      .max_megapixels = max_megapixels,
                      .info = out_info,
                      .error = error};
    unsigned marker;
    while (next_marker(&walk, &marker)) {
        if (marker == MARKER_EOI) {
            if (walk.scans == 0)
                return has(&walk, "its end marker before any image data", walk.at - 2);
            return RETUNE_OK;
        }
        bool in_data =
            marker == MARKER_STUFFING || (marker >= MARKER_RST0 && marker <= MARKER_RST7);
        if (in_data && walk.scans > 0)
            continue;
        if (marker < MARKER_SOF0 || in_data)
            return has(&walk, "an unknown marker", walk.at - 2);
        RETUNE_TRY(read_segment(&walk, marker));
    }
    return ends_early(&walk);
}
