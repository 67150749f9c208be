/* Encoded pictures are read back. */
#include "image/encoder.h"

#include <stdlib.h>

#include "expect.h"
#include "image/pictures.h"

static void expect_round_trip(uint32_t width, uint32_t height, int quality, int tolerance) {
    unsigned char *jpeg = NULL;
    size_t size = 0;
    retune_image image = {width, height, picture_pixels(width, height)}, back = {0};
    assert_ok(retune_image_encode_jpeg(&image, quality, &jpeg, &size, &error));
    assert_ok(retune_image_decode(jpeg, size, 1, &back, &error));
    cr_expect(back.width == width && back.height == height);
    for (size_t i = 0; i < (size_t)width * height * 3; i++)
        cr_assert_leq(abs(back.pixels[i] - image.pixels[i]), tolerance, "%u x %u: byte %zu", width,
                      height, i);
    free(jpeg);
    retune_image_free(&image);
    retune_image_free(&back);
}

Test(encode, is_read_back) {
    expect_round_trip(320, 213, 75, 24);
    expect_round_trip(17, 9, 95, 24);
    expect_round_trip(1, 1, 75, 24);
    expect_round_trip(320, 1, 100, 24);
}

Test(encode, a_lower_quality_is_smaller) {
    retune_image image = {64, 64, picture_pixels(64, 64)};
    size_t sizes[3], count = 0;
    static const int qualities[] = {95, 75, 20};
    for (; count < 3; count++) {
        unsigned char *jpeg = NULL;
        assert_ok(retune_image_encode_jpeg(&image, qualities[count], &jpeg, &sizes[count], &error));
        free(jpeg);
    }
    cr_expect(sizes[0] > sizes[1] && sizes[1] > sizes[2]);
    retune_image_free(&image);
}
