/* Scanning folders: what counts as a class and an image, and what is wrong with the rest. */
#include "data/dataset.h"
#include "data/scratch.h"
#include "image/pictures.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(dataset, .init = scratch_open, .fini = scratch_close);

static retune_error error;

static retune_dataset_options options(void) {
    return (retune_dataset_options){
        .root = scratch_root(), .test = 0.25, .seed = 1, .max_megapixels = 100, .threads = 3};
}

static retune_dataset *open_with(const retune_dataset_options *chosen) {
    retune_dataset *dataset;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_dataset_open(chosen, &dataset, &error), RETUNE_OK, "%s", error.message);
    return dataset;
}

static void assert_fails(const retune_dataset_options *chosen, retune_status status,
                         const char *part, const char *other_part) {
    retune_dataset *dataset = (retune_dataset *)&error;
    error = (retune_error)RETUNE_ERROR_INIT;
    cr_assert_eq(retune_dataset_open(chosen, &dataset, &error), status, "%s", error.message);
    cr_expect_null(dataset);
    cr_expect_eq(error.code, (int)status);
    cr_expect(strstr(error.message, part), "'%s' does not say '%s'", error.message, part);
    cr_expect(strstr(error.message, other_part), "'%s' does not say '%s'", error.message,
              other_part);
}

Test(dataset, folders_are_classes) {
    scratch_image("tulips/b.JPG", 40, 30);
    scratch_image("tulips/a.jpeg", 31, 17);
    scratch_image("tulips/c.PnG", 12, 12);
    scratch_image("Roses/2.jpg", 20, 20);
    scratch_image("Roses/10.jpg", 21, 20);
    scratch_image("tulips/.hidden.jpg", 8, 8);
    scratch_image(".trash/a.jpg", 8, 8);
    scratch_text("LICENSE.txt", "free");
    scratch_text("Roses/notes.md", "red");
    scratch_image("Roses/deeper/a.jpg", 8, 8);
    retune_dataset_options chosen = options();
    retune_dataset *dataset = open_with(&chosen);

    cr_assert_eq(dataset->class_count, 2);
    cr_expect_str_eq(dataset->classes[0], "Roses"); /* bytes: capitals first, 10 before 2 */
    cr_expect_str_eq(dataset->classes[1], "tulips");
    static const struct {
        const char *name;
        uint32_t label, width, height;
    } expected[] = {{"Roses/10.jpg", 0, 21, 20},
                    {"Roses/2.jpg", 0, 20, 20},
                    {"tulips/a.jpeg", 1, 31, 17},
                    {"tulips/b.JPG", 1, 40, 30},
                    {"tulips/c.PnG", 1, 12, 12}};
    cr_assert_eq(dataset->sample_count, 5);
    for (int i = 0; i < 5; i++) {
        cr_expect_str_eq(dataset->samples[i].name, expected[i].name);
        cr_expect_eq(dataset->samples[i].label, expected[i].label);
        cr_expect_eq(dataset->samples[i].width, expected[i].width);
        cr_expect_eq(dataset->samples[i].height, expected[i].height);
        cr_expect_eq(access(dataset->samples[i].path, R_OK), 0);
    }
    cr_expect_eq(dataset->ignored_count, 3); /* LICENSE.txt, notes.md, deeper */
    cr_expect_eq(dataset->skipped_count, 0);
    cr_expect_eq(dataset->train_count, 3); /* floor(0.75 * 2) + floor(0.75 * 3) */
    cr_expect_eq(dataset->test_count, 2);
    retune_dataset_close(dataset);
}

Test(dataset, hash_is_that_of_the_content) {
    scratch_cats_and_dogs(4);
    scratch_image("dog/copy.png", 8, 8); /* the same content as 000.png of both */
    retune_dataset_options chosen = options();
    retune_dataset *dataset = open_with(&chosen);
    picture_file file = picture_png(8, 8);
    retune_hash hash = retune_hash_bytes(file.data, file.size);
    cr_expect(retune_hash_equal(dataset->samples[0].hash, hash));
    cr_expect(retune_hash_equal(dataset->samples[4].hash, hash));
    cr_expect(retune_hash_equal(dataset->samples[8].hash, hash));
    cr_expect_not(retune_hash_equal(dataset->samples[1].hash, hash));
    picture_free(&file);
    retune_dataset_close(dataset);
}

Test(dataset, links_are_followed) {
    scratch_cats_and_dogs(4);
    scratch_image("elsewhere.bin", 9, 9);
    cr_assert_eq(symlink(scratch_path("elsewhere.bin"), scratch_path("cat/link.jpg")), 0);
    cr_assert_eq(symlink("..", scratch_path("dog/up")), 0); /* a loop, were it followed deeper */
    retune_dataset_options chosen = options();
    retune_dataset *dataset = open_with(&chosen);
    cr_expect_eq(dataset->sample_count, 9);
    cr_expect_str_eq(dataset->samples[4].name, "cat/link.jpg");
    retune_dataset_close(dataset);
}

Test(dataset, split_folders) {
    scratch_images("train/cat", 5);
    scratch_images("train/dog", 3);
    scratch_images("val/cat", 2);
    scratch_images("val/dog", 1);
    retune_dataset_options chosen = options();
    retune_dataset *dataset = open_with(&chosen);
    cr_assert_eq(dataset->class_count, 2);
    cr_assert_eq(dataset->train_count, 8);
    cr_assert_eq(dataset->test_count, 3);
    for (uint32_t i = 0; i < dataset->train_count; i++)
        cr_expect_eq(strncmp(dataset->samples[dataset->train[i]].name, "train/", 6), 0);
    cr_expect_str_eq(dataset->samples[dataset->test[2]].name, "val/dog/000.png");
    cr_expect_eq(dataset->samples[dataset->test[2]].label, 1);
    retune_dataset_close(dataset);

    cr_assert_eq(rename(scratch_path("val"), scratch_path("test")), 0);
    dataset = open_with(&chosen);
    cr_expect_eq(dataset->test_count, 3);
    retune_dataset_close(dataset);
}

Test(dataset, train_may_be_a_class) {
    scratch_images("train", 4);
    scratch_images("test", 4);
    scratch_images("tram", 4);
    retune_dataset_options chosen = options();
    retune_dataset *dataset = open_with(&chosen);
    cr_expect_eq(dataset->class_count, 3);
    cr_expect_eq(dataset->train_count, 9);
    retune_dataset_close(dataset);
}

Test(dataset, split_folders_must_agree) {
    scratch_images("train/cat", 2);
    scratch_images("train/dog", 2);
    scratch_images("val/cat", 2);
    retune_dataset_options chosen = options();
    assert_fails(&chosen, RETUNE_CORRUPT, "val: lacks the class 'dog' that ", "train has");
    scratch_images("val/dog", 2);
    scratch_images("val/emu", 2);
    assert_fails(&chosen, RETUNE_CORRUPT, "train: lacks the class 'emu' that ", "val has");
}

Test(dataset, split_folders_take_no_list) {
    scratch_images("train/cat", 2);
    scratch_images("train/dog", 2);
    scratch_images("val/cat", 2);
    scratch_images("val/dog", 2);
    retune_dataset_options chosen = options();
    chosen.test_list = scratch_path("list.txt");
    assert_fails(&chosen, RETUNE_INVALID, "split by its folders", "list.txt");
}

Test(dataset, bad_images_are_skipped) {
    scratch_cats_and_dogs(6);
    scratch_text("cat/a.jpg", "hello");
    scratch_text("cat/z.png", "");
    scratch_image("dog/003.png", 30, 30);
    cr_assert_eq(truncate(scratch_path("dog/003.png"), 90), 0);
    cr_assert_eq(symlink("nowhere", scratch_path("dog/dangling.jpg")), 0);
    retune_dataset_options chosen = options();
    retune_dataset *dataset = open_with(&chosen);
    cr_expect_eq(dataset->sample_count, 11);
    cr_assert_eq(dataset->skipped_count, 4);
    static const char *expected[][2] = {{"cat/a.jpg", "not a JPEG or PNG (begins with 'hell')"},
                                        {"cat/z.png", "not a JPEG or PNG (empty file)"},
                                        {"dog/003.png", "PNG ends at byte 90 inside"},
                                        {"dog/dangling.jpg", "No such file"}};
    for (int i = 0; i < 4; i++) {
        cr_expect_str_eq(dataset->skipped[i].name, expected[i][0]);
        cr_expect_str_eq(dataset->skipped[i].path + strlen(chosen.root) + 1, expected[i][0]);
        cr_expect(strstr(dataset->skipped[i].reason, expected[i][1]), "%s",
                  dataset->skipped[i].reason);
        cr_expect_null(strstr(dataset->skipped[i].reason, dataset->skipped[i].path));
    }
    for (uint32_t i = 0; i < dataset->sample_count; i++)
        cr_expect_gt(dataset->samples[i].width, 0);
    retune_dataset_close(dataset);
}

Test(dataset, bad_images_can_fail) {
    scratch_cats_and_dogs(6);
    scratch_text("cat/a.jpg", "hello");
    scratch_text("dog/b.jpg", "hello");
    retune_dataset_options chosen = options();
    chosen.fail_on_bad = true;
    assert_fails(&chosen, RETUNE_CORRUPT, "cat/a.jpg: ", "not a JPEG or PNG");
}

Test(dataset, unreadable_images_can_fail) {
    scratch_cats_and_dogs(6);
    cr_assert_eq(symlink("nowhere", scratch_path("dog/dangling.jpg")), 0);
    retune_dataset_options chosen = options();
    chosen.fail_on_bad = true;
    assert_fails(&chosen, RETUNE_IO, "dog/dangling.jpg: ", "No such file");
}

Test(dataset, large_images_are_bad) {
    scratch_cats_and_dogs(4);
    scratch_image("dog/large.jpg", 1250, 1000);
    retune_dataset_options chosen = options();
    chosen.max_megapixels = 1;
    retune_dataset *dataset = open_with(&chosen);
    cr_assert_eq(dataset->skipped_count, 1);
    cr_expect(strstr(dataset->skipped[0].reason, "limit of 1 megapixels"));
    retune_dataset_close(dataset);
}

Test(dataset, roots_that_are_none) {
    retune_dataset_options chosen = options();
    chosen.root = scratch_path("absent");
    assert_fails(&chosen, RETUNE_IO, "absent: no such folder", "");
    scratch_text("file", "x");
    chosen.root = scratch_path("file");
    assert_fails(&chosen, RETUNE_IO, "file: is not a folder", "");
    chosen.root = "";
    assert_fails(&chosen, RETUNE_INVALID, "no folder of images", "");
}

Test(dataset, too_few_classes) {
    retune_dataset_options chosen = options();
    assert_fails(&chosen, RETUNE_CORRUPT, "has no class folders", "");
    scratch_image("a.jpg", 8, 8);
    assert_fails(&chosen, RETUNE_CORRUPT, "has no class folders",
                 "images belong in one subfolder a class");
    scratch_images("cat", 3);
    assert_fails(&chosen, RETUNE_CORRUPT, "needs at least two classes", "'cat'");
}

Test(dataset, classes_without_images) {
    scratch_images("cat", 3);
    scratch_text("emu/readme.txt", "no pictures yet");
    retune_dataset_options chosen = options();
    assert_fails(&chosen, RETUNE_CORRUPT, "class 'emu' has no images", "*.jpg");
    scratch_text("emu/bird.jpg", "hello");
    assert_fails(&chosen, RETUNE_CORRUPT, "class 'emu' has no readable image", "");
    scratch_image("emu/one.jpg", 8, 8);
    assert_fails(&chosen, RETUNE_CORRUPT, "class 'emu' has no training image", "1 for testing");
    chosen.test = 0;
    retune_dataset *dataset = open_with(&chosen); /* no share, no test images needed */
    cr_expect_eq(dataset->train_count, 4);
    cr_expect_eq(dataset->test_count, 0);
    retune_dataset_close(dataset);
}

Test(dataset, share_out_of_range) {
    scratch_cats_and_dogs(3);
    static const double shares[] = {-0.1, 1.0, 7.0, 0.0 / 0.0};
    for (int i = 0; i < 4; i++) {
        retune_dataset_options chosen = options();
        chosen.test = shares[i];
        assert_fails(&chosen, RETUNE_INVALID, "test share", "not in 0 .. 1");
    }
}

Test(dataset, names_with_odd_characters) {
    scratch_image("a%s%n/sp ace.jpg", 8, 8);
    scratch_image("a%s%n/%d.jpg", 9, 8);
    scratch_image("\xC3\xA9t\xC3\xA9/\xFF.jpg", 8, 8);
    scratch_text("\xC3\xA9t\xC3\xA9/%s%s%n.jpg", "hello");
    scratch_image("\xC3\xA9t\xC3\xA9/x.jpg", 10, 8);
    retune_dataset_options chosen = options();
    retune_dataset *dataset = open_with(&chosen);
    cr_expect_eq(dataset->sample_count, 4);
    chosen.fail_on_bad = true;
    retune_dataset_close(dataset);
    assert_fails(&chosen, RETUNE_CORRUPT, "/%s%s%n.jpg: not a JPEG", "");
}

typedef struct progress {
    int calls;
    uint64_t done, total;
    bool stop;
} progress;

static int on_progress(void *user, uint64_t done, uint64_t total) {
    progress *seen = user;
    cr_expect_geq(done, seen->done);
    *seen = (progress){seen->calls + 1, done, total, seen->stop};
    return seen->stop;
}

Test(dataset, progress_ends_at_the_total) {
    scratch_cats_and_dogs(20);
    progress seen = {0};
    retune_dataset_options chosen = options();
    chosen.on_progress = on_progress;
    chosen.user = &seen;
    retune_dataset_close(open_with(&chosen));
    cr_expect_geq(seen.calls, 1);
    cr_expect_eq(seen.done, 40);
    cr_expect_eq(seen.total, 40);
}

Test(dataset, close_takes_null) {
    retune_dataset_close(NULL);
}
