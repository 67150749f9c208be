/* What each type takes and refuses. */
#include "scene.h"

#include "config/key.h"
#include "config/value.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(config_values, .init = scene_begin, .fini = scene_end);

Test(config_values, integers) {
    const struct {
        const char *text;
        int64_t value;
    } cases[] = {{"0", 0}, {"+7", 7}, {"-0", 0}, {"007", 7}, {"4294967295", 4294967295}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        retune_config *config = scene_open_set("train.seed", cases[i].text);
        cr_expect(config->train_seed == cases[i].value, "%s", cases[i].text);
        retune_config_close(config);
    }
}

Test(config_values, texts_that_are_no_integer) {
    const char *texts[] = {"",    "-",   "+",   "1.0", "1e3",     "0x10",
                           "1 2", "12a", "--1", "nan", "\xc2\xb2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char message[256];
        snprintf(message, sizeof message,
                 "--set train.batch: [train] batch: '%s' is not a whole number in 1..65536",
                 texts[i]);
        scene_refuse_set("train.batch", texts[i], message);
    }
}

Test(config_values, integers_out_of_range) {
    scene_refuse("\n[train]\nbatch = 0\n", "job.ini:3: [train] batch: 0 is not in 1..65536");
    const char *texts[] = {"65537",
                           "-1",
                           "9223372036854775808",
                           "18446744073709551617",
                           "-99999999999999999999999999",
                           "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char message[256];
        snprintf(message, sizeof message, "--set train.batch: [train] batch: %s is not in 1..65536",
                 texts[i]);
        scene_refuse_set("train.batch", texts[i], message);
    }
}

Test(config_values, numbers) {
    const struct {
        const char *text;
        double value;
    } cases[] = {{"1", 1.0},     {".5", 0.5}, {"5.", 5.0},      {"+2.5e-3", 0.0025}, {"1E2", 100.0},
                 {"1e-7", 1e-7}, {"-0", 0.0}, {"0.003", 0.003}, {"1e+2", 100.0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        retune_config *config = scene_open_set("train.learning_rate", cases[i].text);
        cr_expect(config->train_learning_rate == cases[i].value, "%s", cases[i].text);
        retune_config_close(config);
    }
}

Test(config_values, texts_that_are_no_number) {
    const char *texts[] = {"",    ".",   "-",   "e5",    "1e",       "1e+", "nan", "inf",
                           "0x1", "1,5", "1 5", "1.2.3", "infinity", "one", "1f"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char message[256];
        snprintf(message, sizeof message,
                 "--set train.min_lr: [train] min_lr: '%s' is not a number in 0.0..1000.0",
                 texts[i]);
        scene_refuse_set("train.min_lr", texts[i], message);
    }
}

Test(config_values, numbers_out_of_range) {
    scene_refuse_set("data.test", "0.91", "--set data.test: [data] test: 0.91 is not in 0.0..0.9");
    scene_refuse_set("data.test", "-0.1", "--set data.test: [data] test: -0.1 is not in 0.0..0.9");
    scene_refuse_set("data.test", "1e999",
                     "--set data.test: [data] test: 1e999 is too large or too "
                     "small; allowed: 0.0..0.9");
    scene_refuse_set("data.test", "1e-999",
                     "--set data.test: [data] test: 1e-999 is too large or "
                     "too small; allowed: 0.0..0.9");
}

/* In a locale that writes 0,5 a job file still says 0.5. */
Test(config_values, numbers_do_not_follow_the_locale) {
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    bool set = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !set; i++)
        set = setlocale(LC_ALL, names[i]) != NULL;
    if (!set)
        cr_skip_test("no locale with a decimal comma is installed");
    retune_config *config = scene_open_set("data.test", "0.25");
    cr_expect(config->data_test == 0.25);
    retune_config_close(config);
    scene_refuse_set("data.test", "0,25",
                     "--set data.test: [data] test: '0,25' is not a number in 0.0..0.9");
}

Test(config_values, choices) {
    scene_refuse(
        "[train]\noptimizer = adm\n",
        "job.ini:2: [train] optimizer: 'adm' is not one of: sgd | momentum | adam; did you "
        "mean 'adam'?");
    scene_refuse("[train]\noptimizer = rmsprop\n",
                 "job.ini:2: [train] optimizer: 'rmsprop' is not one of: sgd | momentum | adam");
    scene_refuse("[train]\noptimizer =\n",
                 "job.ini:2: [train] optimizer: '' is not one of: sgd | momentum | adam");
    scene_refuse("[train]\noptimizer = sgd | adam\n",
                 "job.ini:2: [train] optimizer: 'sgd | adam' is not one of: sgd | momentum | adam");
    scene_refuse("[train]\noptimizer = Adam\n",
                 "job.ini:2: [train] optimizer: 'Adam' is not one of: sgd | momentum | adam; did "
                 "you mean 'adam'?");
}

Test(config_values, lists) {
    retune_config *config = scene_open("[freeze]\ntrain =  conv_pw_1? ,dense,conv_*_bn\n");
    cr_assert(config->freeze_train.count == 3);
    cr_expect(strcmp(config->freeze_train.items[0], "conv_pw_1?") == 0);
    cr_expect(strcmp(config->freeze_train.items[1], "dense") == 0);
    cr_expect(strcmp(config->freeze_train.items[2], "conv_*_bn") == 0);
    cr_expect(strcmp(scene_setting(config, "freeze", "train").value,
                     "conv_pw_1?, dense, conv_*_bn") == 0);
    retune_config_close(config);
    config = scene_open("[freeze]\ntrain =\n");
    cr_expect(config->freeze_train.count == 0);
    cr_expect(strcmp(scene_setting(config, "freeze", "train").value, "") == 0);
    retune_config_close(config);
}

Test(config_values, lists_with_empty_items) {
    scene_refuse("[freeze]\ntrain = a,,b\n", "job.ini:2: [freeze] train: 'a,,b' has an empty item");
    scene_refuse("[freeze]\ntrain = a,\n", "job.ini:2: [freeze] train: 'a,' has an empty item");
    scene_refuse("[freeze]\ntrain = ,\n", "job.ini:2: [freeze] train: ',' has an empty item");
}

Test(config_values, list_items_are_checked_where_choices_are_known) {
    scene_refuse(
        "[model]\nhead = average_pool, flaten, dense\n",
        "job.ini:2: [model] head: 'flaten' is not one of: average_pool | max_pool | flatten "
        "| dense | softmax; did you mean 'flatten'?");
}

/* What no INI could hold is refused from everywhere, so that a resolved job can be written. */
Test(config_values, texts_no_ini_can_hold) {
    scene_refuse_set("data.root", "a\nb",
                     "--set data.root: [data] root: holds a control character (byte 0x0a)");
    scene_refuse_set("data.root", "a ;b",
                     "--set data.root: [data] root: 'a ;b' holds a ';' that would begin a comment");
    scene_refuse_set("data.root", ";b",
                     "--set data.root: [data] root: ';b' holds a ';' that would begin a comment");
    scene_refuse_set("data.root", " b",
                     "--set data.root: [data] root: ' b' begins or ends with a blank");
    scene_refuse_set("data.root", "b\\", "--set data.root: [data] root: 'b\\' ends in a backslash");
}

Test(config_values, refused_values_leave_the_field) {
    const retune_key *key = retune_key_find("freeze", "train", NULL);
    retune_text_list list = {NULL, 0};
    char *text = NULL;
    cr_assert(retune_value_read(key, "a, b", NULL, &list, &text, NULL) == RETUNE_OK);
    free(text);
    cr_assert(retune_value_read(key, "c, , d", NULL, &list, &text, NULL) == RETUNE_INVALID);
    cr_expect(text == NULL);
    cr_expect(list.count == 2 && strcmp(list.items[0], "a") == 0);
    retune_value_release(key, &list);
    cr_expect(list.items == NULL && list.count == 0);
}
