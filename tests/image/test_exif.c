/* Photos that were taken with the camera turned. */
#include "image/exif.h"
#include "image/image.h"
#include "image/pictures.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Corners of the upright picture. */
enum { TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT };

/* Where the stored picture's first pixel and the last pixel of its first row are to be seen. */
static const int first_seen[9] = {-1,       TOP_LEFT,  TOP_RIGHT,    BOTTOM_RIGHT, BOTTOM_LEFT,
                                  TOP_LEFT, TOP_RIGHT, BOTTOM_RIGHT, BOTTOM_LEFT};
static const int row_end_seen[9] = {-1,          TOP_RIGHT,    TOP_LEFT,  BOTTOM_LEFT, BOTTOM_RIGHT,
                                    BOTTOM_LEFT, BOTTOM_RIGHT, TOP_RIGHT, TOP_LEFT};

static const unsigned char *corner(const retune_image *image, int which) {
    uint32_t x = which == TOP_RIGHT || which == BOTTOM_RIGHT ? image->width - 1 : 0;
    uint32_t y = which == BOTTOM_LEFT || which == BOTTOM_RIGHT ? image->height - 1 : 0;
    return image->pixels + 3 * ((size_t)y * image->width + x);
}

Test(exif, every_orientation) {
    enum { WIDTH = 7, HEIGHT = 4 };
    unsigned char first[3], row_end[3], exif[PICTURE_EXIF_SIZE];
    picture_pixel(0, 0, WIDTH, HEIGHT, first);
    picture_pixel(WIDTH - 1, 0, WIDTH, HEIGHT, row_end);
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        size_t size = picture_exif(orientation % 2, orientation, exif);
        picture_file file = picture_with_exif(picture_png(WIDTH, HEIGHT), exif, size);
        retune_image image;
        retune_image_info info;
        cr_assert_eq(retune_image_decode(file.data, file.size, 100, &image, NULL), RETUNE_OK);
        cr_assert_eq(retune_image_probe(file.data, file.size, 100, &info, NULL), RETUNE_OK);
        cr_expect_eq(info.orientation, orientation);
        cr_expect_eq(image.width, orientation >= 5 ? HEIGHT : WIDTH);
        cr_expect_eq(image.height, orientation >= 5 ? WIDTH : HEIGHT);
        cr_expect_eq(info.width, image.width);
        cr_expect_eq(info.height, image.height);
        cr_expect_eq(memcmp(corner(&image, first_seen[orientation]), first, 3), 0,
                     "orientation %u: first pixel", orientation);
        cr_expect_eq(memcmp(corner(&image, row_end_seen[orientation]), row_end, 3), 0,
                     "orientation %u: end of first row", orientation);
        retune_image_free(&image);
        picture_free(&file);
    }
}

Test(exif, in_a_jpeg) {
    unsigned char exif[PICTURE_EXIF_SIZE];
    for (int big_endian = 0; big_endian <= 1; big_endian++) {
        size_t size = picture_exif(big_endian, 6, exif);
        picture_file file = picture_with_exif(picture_jpeg(30, 20, 95), exif, size);
        retune_image image;
        cr_assert_eq(retune_image_decode(file.data, file.size, 100, &image, NULL), RETUNE_OK);
        cr_expect_eq(image.width, 20);
        cr_expect_eq(image.height, 30);
        unsigned char first[3];
        picture_pixel(0, 0, 30, 20, first);
        for (int c = 0; c < 3; c++)
            cr_expect_leq(abs(corner(&image, TOP_RIGHT)[c] - first[c]), 8);
        retune_image_free(&image);
        picture_free(&file);
    }
}

Test(exif, first_segment_counts) {
    unsigned char exif[PICTURE_EXIF_SIZE];
    size_t size = picture_exif(0, 8, exif);
    picture_file file = picture_with_exif(picture_jpeg(30, 20, 95), exif, size);
    picture_exif(0, 3, exif);
    file = picture_with_exif(file, exif, size); /* put in front */
    retune_image_info info;
    cr_assert_eq(retune_image_probe(file.data, file.size, 100, &info, NULL), RETUNE_OK);
    cr_expect_eq(info.orientation, 3);
    picture_free(&file);
}

static uint32_t orientation_of(const unsigned char *exif, size_t size) {
    unsigned char *copy = malloc(size ? size : 1); /* sanitizers see a read past the end */
    memcpy(copy, exif, size);
    uint32_t orientation = retune_exif_orientation(copy, size);
    free(copy);
    return orientation;
}

Test(exif, malformed_data_turns_nothing) {
    unsigned char exif[PICTURE_EXIF_SIZE];
    size_t size = picture_exif(0, 6, exif);
    cr_expect_eq(orientation_of(exif, size), 6);
    for (size_t cut = 0; cut < 22; cut++)
        cr_expect_eq(orientation_of(exif, cut), 1, "cut at %zu", cut);
    static const struct {
        size_t at;
        unsigned char value;
    } faults[] = {
        {0, 'X'},  {2, 43}, {4, 0xFF}, {7, 0xFF}, {8, 0},  /* header, directory, no entry */
        {12, 4},   {14, 2}, {18, 0},   {18, 9},   {19, 1}, /* type, count, value */
        {10, 0x13}                                         /* another tag */
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        picture_exif(0, 6, exif);
        exif[faults[i].at] = faults[i].value;
        cr_expect_eq(orientation_of(exif, size), 1, "fault %zu", i);
    }
    picture_exif(0, 6, exif);
    exif[9] = 0xFF; /* more entries than there is room for */
    cr_expect_eq(orientation_of(exif, size), 6);
}
