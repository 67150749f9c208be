/* The loader: order, bad images, restarts and ends in the middle. */
#include "data/loader.h"
#include "data/scratch.h"
#include "image/pictures.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 12, BYTES = SIDE * SIDE * 3, CLASS_SIZE = 24, COUNT = 2 * CLASS_SIZE };

static retune_dataset *dataset;
static retune_error error;

static void open_scratch_data(void) {
    scratch_open();
    scratch_cats_and_dogs(CLASS_SIZE);
    retune_dataset_options options = {
        .root = scratch_root(), .test = 0.25, .max_megapixels = 10, .threads = 2};
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_dataset_open(&options, &dataset, &error), RETUNE_OK, "%s", error.message);
}

static void close_scratch_data(void) {
    retune_dataset_close(dataset);
    scratch_close();
}

TestSuite(loader, .init = open_scratch_data, .fini = close_scratch_data);

static retune_loader_options options(uint32_t threads, uint32_t depth) {
    return (retune_loader_options){.width = SIDE,
                                   .height = SIDE,
                                   .view = {RETUNE_VIEW_STRETCH, RETUNE_VIEW_CROP, 9},
                                   .max_megapixels = 10,
                                   .threads = threads,
                                   .depth = depth};
}

static retune_loader *open_with(uint32_t threads, uint32_t depth) {
    retune_loader_options chosen = options(threads, depth);
    retune_loader *loader;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_loader_open(dataset, &chosen, &loader, &error), RETUNE_OK, "%s",
                 error.message);
    return loader;
}

/* All samples, last first, several times over, each time another view. */
static size_t make_items(retune_loader_item **out_items, size_t rounds) {
    size_t count = rounds * COUNT;
    *out_items = malloc(count * sizeof **out_items);
    for (size_t i = 0; i < count; i++)
        (*out_items)[i] =
            (retune_loader_item){(uint32_t)(COUNT - 1 - i % COUNT), (uint32_t)(i / COUNT)};
    return count;
}

/* What the loader should give, made step by step. */
static void assert_is_item(const unsigned char *pixels, retune_loader_item item) {
    const retune_sample *sample = &dataset->samples[item.sample];
    retune_image image;
    unsigned char expected[BYTES];
    retune_loader_options chosen = options(1, 1);
    cr_assert_eq(retune_image_read(sample->path, 10, &image, NULL), RETUNE_OK);
    retune_view view =
        retune_view_make(&chosen.view, sample->hash.low, item.view, sample->width, sample->height);
    cr_assert_eq(retune_image_resize(&image, view, SIDE, SIDE, expected, NULL), RETUNE_OK);
    cr_expect_eq(memcmp(pixels, expected, BYTES), 0, "sample %u view %u", item.sample, item.view);
    retune_image_free(&image);
}

static void assert_next(retune_loader *loader, retune_loader_item item) {
    unsigned char pixels[BYTES];
    retune_status status;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_loader_next(loader, pixels, &status, &error), RETUNE_OK);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    assert_is_item(pixels, item);
}

static void assert_over(retune_loader *loader) {
    unsigned char pixels[BYTES];
    retune_status status;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_expect_eq(retune_loader_next(loader, pixels, &status, &error), RETUNE_INVALID);
    cr_expect(strstr(error.message, "no image left"), "%s", error.message);
}

Test(loader, keeps_the_order_with_any_threads_and_depth) {
    static const uint32_t settings[][2] = {{1, 1}, {1, 7}, {4, 1}, {8, 3}, {16, 64}, {0, 0}};
    retune_loader_item *items;
    size_t count = make_items(&items, 3);
    for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
        retune_loader *loader = open_with(settings[s][0], settings[s][1]);
        cr_assert_eq(retune_loader_start(loader, items, count, NULL), RETUNE_OK);
        for (size_t i = 0; i < count; i++)
            assert_next(loader, items[i]);
        assert_over(loader);
        retune_loader_close(loader);
    }
    free(items);
}

Test(loader, restart_drops_the_rest) {
    retune_loader_item *items;
    size_t count = make_items(&items, 2);
    retune_loader *loader = open_with(4, 5);
    for (size_t taken = 0; taken < 20; taken++) {
        cr_assert_eq(retune_loader_start(loader, items + taken, count - taken, NULL), RETUNE_OK);
        for (size_t i = 0; i < taken; i++)
            assert_next(loader, items[taken + i]);
    }
    cr_assert_eq(retune_loader_start(loader, items, 2, NULL), RETUNE_OK);
    assert_next(loader, items[0]);
    assert_next(loader, items[1]);
    assert_over(loader);
    cr_assert_eq(retune_loader_start(loader, NULL, 0, NULL), RETUNE_OK);
    assert_over(loader);
    retune_loader_close(loader);
    free(items);
}

Test(loader, items_are_copied) {
    retune_loader_item *items, first;
    size_t count = make_items(&items, 1);
    retune_loader *loader = open_with(2, 2);
    cr_assert_eq(retune_loader_start(loader, items, count, NULL), RETUNE_OK);
    first = items[0];
    memset(items, 0xFF, count * sizeof *items);
    free(items);
    assert_next(loader, first);
    for (size_t i = 1; i < count; i++)
        assert_next(loader, (retune_loader_item){(uint32_t)(COUNT - 1 - i), 0});
    retune_loader_close(loader);
}

Test(loader, closes_at_any_moment, .timeout = 60) {
    retune_loader_item *items;
    size_t count = make_items(&items, 100);
    for (useconds_t pause = 0; pause < 3000; pause += 200) {
        retune_loader *loader = open_with(6, 4);
        cr_assert_eq(retune_loader_start(loader, items, count, NULL), RETUNE_OK);
        if (pause % 400 == 0)
            assert_next(loader, items[0]);
        usleep(pause);
        retune_loader_close(loader);
    }
    retune_loader_close(open_with(3, 3)); /* without a run */
    retune_loader_close(NULL);
    free(items);
}

Test(loader, nothing_before_a_start) {
    retune_loader *loader = open_with(2, 2);
    assert_over(loader);
    retune_loader_close(loader);
}

static void assert_next_is_bad(retune_loader *loader, retune_status expected, const char *part,
                               const char *name) {
    unsigned char pixels[BYTES], zeros[BYTES] = {0};
    memset(pixels, 1, BYTES);
    retune_status status;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_loader_next(loader, pixels, &status, &error), RETUNE_OK);
    cr_expect_eq(status, expected);
    cr_expect(strstr(error.message, part), "'%s' does not say '%s'", error.message, part);
    cr_expect(strstr(error.message, name), "'%s' does not say '%s'", error.message, name);
    cr_expect_eq(memcmp(pixels, zeros, BYTES), 0);
}

Test(loader, bad_images_do_not_end_the_run) {
    cr_assert_eq(unlink(dataset->samples[COUNT - 2].path), 0);
    cr_assert_eq(truncate(dataset->samples[COUNT - 4].path, 60), 0);
    scratch_image(dataset->samples[COUNT - 6].name, 50, 50);
    retune_loader_item *items;
    size_t count = make_items(&items, 2);
    retune_loader *loader = open_with(3, 4);
    cr_assert_eq(retune_loader_start(loader, items, count, NULL), RETUNE_OK);
    for (size_t i = 0; i < count; i++) {
        const char *name = dataset->samples[items[i].sample].name;
        if (i % COUNT == 1)
            assert_next_is_bad(loader, RETUNE_IO, "No such file", name);
        else if (i % COUNT == 3 || i % COUNT == 5)
            assert_next_is_bad(loader, RETUNE_CORRUPT, "has changed since", name);
        else
            assert_next(loader, items[i]);
    }
    assert_over(loader);
    retune_loader_close(loader);
    free(items);
}

/* A file may look whole and still not decode. */
Test(loader, undecodable_image) {
    const unsigned char lines[] = {0, 1, 2, 3};
    picture_file file = picture_png_raw(10, 10, 8, 2, NULL, 0, lines, sizeof lines);
    picture_save(&file, dataset->samples[0].path);
    dataset->samples[0].hash = retune_hash_bytes(file.data, file.size);
    retune_loader *loader = open_with(2, 2);
    retune_loader_item items[] = {{0, 0}, {1, 0}};
    cr_assert_eq(retune_loader_start(loader, items, 2, NULL), RETUNE_OK);
    assert_next_is_bad(loader, RETUNE_CORRUPT, "cannot be decoded", dataset->samples[0].name);
    assert_next(loader, items[1]);
    retune_loader_close(loader);
    picture_free(&file);
}

Test(loader, errors_may_be_ignored) {
    cr_assert_eq(unlink(dataset->samples[0].path), 0);
    retune_loader *loader = open_with(1, 1);
    retune_loader_item item = {0, 0};
    unsigned char pixels[BYTES];
    retune_status status;
    cr_assert_eq(retune_loader_start(loader, &item, 1, NULL), RETUNE_OK);
    cr_expect_eq(retune_loader_next(loader, pixels, &status, NULL), RETUNE_OK);
    cr_expect_eq(status, RETUNE_IO);
    retune_loader_close(loader);
}

Test(loader, wrong_items_end_the_run) {
    retune_loader *loader = open_with(2, 2);
    retune_loader_item items[] = {{0, 0}, {COUNT, 0}};
    cr_assert_eq(retune_loader_start(loader, items, 1, NULL), RETUNE_OK);
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_expect_eq(retune_loader_start(loader, items, 2, &error), RETUNE_INVALID);
    cr_expect(strstr(error.message, "item 1: sample 48 is not below 48"), "%s", error.message);
    assert_over(loader);
    retune_loader_close(loader);
}

Test(loader, impossible_sizes) {
    static const uint32_t sizes[][3] = {{0, 8, 1}, {8, 0, 1}, {UINT32_MAX, UINT32_MAX, UINT32_MAX}};
    static const retune_status expected[] = {RETUNE_INVALID, RETUNE_INVALID, RETUNE_OUT_OF_MEMORY};
    for (int i = 0; i < 3; i++) {
        retune_loader_options chosen = options(1, sizes[i][2]);
        chosen.width = sizes[i][0];
        chosen.height = sizes[i][1];
        retune_loader *loader;
        cr_expect_eq(retune_loader_open(dataset, &chosen, &loader, NULL), expected[i]);
        cr_expect_null(loader);
    }
}
