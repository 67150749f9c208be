/* Files that are cut off, damaged, lying or no images at all: each is refused, with the reason. */
#include "image/image.h"
#include "image/pictures.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void assert_refused(const void *data, size_t size, uint32_t max_megapixels,
                           const char *part) {
    /* A copy of just this size, so that sanitizers see a read past the end. */
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    retune_error error = RETUNE_ERROR_INIT;
    retune_image_info info;
    cr_expect_eq(retune_image_probe(copy, size, max_megapixels, &info, &error), RETUNE_CORRUPT,
                 "'%s' was expected", part);
    cr_expect_eq(error.code, RETUNE_CORRUPT);
    cr_expect(strstr(error.message, part), "'%s' does not say '%s'", error.message, part);

    retune_image image = {1, 1, copy};
    cr_expect_eq(retune_image_decode(copy, size, max_megapixels, &image, NULL), RETUNE_CORRUPT);
    cr_expect_null(image.pixels);
    free(copy);
}

/* Files that pass inspection and fail in the decoder. */
static void assert_undecodable(const picture_file *file, const char *part) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_image image;
    cr_assert_eq(retune_image_decode(file->data, file->size, 100, &image, &error), RETUNE_CORRUPT);
    cr_expect(strstr(error.message, part), "'%s' does not say '%s'", error.message, part);
    cr_expect_null(image.pixels);
}

Test(damage, other_content) {
    assert_refused("hello, world", 12, 100, "not a JPEG or PNG (begins with 'hell')");
    assert_refused("", 0, 100, "not a JPEG or PNG (empty file)");
    assert_refused("\xFF\xD8", 2, 100, "not a JPEG or PNG (begins with '\\xff\\xd8')");
    assert_refused("\x89PNG\r\n", 6, 100, "not a JPEG or PNG (begins with '\\x89PNG')");
    assert_refused("GIF89a......", 12, 100, "begins with 'GIF8'");
    assert_refused("BM\0\0........", 12, 100, "begins with 'BM\\x00\\x00'");
}

Test(damage, jpeg_cut_off_anywhere) {
    picture_file file = picture_jpeg(160, 120, 90);
    char expected[64];
    for (size_t part = 1; part < 16; part++) {
        size_t size = file.size * part / 16;
        snprintf(expected, sizeof expected, "JPEG ends at byte %zu before its end marker", size);
        assert_refused(file.data, size, 100, expected);
    }
    assert_refused(file.data, file.size - 1, 100, "before its end marker");
    assert_refused(file.data, file.size - 2, 100, "before its end marker");
    picture_free(&file);
}

Test(damage, progressive_jpeg_cut_off_anywhere) {
    for (size_t size = 3; size < picture_progressive_jpeg.size; size++)
        assert_refused(picture_progressive_jpeg.data, size, 100, "JPEG ends at byte");
}

/* A whole picture in the metadata, as cameras store a preview, is no end of the picture. */
Test(damage, jpeg_with_preview_cut_off) {
    picture_file file = picture_jpeg(160, 120, 90), preview = picture_jpeg(8, 8, 50);
    unsigned length = (unsigned)preview.size + 2;
    const unsigned char start[] = {0xFF, 0xE2, (unsigned char)(length >> 8), (unsigned char)length};
    file = picture_insert(file, 2, preview.data, preview.size);
    file = picture_insert(file, 2, start, sizeof start);
    retune_image_info info;
    cr_expect_eq(retune_image_probe(file.data, file.size, 100, &info, NULL), RETUNE_OK);
    cr_expect_eq(info.width, 160);
    assert_refused(file.data, file.size - 100, 100, "before its end marker");
    picture_free(&preview);
    picture_free(&file);
}

Test(damage, png_cut_off_anywhere) {
    picture_file file = picture_png(160, 120);
    for (size_t part = 1; part < 16; part++)
        assert_refused(file.data, file.size * part / 16, 100, "PNG ends at byte");
    for (size_t size = 8; size < 100; size++)
        assert_refused(file.data, size, 100, "PNG ends at byte");
    for (size_t size = file.size - 20; size < file.size; size++)
        assert_refused(file.data, size, 100, "PNG ends at byte");
    picture_free(&file);
}

Test(damage, png_with_a_flipped_bit) {
    picture_file file = picture_png(40, 40);
    file.data[file.size / 2] ^= 4;
    assert_refused(file.data, file.size, 100, "the chunk at byte 33 fails its checksum");
    picture_free(&file);
}

Test(damage, png_without_data) {
    unsigned char header[13] = {0, 0, 0, 4, 0, 0, 0, 4, 8, 2, 0, 0, 0}, data[8 + 25 + 12];
    memcpy(data, "\x89PNG\r\n\x1A\n", 8);
    picture_chunk("IHDR", header, 13, data + 8);
    picture_chunk("IEND", NULL, 0, data + 33);
    assert_refused(data, sizeof data, 100, "PNG has no image data before byte 33");
    picture_chunk("IDAT", header, 13, data + 8);
    assert_refused(data, sizeof data, 100, "PNG does not begin with an IHDR chunk");
}

Test(damage, png_of_impossible_size) {
    unsigned char header[13] = {0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 6, 0, 0, 0}, data[8 + 25];
    memcpy(data, "\x89PNG\r\n\x1A\n", 8);
    picture_chunk("IHDR", header, 13, data + 8);
    assert_refused(data, sizeof data, 100,
                   "60000 x 60000 pixels is larger than the limit of 100 megapixels");
    header[0] = 0x7F;
    picture_chunk("IHDR", header, 13, data + 8);
    assert_refused(data, sizeof data, 1000, "a side may have at most 65535");
    memset(header, 0, 4);
    header[2] = header[3] = 0;
    picture_chunk("IHDR", header, 13, data + 8);
    assert_refused(data, sizeof data, 100, "image of 0 x 60000 pixels");
}

static size_t find_marker(const picture_file *file, unsigned marker) {
    for (size_t i = 0; i + 1 < file->size; i++)
        if (file->data[i] == 0xFF && file->data[i + 1] == marker)
            return i;
    cr_assert_fail("no marker %x", marker);
    return 0;
}

Test(damage, megapixel_limit) {
    picture_file file = picture_jpeg(1100, 1000, 30);
    retune_image_info info;
    cr_expect_eq(retune_image_probe(file.data, file.size, 2, &info, NULL), RETUNE_OK);
    assert_refused(file.data, file.size, 1,
                   "1100 x 1000 pixels is larger than the limit of 1 megapixels");
    memset(file.data + find_marker(&file, 0xC0) + 5, 0xFF, 4);
    assert_refused(file.data, file.size, 100, "65535 x 65535 pixels");
    memset(file.data + find_marker(&file, 0xC0) + 5, 0, 2);
    assert_refused(file.data, file.size, 100, "image of 65535 x 0 pixels");
    picture_free(&file);
}

Test(damage, jpeg_headers) {
    picture_file file = picture_jpeg(40, 40, 80);
    size_t frame = find_marker(&file, 0xC0), tables = find_marker(&file, 0xC4);
    file.data[frame + 1] = 0xC9;
    assert_refused(file.data, file.size, 100, "frame marker 0xC9");
    file.data[frame + 1] = 0xC0;
    file.data[frame + 4] = 12;
    assert_refused(file.data, file.size, 100, "12 bits a colour");
    file.data[frame + 4] = 8;
    file.data[frame + 9] = 7;
    assert_refused(file.data, file.size, 100, "malformed frame header");
    file.data[frame + 9] = 3;
    memset(file.data + tables + 5, 0xFF, 16);
    assert_refused(file.data, file.size, 100, "malformed Huffman table");
    file.data[tables + 2] = file.data[tables + 3] = 0;
    assert_refused(file.data, file.size, 100, "malformed segment");
    picture_free(&file);
}

Test(damage, jpeg_without_frame_or_scan) {
    assert_refused("\xFF\xD8\xFF\xD9", 4, 100, "end marker before any image data at byte 2");
    assert_refused("\xFF\xD8\xFF\x01\xFF\xD9", 6, 100, "an unknown marker at byte 2");
    assert_refused("\xFF\xD8\xFF\xDA\x00\x02\xFF\xD9", 8, 100, "a scan before its frame header");
    picture_file file = picture_jpeg(8, 8, 80);
    size_t scan = find_marker(&file, 0xDA);
    memcpy(file.data + scan, "\xFF\xD9", 2);
    assert_refused(file.data, scan + 2, 100, "end marker before any image data");
    picture_free(&file);
}

Test(damage, jpeg_with_endless_scans) {
    picture_file file = picture_jpeg(8, 8, 80);
    size_t scan = find_marker(&file, 0xDA), length = file.size - 2 - scan;
    unsigned char *bytes = malloc(length);
    memcpy(bytes, file.data + scan, length);
    for (int i = 0; i < 600; i++)
        file = picture_insert(file, scan, bytes, length);
    assert_refused(file.data, file.size, 100, "more than 500 scans");
    free(bytes);
    picture_free(&file);
}

/* A small picture whose data unpacks to much more must not get the memory. */
Test(damage, png_bomb) {
    size_t size = (size_t)64 << 20;
    unsigned char *zeros = calloc(1, size);
    picture_file file = picture_png_raw(10, 10, 8, 2, NULL, 0, zeros, size);
    cr_assert_lt(file.size, (size_t)4 << 20);
    assert_undecodable(&file, "unpacks to more than its pixels");
    free(zeros);
    picture_free(&file);
}

Test(damage, png_with_too_little_data) {
    const unsigned char lines[] = {0, 1, 2, 3};
    picture_file file = picture_png_raw(10, 10, 8, 2, NULL, 0, lines, sizeof lines);
    assert_undecodable(&file, "cannot be decoded");
    picture_free(&file);
}

Test(damage, png_with_an_impossible_header) {
    const unsigned char lines[] = {0, 1, 2, 3};
    picture_file file = picture_png_raw(1, 1, 3, 2, NULL, 0, lines, sizeof lines);
    assert_refused(file.data, file.size, 100, "cannot be decoded");
    picture_free(&file);
}

/* Whatever bytes change, the answer is an image of the promised size or an error. */
Test(damage, random_changes_never_crash) {
    picture_file originals[] = {picture_jpeg(48, 32, 70), picture_png(48, 32),
                                picture_progressive_jpeg, picture_cmyk_jpeg};
    uint32_t state = 12345, refused = 0;
    for (int round = 0; round < 4000; round++) {
        const picture_file *original = &originals[round % 4];
        unsigned char *data = malloc(original->size);
        memcpy(data, original->data, original->size);
        for (int change = 0; change <= round % 5; change++) {
            state = state * 1664525 + 1013904223;
            data[(state >> 8) % original->size] = (unsigned char)(state >> 24);
        }
        retune_image image;
        retune_error error = RETUNE_ERROR_INIT;
        retune_status status = retune_image_decode(data, original->size, 1, &image, &error);
        cr_assert((status == RETUNE_OK) == (image.pixels != NULL));
        cr_assert(status == RETUNE_OK || (status == RETUNE_CORRUPT && error.message[0] != '\0'));
        refused += status != RETUNE_OK;
        retune_image_free(&image);
        free(data);
    }
    cr_expect_gt(refused, 1000);
    picture_free(&originals[0]);
    picture_free(&originals[1]);
}
