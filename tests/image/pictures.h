/* Image files made in memory for tests. */
#ifndef TESTS_IMAGE_PICTURES_H
#define TESTS_IMAGE_PICTURES_H

#include <stddef.h>
#include <stdint.h>

typedef struct picture_file {
    unsigned char *data;
    size_t size;
} picture_file;

void picture_free(picture_file *file);

/* The picture that picture_jpeg and picture_png draw: smooth, different in every corner and
 * channel.
 */
void picture_pixel(uint32_t x, uint32_t y, uint32_t width, uint32_t height, unsigned char rgb[3]);

picture_file picture_jpeg(uint32_t width, uint32_t height, int quality);
picture_file picture_png(uint32_t width, uint32_t height);

/* Dense RGB as a JPEG of this quality, or with quality 0 as a PNG. */
picture_file picture_encode(const unsigned char *pixels, uint32_t width, uint32_t height,
                            int quality);

/* The same picture as dense RGB. */
unsigned char *picture_pixels(uint32_t width, uint32_t height);

/* A PNG with these scan lines (each begins with its filter byte) and, when there is one, a palette.
 */
picture_file picture_png_raw(uint32_t width, uint32_t height, unsigned depth, unsigned color_type,
                             const unsigned char *palette, size_t palette_size,
                             const unsigned char *lines, size_t lines_size);

/* EXIF data with an orientation and nothing else. Returns its size. */
#define PICTURE_EXIF_SIZE 26
size_t picture_exif(int big_endian, unsigned orientation, unsigned char out[PICTURE_EXIF_SIZE]);

/* The file with a JPEG APP1 Exif segment, or a PNG eXIf chunk, put in. Takes the file over. */
picture_file picture_with_exif(picture_file file, const unsigned char *exif, size_t size);

/* Puts bytes in at an offset. Takes the file over. */
picture_file picture_insert(picture_file file, size_t at, const unsigned char *bytes, size_t size);

/* A PNG chunk around `size` bytes, into `out` of size + 12 bytes. */
void picture_chunk(const char *type, const unsigned char *content, size_t size, unsigned char *out);

void picture_save(const picture_file *file, const char *path);

/* 24 x 16 pixels, made by another encoder: red 10 x, green 15 y, blue 6 (x + y). */
extern const picture_file picture_progressive_jpeg, picture_cmyk_jpeg;

#endif
