/* Draws a folder of pictures to train on: two classes, told apart by their colours. */
#include "image/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SIDE  32
#define COUNT 8 /* pictures of a class */

static void draw(const char *path, unsigned class_index, unsigned number) {
    unsigned char *pixels = picture_pixels(SIDE, SIDE);
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        pixels[3 * i + class_index] = (unsigned char)(pixels[3 * i + class_index] / 2 + 120);
        pixels[3 * i + 2] = (unsigned char)(pixels[3 * i + 2] + 7 * number);
    }
    picture_file file = picture_encode(pixels, SIDE, SIDE, 0);
    picture_save(&file, path);
    picture_free(&file);
    free(pixels);
}

int main(int argc, char **argv) {
    static const char *const classes[] = {"kind_a", "kind_b"};
    char path[4096];
    if (argc != 2 || strlen(argv[1]) > sizeof path - 64 || mkdir(argv[1], 0755) != 0)
        return EXIT_FAILURE;
    for (unsigned c = 0; c < 2; c++) {
        snprintf(path, sizeof path, "%s/%s", argv[1], classes[c]);
        if (mkdir(path, 0755) != 0)
            return EXIT_FAILURE;
        for (unsigned n = 0; n < COUNT; n++) {
            snprintf(path, sizeof path, "%s/%s/%u.png", argv[1], classes[c], n);
            draw(path, c, n);
        }
    }
    return EXIT_SUCCESS;
}
