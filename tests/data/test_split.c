/* Which images are for testing: counts, seeds, lists, and the flowers. */
#include "base/file.h"
#include "data/scratch.h"
#include "data/split.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(split, .init = scratch_open, .fini = scratch_close);

static retune_error error;

static retune_dataset_options options(const char *list) {
    return (retune_dataset_options){.root = scratch_root(),
                                    .test = 0.2,
                                    .test_list = list,
                                    .seed = 1,
                                    .max_megapixels = 100,
                                    .threads = 2};
}

Test(split, counts_are_floors) {
    static const struct {
        uint32_t count;
        double test;
        uint32_t train;
    } expected[] = {{633, 0.2, 506}, {898, 0.2, 718}, {641, 0.2, 512},
                    {699, 0.2, 559}, {799, 0.2, 639}, {10, 0.9, 1},
                    {10, 0.1, 9},    {10, 0.3, 7},    {1, 0.2, 0},
                    {7, 0, 7},       {0, 0.5, 0},     {4000000000u, 0.25, 3000000000u}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_expect_eq(retune_split_train_count(expected[i].count, expected[i].test),
                     expected[i].train, "%u at %g", expected[i].count, expected[i].test);
}

static uint32_t differences(const bool *a, const bool *b, uint32_t count) {
    uint32_t different = 0;
    for (uint32_t i = 0; i < count; i++)
        different += a[i] != b[i];
    return different;
}

Test(split, depends_on_seed_and_class_alone) {
    enum { COUNT = 200 };
    bool first[COUNT], again[COUNT], other_seed[COUNT], other_class[COUNT];
    retune_split_class("roses", COUNT, 0.2, 1, first, NULL);
    retune_split_class("roses", COUNT, 0.2, 1, again, NULL);
    retune_split_class("roses", COUNT, 0.2, 2, other_seed, NULL);
    retune_split_class("tulips", COUNT, 0.2, 1, other_class, NULL);
    cr_expect_eq(differences(first, again, COUNT), 0);
    cr_expect_gt(differences(first, other_seed, COUNT), 20);
    cr_expect_gt(differences(first, other_class, COUNT), 20);
    uint32_t tests = 0;
    for (int i = 0; i < COUNT; i++)
        tests += first[i];
    cr_expect_eq(tests, 40);
}

static retune_dataset *open_with(const retune_dataset_options *chosen) {
    retune_dataset *dataset;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_dataset_open(chosen, &dataset, &error), RETUNE_OK, "%s", error.message);
    return dataset;
}

Test(split, a_new_class_leaves_the_others_alone) {
    scratch_images("cat", 30);
    scratch_images("dog", 30);
    retune_dataset_options chosen = options(NULL);
    retune_dataset *before = open_with(&chosen);
    scratch_images("ant", 10);
    retune_dataset *after = open_with(&chosen);
    for (uint32_t i = 0; i < 60; i++) {
        cr_assert_str_eq(before->samples[i].name, after->samples[10 + i].name);
        cr_expect_eq(before->samples[i].test, after->samples[10 + i].test);
    }
    retune_dataset_close(after);
    retune_dataset_close(before);
}

Test(split, list_decides) {
    scratch_cats_and_dogs(5);
    scratch_text("list", "dog/004.png\r\n\ncat/000.png\ndog/001.png");
    retune_dataset_options chosen = options(scratch_path("list"));
    retune_dataset *dataset = open_with(&chosen);
    cr_assert_eq(dataset->test_count, 3);
    cr_expect_str_eq(dataset->samples[dataset->test[0]].name, "cat/000.png");
    cr_expect_str_eq(dataset->samples[dataset->test[1]].name, "dog/001.png");
    cr_expect_str_eq(dataset->samples[dataset->test[2]].name, "dog/004.png");
    cr_expect_eq(dataset->train_count, 7);
    retune_dataset_close(dataset);
}

Test(split, list_may_name_a_skipped_image) {
    scratch_cats_and_dogs(5);
    scratch_text("dog/bad.png", "hello");
    scratch_text("list", "dog/004.png\ndog/bad.png\ncat/000.png\n");
    retune_dataset_options chosen = options(scratch_path("list"));
    retune_dataset *dataset = open_with(&chosen);
    cr_expect_eq(dataset->test_count, 2);
    cr_expect_eq(dataset->skipped_count, 1);
    retune_dataset_close(dataset);
}

Test(split, bad_lists) {
    scratch_cats_and_dogs(3);
    static const struct {
        const char *text, *part;
    } bad[] = {{"cat/000.png\n\ndog/9.png\n", "list:3: there is no image 'dog/9.png'"},
               {"cat/000.png\ndog/001.png\ncat/000.png\n",
                "list:3: 'cat/000.png' is listed already in line 1"},
               {"cat/000.png\n", "class 'dog' has no test image"},
               {"", "class 'cat' has no test image"},
               {"cat/000.png\ncat/001.png\ncat/002.png\ndog/000.png\n",
                "class 'cat' has no training image"},
               {"cat/../cat/000.png\n", "list:1: there is no image"},
               {" cat/000.png\n", "list:1: there is no image ' cat/000.png'"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch_text("list", bad[i].text);
        retune_dataset_options chosen = options(scratch_path("list"));
        retune_dataset *dataset;
        error = (retune_error)RETUNE_ERROR_INIT;
        cr_assert_eq(retune_dataset_open(&chosen, &dataset, &error), RETUNE_CORRUPT, "list %zu", i);
        cr_expect(strstr(error.message, bad[i].part), "'%s' does not say '%s'", error.message,
                  bad[i].part);
    }
    retune_dataset_options chosen = options(scratch_path("absent.txt"));
    retune_dataset *dataset;
    cr_assert_eq(retune_dataset_open(&chosen, &dataset, &error), RETUNE_IO);
    cr_expect(strstr(error.message, "absent.txt"), "%s", error.message);
}

/* ---- The flowers --------------------------------------------------------------------------- */

static retune_dataset *open_flowers(const char *list) {
    const char *folder = getenv("RETUNE_TEST_DATA");
    static char root[1024], list_path[1024];
    snprintf(root, sizeof root, "%s/flower_photos", folder ? folder : "");
    if (!folder || !retune_folder_exists(root))
        cr_skip_test("RETUNE_TEST_DATA names no folder with flower_photos");
    snprintf(list_path, sizeof list_path, "%s/%s", folder, list);
    retune_dataset_options chosen = options(list[0] ? list_path : NULL);
    chosen.root = root;
    return open_with(&chosen);
}

static void assert_flowers(const retune_dataset *dataset, const uint32_t tests[5]) {
    static const char *names[] = {"daisy", "dandelion", "roses", "sunflowers", "tulips"};
    static const uint32_t counts[] = {633, 898, 641, 699, 799};
    uint32_t found[5] = {0}, found_tests[5] = {0};
    cr_assert_eq(dataset->class_count, 5);
    for (uint32_t i = 0; i < dataset->sample_count; i++) {
        found[dataset->samples[i].label]++;
        found_tests[dataset->samples[i].label] += dataset->samples[i].test;
    }
    for (int i = 0; i < 5; i++) {
        cr_expect_str_eq(dataset->classes[i], names[i]);
        cr_expect_eq(found[i], counts[i], "%s", names[i]);
        cr_expect_eq(found_tests[i], tests[i], "%s", names[i]);
    }
    cr_expect_eq(dataset->train_count, 2934);
    cr_expect_eq(dataset->test_count, 736);
    cr_expect_eq(dataset->skipped_count, 0);
}

Test(split, flowers_by_share) {
    retune_dataset *dataset = open_flowers("");
    assert_flowers(dataset, (const uint32_t[5]){127, 180, 129, 140, 160});
    retune_dataset_close(dataset);
}

Test(split, flowers_by_list) {
    retune_dataset *dataset = open_flowers("flower_photos_test.txt");
    assert_flowers(dataset, (const uint32_t[5]){127, 180, 129, 140, 160});
    cr_expect_str_eq(dataset->samples[dataset->test[0]].name, "daisy/10172379554_b296050f82_n.jpg");
    retune_dataset_close(dataset);
}
