/* Files that are good: every kind decodes to the right RGB. */
#include "image/image.h"
#include "image/pictures.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static retune_error error;

static retune_image decode(const picture_file *file) {
    retune_image image;
    error = (retune_error)RETUNE_ERROR_INIT;
    retune_status status = retune_image_decode(file->data, file->size, 100, &image, &error);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    return image;
}

static void assert_pixel(const retune_image *image, uint32_t x, uint32_t y, int red, int green,
                         int blue, int tolerance) {
    const unsigned char *pixel = image->pixels + 3 * ((size_t)y * image->width + x);
    bool near = abs(pixel[0] - red) <= tolerance && abs(pixel[1] - green) <= tolerance &&
                abs(pixel[2] - blue) <= tolerance;
    cr_expect(near, "pixel %u,%u is %d,%d,%d, not %d,%d,%d", x, y, pixel[0], pixel[1], pixel[2],
              red, green, blue);
}

static void assert_picture(const retune_image *image, uint32_t width, uint32_t height,
                           int tolerance) {
    cr_assert_eq(image->width, width);
    cr_assert_eq(image->height, height);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            unsigned char rgb[3];
            picture_pixel(x, y, width, height, rgb);
            assert_pixel(image, x, y, rgb[0], rgb[1], rgb[2], tolerance);
        }
}

Test(decode, png_is_exact) {
    picture_file file = picture_png(37, 21);
    retune_image image = decode(&file);
    assert_picture(&image, 37, 21, 0);
    retune_image_free(&image);
    picture_free(&file);
}

Test(decode, jpeg_is_close) {
    picture_file file = picture_jpeg(53, 40, 95);
    retune_image image = decode(&file);
    assert_picture(&image, 53, 40, 6);
    retune_image_free(&image);
    picture_free(&file);
}

Test(decode, one_pixel) {
    picture_file files[] = {picture_png(1, 1), picture_jpeg(1, 1, 95)};
    for (int i = 0; i < 2; i++) {
        retune_image image = decode(&files[i]);
        assert_picture(&image, 1, 1, 4);
        retune_image_free(&image);
        picture_free(&files[i]);
    }
}

Test(decode, jpeg_of_other_kinds) {
    const picture_file *files[] = {&picture_progressive_jpeg, &picture_cmyk_jpeg};
    for (int i = 0; i < 2; i++) {
        retune_image image = decode(files[i]);
        cr_assert_eq(image.width, 24);
        cr_assert_eq(image.height, 16);
        for (uint32_t y = 1; y < 16; y += 5)
            for (uint32_t x = 2; x < 24; x += 7)
                assert_pixel(&image, x, y, (int)(10 * x), (int)(15 * y), (int)(6 * (x + y)), 12);
        retune_image_free(&image);
    }
}

Test(decode, png_with_16_bits) {
    const unsigned char lines[] = {0, 0x12, 0xFF, 0x34, 0x00, 0x56, 0x80,
                                   0, 0xAB, 0x01, 0xCD, 0x02, 0xEF, 0x03};
    picture_file file = picture_png_raw(1, 2, 16, 2, NULL, 0, lines, sizeof lines);
    retune_image image = decode(&file);
    assert_pixel(&image, 0, 0, 0x12, 0x34, 0x56, 0);
    assert_pixel(&image, 0, 1, 0xAB, 0xCD, 0xEF, 0);
    retune_image_free(&image);
    picture_free(&file);
}

Test(decode, png_with_palette) {
    const unsigned char palette[] = {1, 2, 3, 40, 50, 60, 255, 0, 7};
    const unsigned char lines[] = {0, 0x18}; /* two bits a pixel: 0 1 2 0 */
    picture_file file = picture_png_raw(4, 1, 2, 3, palette, sizeof palette, lines, sizeof lines);
    retune_image image = decode(&file);
    assert_pixel(&image, 0, 0, 1, 2, 3, 0);
    assert_pixel(&image, 1, 0, 40, 50, 60, 0);
    assert_pixel(&image, 2, 0, 255, 0, 7, 0);
    assert_pixel(&image, 3, 0, 1, 2, 3, 0);
    retune_image_free(&image);
    picture_free(&file);
}

Test(decode, grey_becomes_rgb) {
    const unsigned char lines[] = {0, 10, 200};
    picture_file file = picture_png_raw(2, 1, 8, 0, NULL, 0, lines, sizeof lines);
    retune_image image = decode(&file);
    assert_pixel(&image, 0, 0, 10, 10, 10, 0);
    assert_pixel(&image, 1, 0, 200, 200, 200, 0);
    retune_image_free(&image);
    picture_free(&file);
}

Test(decode, alpha_is_dropped) {
    const unsigned char lines[] = {0, 90, 80, 70, 0, 60, 50, 40, 128};
    picture_file file = picture_png_raw(2, 1, 8, 6, NULL, 0, lines, sizeof lines);
    retune_image image = decode(&file);
    assert_pixel(&image, 0, 0, 90, 80, 70, 0);
    assert_pixel(&image, 1, 0, 60, 50, 40, 0);
    retune_image_free(&image);
    picture_free(&file);
}

Test(decode, probe_agrees_with_decode) {
    picture_file files[] = {picture_png(31, 17), picture_jpeg(31, 17, 80)};
    for (int i = 0; i < 2; i++) {
        retune_image_info info;
        cr_assert_eq(retune_image_probe(files[i].data, files[i].size, 100, &info, NULL), RETUNE_OK);
        cr_expect_eq(info.width, 31);
        cr_expect_eq(info.height, 17);
        cr_expect_eq(info.orientation, 1);
        picture_free(&files[i]);
    }
}

Test(decode, bytes_after_the_end_are_allowed) {
    picture_file files[] = {picture_png(9, 9), picture_jpeg(9, 9, 90)};
    for (int i = 0; i < 2; i++) {
        files[i] = picture_insert(files[i], files[i].size, (const unsigned char *)"a movie", 7);
        retune_image image = decode(&files[i]);
        cr_expect_eq(image.width, 9);
        retune_image_free(&image);
        picture_free(&files[i]);
    }
}

Test(decode, read_names_the_path) {
    retune_image image;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_image_read("/no/such/picture.png", 100, &image, &error), RETUNE_IO);
    cr_expect(strstr(error.message, "/no/such/picture.png"), "%s", error.message);
    cr_expect_null(image.pixels);

    char path[] = "/tmp/retune-image-XXXXXX";
    int descriptor = mkstemp(path);
    cr_assert_geq(descriptor, 0);
    picture_file file = picture_png(20, 10);
    picture_save(&file, path);
    cr_assert_eq(retune_image_read(path, 100, &image, &error), RETUNE_OK, "%s", error.message);
    assert_picture(&image, 20, 10, 0);
    retune_image_free(&image);
    file.size /= 2;
    picture_save(&file, path);
    cr_assert_eq(retune_image_read(path, 100, &image, &error), RETUNE_CORRUPT);
    cr_expect_eq(strncmp(error.message, path, strlen(path)), 0, "%s", error.message);
    cr_expect(strstr(error.message, "PNG ends at byte"), "%s", error.message);
    remove(path);
    picture_free(&file);
}
