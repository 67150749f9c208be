/* predictions.jsonl: what is written is read back to the bit, and nothing else is read. */
#include "report/predictions.h"

#include "expect.h"
#include "page.h"
#include "temporary.h"

static char *classes[] = {"daisy", "roses", "tulips"};
static retune_sample samples[] = {{.name = "daisy/1.jpg", .label = 0},
                                  {.name = "daisy/2 \"x\",\n.jpg", .label = 0},
                                  {.name = "roses/\xff.jpg", .label = 1},
                                  {.name = "tulips/4.jpg", .label = 2}};
static uint32_t test[] = {1, 2, 3};
static const retune_dataset dataset = {.class_count = 3,
                                       .sample_count = 4,
                                       .test_count = 3,
                                       .classes = classes,
                                       .samples = samples,
                                       .test = test};
static const retune_prediction given[] = {
    {0, 0.333333343f}, {RETUNE_NOT_PREDICTED, 0.0f}, {1, 1e-30f}};

TestSuite(predictions, .init = temporary_open, .fini = temporary_close);

static const char *write_given(void) {
    const char *path = temporary_path("predictions.jsonl");
    assert_ok(retune_predictions_write(path, &dataset, given, &error));
    return path;
}

Test(predictions, are_read_back) {
    retune_prediction read[3];
    assert_ok(retune_predictions_read(write_given(), &dataset, read, &error));
    cr_expect_arr_eq(read, given, sizeof given);
}

Test(predictions, are_lines_of_json) {
    char *text = page_read(write_given());
    cr_expect_str_eq(text, "{\"image\":\"daisy/2 \\\"x\\\",\\n.jpg\",\"class\":\"daisy\","
                           "\"predicted\":\"daisy\",\"confidence\":0.333333343}\n"
                           "{\"image\":\"roses/\\ufffd.jpg\",\"class\":\"roses\","
                           "\"predicted\":null,\"confidence\":0}\n"
                           "{\"image\":\"tulips/4.jpg\",\"class\":\"tulips\","
                           "\"predicted\":\"roses\",\"confidence\":1e-30}\n");
    free(text);
}

/* ---- Files that are not what was written ---------------------------------------------------- */

/* Replaces `part` in the file by `other`, which is as long or shorter. */
static void expect_damage(const char *part, const char *other, const char *message) {
    const char *path = write_given();
    char *text = page_read(path), *place = strstr(text, part);
    cr_assert_not_null(place, "%s", part);
    memmove(place + strlen(other), place + strlen(part), strlen(place + strlen(part)) + 1);
    memcpy(place, other, strlen(other));
    temporary_write("predictions.jsonl", text, strlen(text));
    retune_prediction read[3];
    expect_refused(RETUNE_CORRUPT, message, retune_predictions_read(path, &dataset, read, &error));
    free(text);
}

Test(predictions, damage_is_named_by_its_line) {
    expect_damage("daisy/2", "daisy/3",
                  "predictions.jsonl:1: is not the prediction for test image 1");
    expect_damage("\"class\":\"daisy\"", "\"class\":\"roses\"", ":1:");
    expect_damage("\"predicted\":\"daisy\"", "\"predicted\":\"lilac\"", ":1:");
    expect_damage("\"predicted\":\"daisy\"", "\"predicted\":7", ":1:");
    expect_damage("null", "[]", ":2:");
    expect_damage("\"confidence\":0}", "\"confidence\":1}", ":2:");
    expect_damage("0.333333343", "\"high\"", ":1:");
    expect_damage("{\"image\":\"roses", "\"image\":\"roses", ":2:");
    expect_damage("\"predicted\":null,\"confidence\":0}\n", "\n", ":2:");
    expect_damage(",\"confidence\":1", "", ":3:");
}

Test(predictions, lines_too_few_or_too_many) {
    retune_prediction read[3];
    const char *path = write_given();
    retune_dataset more = dataset, fewer = dataset;
    uint32_t four[] = {1, 2, 3, 0};
    more.test = four;
    more.test_count = 4;
    retune_prediction room[4];
    expect_refused(RETUNE_CORRUPT, ":4:", retune_predictions_read(path, &more, room, &error));
    fewer.test_count = 2;
    expect_refused(RETUNE_CORRUPT, "of 2", retune_predictions_read(path, &fewer, read, &error));
    char *text = page_read(path);
    temporary_write("predictions.jsonl", text, strlen(text) - 1); /* the last line does not end */
    expect_refused(RETUNE_CORRUPT, ":3:", retune_predictions_read(path, &dataset, read, &error));
    temporary_write("predictions.jsonl", "", 0);
    expect_refused(RETUNE_CORRUPT, ":1:", retune_predictions_read(path, &dataset, read, &error));
    free(text);
}

Test(predictions, no_file_and_no_folder) {
    retune_prediction read[3];
    expect_refused(
        RETUNE_IO, "missing.jsonl",
        retune_predictions_read(temporary_path("missing.jsonl"), &dataset, read, &error));
    expect_refused(
        RETUNE_IO, "nowhere",
        retune_predictions_write(temporary_path("nowhere/x.jsonl"), &dataset, given, &error));
    cr_expect_eq(temporary_count(), 0);
}

Test(predictions, no_test_images) {
    retune_dataset none = dataset;
    none.test_count = 0;
    const char *path = temporary_path("predictions.jsonl");
    assert_ok(retune_predictions_write(path, &none, NULL, &error));
    assert_ok(retune_predictions_read(path, &none, NULL, &error));
}
