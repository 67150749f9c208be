/* Pictures of the garden: the same bytes everywhere, classes that differ in form alone. */
#include "base/hash.h"
#include "picture_file.h"
#include "worlds.h"

#include <criterion/criterion.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct world *const worlds[] = {&world_things, &world_flowers};

/* One picture as bytes, of `size` pixels squared. */
static struct bitmap take(const struct world *world, size_t class_index, uint32_t number,
                          uint32_t seed, int size) {
    size_t pixels = (size_t)size * (size_t)size;
    struct canvas canvas = {size, calloc(pixels, sizeof *canvas.pixels), 0};
    struct bitmap bitmap = {size, size, calloc(pixels, 3)};
    world_picture(world, class_index, number, seed, &canvas);
    bitmap_put(&bitmap, 0, 0, &canvas);
    free(canvas.pixels);
    return bitmap;
}

static retune_hash hash_of(const struct world *world, size_t class_index, uint32_t number,
                           uint32_t seed, int size) {
    struct bitmap bitmap = take(world, class_index, number, seed, size);
    retune_hash hash = retune_hash_bytes(bitmap.bytes, (size_t)size * (size_t)size * 3);
    free(bitmap.bytes);
    return hash;
}

/* ---- The same bytes on every machine ------------------------------------------------------- */

static void expect_hash(const struct world *world, const char *expected) {
    retune_hash all = retune_hash_bytes(world->name, strlen(world->name));
    char text[RETUNE_HASH_TEXT_MAX];
    for (size_t c = 0; c < world_class_count(world); c++)
        for (uint32_t number = 0; number < 3; number++)
            all = retune_hash_combine(all, hash_of(world, c, number, 1, 64));
    cr_expect_str_eq(retune_hash_text(all, text), expected, "%s: %s", world->name, text);
}

/* The network in configs/garden.safetensors learned these. */
Test(garden_pictures, things_have_these_bytes) {
    expect_hash(&world_things, "6653f83ecc1b3a80d86b518505ad0603");
}

Test(garden_pictures, flowers_have_these_bytes) {
    expect_hash(&world_flowers, "9930b3b9fd7eff92041e881edf79241d");
}

Test(garden_pictures, class_number_and_seed_make_the_picture) {
    for (int w = 0; w < 2; w++) {
        retune_hash picture = hash_of(worlds[w], 2, 5, 7, 48);
        cr_expect(retune_hash_equal(picture, hash_of(worlds[w], 2, 5, 7, 48)));
        cr_expect_not(retune_hash_equal(picture, hash_of(worlds[w], 1, 5, 7, 48)));
        cr_expect_not(retune_hash_equal(picture, hash_of(worlds[w], 2, 6, 7, 48)));
        cr_expect_not(retune_hash_equal(picture, hash_of(worlds[w], 2, 5, 8, 48)));
    }
}

/* ---- Classes ------------------------------------------------------------------------------- */

Test(garden_pictures, worlds_and_their_classes) {
    cr_expect(world_class_count(&world_things) >= 40);
    cr_expect_eq(world_class_count(&world_flowers), 5);
    cr_expect_eq(world_find("things"), &world_things);
    cr_expect_eq(world_find("flowers"), &world_flowers);
    cr_expect_null(world_find("Flowers"));
    cr_expect_null(world_find(""));
    for (int w = 0; w < 2; w++)
        for (size_t a = 0; a < world_class_count(worlds[w]); a++)
            for (size_t b = 0; b < a; b++)
                cr_expect_str_neq(world_class(worlds[w], a)->name, world_class(worlds[w], b)->name);
    for (size_t a = 0; a < world_class_count(&world_things); a++)
        for (size_t b = 0; b < 5; b++)
            cr_expect_str_neq(world_class(&world_things, a)->name,
                              world_class(&world_flowers, b)->name);
}

/* Every class draws something that its picture without it has not, and another thing than the class
 * before. */
Test(garden_pictures, every_class_is_seen) {
    for (int w = 0; w < 2; w++)
        for (size_t c = 1; c < world_class_count(worlds[w]); c++)
            for (uint32_t number = 0; number < 4; number++) {
                struct bitmap bitmap = take(worlds[w], c, number, 1, 64);
                int low = 255, high = 0;
                for (int i = 0; i < 64 * 64 * 3; i++) {
                    low = bitmap.bytes[i] < low ? bitmap.bytes[i] : low;
                    high = bitmap.bytes[i] > high ? bitmap.bytes[i] : high;
                }
                cr_expect(high - low > 50, "%s %u: %d to %d", world_class(worlds[w], c)->name,
                          number, low, high);
                free(bitmap.bytes);
            }
}

/* Mean red, green and blue of a class are those of all classes, within three standard errors. */
Test(garden_pictures, colours_do_not_depend_on_the_flower) {
    enum { CLASSES = 5, COUNT = 150, SIZE = 32, VALUES = SIZE * SIZE };
    double means[CLASSES][3] = {{0}}, all[3] = {0}, squares[3] = {0};
    for (size_t c = 0; c < CLASSES; c++)
        for (uint32_t number = 0; number < COUNT; number++) {
            struct bitmap bitmap = take(&world_flowers, c, number, 3, SIZE);
            double sums[3] = {0};
            for (int i = 0; i < 3 * VALUES; i++)
                sums[i % 3] += bitmap.bytes[i];
            for (int channel = 0; channel < 3; channel++) {
                double mean = sums[channel] / VALUES;
                means[c][channel] += mean / COUNT;
                all[channel] += mean / (CLASSES * COUNT);
                squares[channel] += mean * mean / (CLASSES * COUNT);
            }
            free(bitmap.bytes);
        }
    for (size_t c = 0; c < CLASSES; c++)
        for (int channel = 0; channel < 3; channel++) {
            double error = sqrt((squares[channel] - all[channel] * all[channel]) / COUNT);
            cr_expect(fabs(means[c][channel] - all[channel]) < 3 * error,
                      "%s: %g, all %g, error %g", world_class(&world_flowers, c)->name,
                      means[c][channel], all[channel], error);
        }
}

/* ---- Files --------------------------------------------------------------------------------- */

Test(garden_pictures, the_name_says_the_format) {
    static const struct {
        const char *name;
        unsigned char first;
    } names[] = {{"a.png", 0x89}, {"a.PNG", 0x89}, {"a.jpg", 0xff}, {"png", 0xff}};
    struct bitmap bitmap = take(&world_flowers, 0, 0, 1, 32);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        unsigned char *data = NULL;
        size_t size = 0;
        cr_assert_eq(bitmap_encode(&bitmap, names[n].name, &data, &size, NULL), RETUNE_OK);
        cr_expect_gt(size, 500);
        cr_expect_eq(data[0], names[n].first, "%s", names[n].name);
        free(data);
    }
    free(bitmap.bytes);
}
