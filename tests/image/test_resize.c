/* Resizing against the same filter in float64, and its borders. */
#include "base/file.h"
#include "image/pictures.h"
#include "image/resize.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static retune_image noise(uint32_t width, uint32_t height) {
    retune_image image = {width, height, malloc((size_t)width * height * 3)};
    uint32_t state = 1;
    for (size_t i = 0; i < (size_t)width * height * 3; i++) {
        state = state * 1664525 + 1013904223;
        image.pixels[i] = (unsigned char)(state >> 24);
    }
    return image;
}

/* Weight of source pixel `i` in output coordinate `o`, before normalising. */
static double weight(double start, double length, uint32_t count, uint32_t o, uint32_t i) {
    double scale = length / count, support = fmax(1.0, scale);
    double distance = fabs(i + 0.5 - (start + (o + 0.5) * scale)) / support;
    return distance < 1 ? 1 - distance : 0;
}

static double reference(const retune_image *image, retune_view view, uint32_t width,
                        uint32_t height, uint32_t x, uint32_t y, int channel) {
    double total = 0, sum = 0;
    if (view.flip)
        x = width - 1 - x;
    for (uint32_t v = 0; v < image->height; v++) {
        double vertical = weight(view.y, view.height, height, y, v);
        for (uint32_t u = 0; vertical > 0 && u < image->width; u++) {
            double w = vertical * weight(view.x, view.width, width, x, u);
            sum += w * image->pixels[3 * ((size_t)v * image->width + u) + channel];
            total += w;
        }
    }
    return sum / total;
}

static void assert_near_reference(uint32_t image_width, uint32_t image_height, retune_view view,
                                  uint32_t width, uint32_t height) {
    retune_image image = noise(image_width, image_height);
    unsigned char *out = malloc((size_t)width * height * 3);
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(retune_image_resize(&image, view, width, height, out, &error), RETUNE_OK, "%s",
                 error.message);
    double worst = 0;
    for (uint32_t y = 0; y < height; y += 3)
        for (uint32_t x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                worst = fmax(worst, fabs(out[3 * (y * width + x) + c] -
                                         reference(&image, view, width, height, x, y, c)));
    cr_expect_leq(worst, 0.6, "%ux%u (%g,%g %gx%g flip %d) -> %ux%u: off by %g", image_width,
                  image_height, view.x, view.y, view.width, view.height, view.flip, width, height,
                  worst);
    free(out);
    retune_image_free(&image);
}

Test(resize, reference) {
    assert_near_reference(340, 256, (retune_view){0, 0, 340, 256, false}, 64, 48);
    assert_near_reference(340, 256, (retune_view){0, 0, 340, 256, true}, 64, 48);
    assert_near_reference(340, 256, (retune_view){42, 0, 256, 256, false}, 112, 112);
    assert_near_reference(120, 90, (retune_view){10.25f, 3.5f, 77.3f, 60.1f, true}, 32, 32);
    assert_near_reference(20, 15, (retune_view){0, 0, 20, 15, false}, 64, 50);
    assert_near_reference(20, 15, (retune_view){3.2f, 1.7f, 5.5f, 4.5f, true}, 40, 40);
    assert_near_reference(1, 1, (retune_view){0, 0, 1, 1, false}, 8, 8);
    assert_near_reference(500, 2, (retune_view){0, 0, 500, 2, false}, 3, 9);
    assert_near_reference(2000, 3, (retune_view){0, 0, 2000, 3, false}, 1, 1);
}

Test(resize, same_size_changes_nothing) {
    retune_image image = noise(33, 17);
    unsigned char out[33 * 17 * 3];
    cr_assert_eq(retune_image_resize(&image, retune_view_whole(&image), 33, 17, out, NULL),
                 RETUNE_OK);
    cr_expect_eq(memcmp(out, image.pixels, sizeof out), 0);
    retune_image_free(&image);
}

Test(resize, flip_mirrors) {
    retune_image image = noise(50, 31);
    unsigned char plain[24 * 24 * 3], mirrored[24 * 24 * 3];
    retune_view view = retune_view_whole(&image);
    cr_assert_eq(retune_image_resize(&image, view, 24, 24, plain, NULL), RETUNE_OK);
    view.flip = true;
    cr_assert_eq(retune_image_resize(&image, view, 24, 24, mirrored, NULL), RETUNE_OK);
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 24; x++)
            cr_assert_eq(memcmp(plain + 3 * (y * 24 + x), mirrored + 3 * (y * 24 + 23 - x), 3), 0);
    retune_image_free(&image);
}

Test(resize, extremes_survive) {
    for (int value = 0; value <= 255; value += 255) {
        retune_image image = noise(301, 203);
        memset(image.pixels, value, 301 * 203 * 3);
        unsigned char out[50 * 40 * 3];
        retune_view view = {0.3f, 0.7f, 300.1f, 201.9f, false};
        cr_assert_eq(retune_image_resize(&image, view, 50, 40, out, NULL), RETUNE_OK);
        for (size_t i = 0; i < sizeof out; i++)
            cr_assert_eq(out[i], value);
        retune_image_free(&image);
    }
}

Test(resize, bad_views_are_refused) {
    retune_image image = noise(10, 8);
    unsigned char out[4 * 4 * 3];
    const retune_view bad[] = {
        {0, 0, 11, 8, false},  {0, 0, 10, 9, false},   {-0.5f, 0, 5, 5, false},
        {0, -1, 5, 5, false},  {6, 0, 4.5f, 4, false}, {0, 0, 0, 8, false},
        {0, 0, 10, -1, false}, {NAN, 0, 5, 5, false},  {0, 0, INFINITY, 5, false},
        {0, 0, 5, NAN, false}, {10, 0, 1, 1, false}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        cr_expect_eq(retune_image_resize(&image, bad[i], 4, 4, out, &error), RETUNE_INVALID,
                     "view %zu", i);
        cr_expect(strstr(error.message, "not inside an image of 10 x 8"), "%s", error.message);
    }
    retune_view whole = retune_view_whole(&image);
    cr_expect_eq(retune_image_resize(&image, whole, 0, 4, out, NULL), RETUNE_INVALID);
    cr_expect_eq(retune_image_resize(&image, whole, 4, 0, out, NULL), RETUNE_INVALID);
    retune_image_free(&image);
}

/* The reference inputs were stretched with the same filter, from the photos before these were
 * compressed once more: chroma differs by what that lost, luminance hardly. */
Test(resize, reference_inputs_are_stretched_alike) {
    enum { SIDE = 224, BYTES = SIDE * SIDE * 3 };
    const char *folder = getenv("RETUNE_TEST_DATA");
    char path[1024];
    snprintf(path, sizeof path, "%s/golden/mobilenet.safetensors", folder ? folder : "");
    unsigned char *golden = NULL;
    size_t size, begin;
    uint64_t header;
    if (retune_file_read(path, (size_t)1 << 30, &golden, &size, NULL) != RETUNE_OK)
        cr_skip_test("RETUNE_TEST_DATA names no folder with golden/mobilenet.safetensors");
    memcpy(&header, golden, sizeof header);
    const char *entry = strstr((const char *)golden + 8, "\"input_rgb_u8\"");
    cr_assert_not_null(entry);
    cr_assert_eq(sscanf(strstr(entry, "\"data_offsets\""), "\"data_offsets\" : [%zu", &begin), 1);
    const unsigned char *expected = golden + 8 + header + begin;

    static const char *names[] = {"daisy/10172379554_b296050f82_n.jpg",
                                  "daisy/10437929963_bc13eebe0c.jpg"};
    for (int i = 0; i < 2; i++, expected += BYTES) {
        snprintf(path, sizeof path, "%s/flower_photos/%s", folder, names[i]);
        retune_image image;
        unsigned char out[BYTES];
        cr_assert_eq(retune_image_read(path, 10, &image, NULL), RETUNE_OK);
        cr_assert_eq(retune_image_resize(&image, retune_view_whole(&image), SIDE, SIDE, out, NULL),
                     RETUNE_OK);
        double difference = 0;
        for (int p = 0; p < BYTES; p += 3)
            difference +=
                fabs(0.299 * (out[p] - expected[p]) + 0.587 * (out[p + 1] - expected[p + 1]) +
                     0.114 * (out[p + 2] - expected[p + 2]));
        cr_expect_lt(difference / (SIDE * SIDE), 1.2, "%s", names[i]);
        retune_image_free(&image);
    }
    free(golden);
}
