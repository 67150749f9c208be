/* The resolved INI gives the same config again, from any folder; the fingerprint tells apart what a
 * checkpoint depends on. */
#include "scene.h"

#include "config/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(config_write, .init = scene_begin, .fini = scene_end);

static char *write_config(const retune_config *config) {
    char *text = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_config_write(config, &text, &error) == RETUNE_OK, "%s", error.message);
    return text;
}

/* Writes `config`, reads it in another folder and writes that: both texts must agree. */
static retune_config *read_elsewhere(const retune_config *config) {
    char *text = write_config(config);
    uint64_t fingerprint = retune_config_fingerprint(config);
    char here[4096];
    cr_assert(getcwd(here, sizeof here) != NULL);
    cr_assert(mkdir("elsewhere", 0700) == 0 && mkdir("elsewhere/jobs", 0700) == 0);
    cr_assert(chdir("elsewhere") == 0);
    scene_write("jobs/copy.ini", text);
    retune_config *copy = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_config_open("jobs/copy.ini", NULL, 0, &copy, &error) == RETUNE_OK, "%s\n%s",
              error.message, text);
    char *again = write_config(copy);
    cr_expect(strcmp(text, again) == 0, "%s\n---\n%s", text, again);
    cr_expect(retune_config_fingerprint(copy) == fingerprint);
    cr_assert(chdir(here) == 0);
    free(text);
    free(again);
    return copy;
}

Test(config_write, defaults_round_trip) {
    retune_config *config = scene_open("");
    retune_config *copy = read_elsewhere(config);
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        retune_setting before = scene_setting(config, key->section, key->key);
        retune_setting after = scene_setting(copy, key->section, key->key);
        if (key->type != RETUNE_KEY_TYPE_PATH || *before.value == '\0')
            cr_expect(strcmp(before.value, after.value) == 0, "%s: %s", key->key, after.value);
        else
            cr_expect(after.value[0] == '/', "%s: %s", key->key, after.value);
        cr_expect(strncmp(after.origin, "jobs/copy.ini:", 14) == 0, "%s", after.origin);
    }
    retune_config_close(copy);
    retune_config_close(config);
}

/* Every key away from its default: nothing is forgotten on the way. */
Test(config_write, every_key_round_trips) {
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        char name[128], value[64] = "some/where";
        snprintf(name, sizeof name, "%s.%s", key->section, key->key);
        if (key->type == RETUNE_KEY_TYPE_INTEGER)
            snprintf(value, sizeof value, "%lld", (long long)key->limit.integer.maximum);
        else if (key->type == RETUNE_KEY_TYPE_NUMBER)
            snprintf(value, sizeof value, "%.17g", key->limit.number.maximum);
        else if (key->type == RETUNE_KEY_TYPE_CHOICE)
            snprintf(value, sizeof value, "%s",
                     strrchr(key->allowed, ' ') ? strrchr(key->allowed, ' ') + 1 : key->allowed);
        else if (key->type == RETUNE_KEY_TYPE_LIST)
            snprintf(value, sizeof value, "dense, max_pool");
        retune_config *config = scene_open_set(name, value);
        char *text = write_config(config);
        retune_config *copy = scene_open(text);
        const char *after = scene_setting(copy, key->section, key->key).value;
        size_t skip = key->type == RETUNE_KEY_TYPE_PATH ? strlen(after) - strlen(value) : 0;
        cr_expect(strcmp(after + skip, value) == 0, "%s: %s", name, after);
        retune_config_close(copy);
        retune_config_close(config);
        free(text);
    }
}

Test(config_write, paths_become_absolute) {
    cr_assert(mkdir("jobs", 0700) == 0);
    scene_write("jobs/a.ini", "[data]\nroot = .//flowers/./all/\n[cache]\nfolder = ../x\n");
    retune_config *config = NULL;
    cr_assert(retune_config_open("jobs/a.ini", NULL, 0, &config, NULL) == RETUNE_OK);
    retune_config *copy = read_elsewhere(config);
    char here[4096], expected[4200];
    cr_assert(getcwd(here, sizeof here) != NULL);
    snprintf(expected, sizeof expected, "%s/jobs/flowers/all", here);
    cr_expect(strcmp(copy->data_root, expected) == 0, "%s", copy->data_root);
    snprintf(expected, sizeof expected, "%s/jobs/../x", here);
    cr_expect(strcmp(copy->cache_folder, expected) == 0, "%s", copy->cache_folder);
    cr_expect(strcmp(copy->model_weights, "") == 0);
    retune_config_close(copy);
    retune_config_close(config);
}

Test(config_write, long_values_round_trip) {
    char path[3000] = "/", list[3000] = "a0", option[1000] = "begin";
    for (int i = 0; strlen(path) < 2900; i++)
        sprintf(path + strlen(path), "%sfolder with blanks and \xc3\xa4\xe2\x82\xac %d",
                i ? "/" : "", i);
    for (int i = 1; strlen(list) < 2900; i++)
        sprintf(list + strlen(list), ", #layer;%d*", i);
    for (int i = 0; strlen(option) < 900; i++)
        sprintf(option + strlen(option), " \\%d\\\\", i);
    strcat(option, "end");
    retune_option overrides[] = {
        {"data.root", path}, {"freeze.train", list}, {"backend.cpu.text", option}};
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_config_open(NULL, overrides, 3, &config, &error) == RETUNE_OK, "%s",
              error.message);
    retune_config *copy = read_elsewhere(config);
    cr_expect(strcmp(copy->data_root, path) == 0, "%s", copy->data_root);
    cr_expect(strcmp(scene_setting(copy, "freeze", "train").value, list) == 0);
    size_t count = 0;
    const retune_option *options = retune_config_backend_options(copy, "cpu", &count);
    cr_assert(count == 1);
    cr_expect(strcmp(options[0].value, option) == 0, "%s", options[0].value);
    retune_config_close(copy);
    retune_config_close(config);
}

Test(config_write, backend_sections_are_written) {
    retune_config *config = scene_open(
        "[backend.opencl]\nb = 2\na = 1\n[backend.cpu]\nempty =\n[backend.opencl]\nc=3\n");
    retune_config *copy = read_elsewhere(config);
    size_t count = 0;
    const retune_option *options = retune_config_backend_options(copy, "opencl", &count);
    cr_assert(count == 3);
    cr_expect(strcmp(options[0].key, "b") == 0 && strcmp(options[2].key, "c") == 0);
    options = retune_config_backend_options(copy, "cpu", &count);
    cr_assert(count == 1);
    cr_expect(strcmp(options[0].value, "") == 0);
    retune_config_close(copy);
    retune_config_close(config);
}

/* A folder whose own name no INI can hold is found when the path is made absolute. */
Test(config_write, unwritable_folders_are_refused) {
    cr_assert(mkdir("odd ;name", 0700) == 0);
    cr_assert(chdir("odd ;name") == 0);
    retune_config *config = NULL;
    cr_assert(retune_config_open(NULL, NULL, 0, &config, NULL) == RETUNE_OK);
    char *text = (char *)"unset";
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect(retune_config_write(config, &text, &error) == RETUNE_INVALID);
    cr_expect(text == NULL);
    cr_expect(strncmp(error.message, "[output] folder: ", 17) == 0, "%s", error.message);
    retune_config_close(config);
}

/* A line of the reader is too short for so many blanks, and a break would lose them. */
Test(config_write, values_without_a_place_to_break_are_refused) {
    char value[300];
    memset(value, ' ', sizeof value);
    value[0] = 'a';
    value[298] = 'b';
    value[299] = '\0';
    retune_config *config = scene_open_set("backend.cpu.x", value);
    char *text = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect(retune_config_write(config, &text, &error) == RETUNE_INVALID);
    cr_expect(text == NULL);
    cr_expect(strncmp(error.message, "x: cannot be broken into lines: a ", 34) == 0, "%s",
              error.message);
    retune_config_close(config);
}

/* ---- Fingerprint --------------------------------------------------------------------------- */

static uint64_t fingerprint_of(const char *key, const char *value) {
    retune_config *config = scene_open_set(key, value);
    uint64_t hash = retune_config_fingerprint(config);
    retune_config_close(config);
    return hash;
}

Test(config_write, fingerprint_follows_what_matters) {
    uint64_t plain = fingerprint_of("output.folder", "a");
    const struct {
        const char *key, *value;
    } cases[] = {{"model.alpha", "0.5"},
                 {"model.weights", "w.h5"},
                 {"model.head", "flatten, dense"},
                 {"data.root", "x"},
                 {"data.seed", "2"},
                 {"data.resize", "crop"},
                 {"freeze.train", "dense"},
                 {"freeze.batch_norm", "full"},
                 {"train.batch", "162"},
                 {"train.learning_rate", "0.0030001"},
                 {"train.optimizer", "sgd"},
                 {"train.augment_views", "9"},
                 {"freeze.train", "conv_pw_13dense"}};
    size_t count = sizeof cases / sizeof *cases;
    uint64_t hashes[sizeof cases / sizeof *cases];
    for (size_t i = 0; i < count; i++) {
        hashes[i] = fingerprint_of(cases[i].key, cases[i].value);
        cr_expect(hashes[i] != plain, "%s", cases[i].key);
        for (size_t k = 0; k < i; k++)
            cr_expect(hashes[i] != hashes[k], "%s and %s", cases[i].key, cases[k].key);
    }
}

Test(config_write, fingerprint_ignores_what_does_not) {
    uint64_t plain = fingerprint_of("output.folder", "a");
    const struct {
        const char *key, *value;
    } cases[] = {{"train.epochs", "7"},
                 {"train.early_stop", "3"},
                 {"data.threads", "5"},
                 {"output.folder", "b"},
                 {"output.checkpoint_epochs", "4"},
                 {"cache.features", "off"},
                 {"backend.order", "cpu"},
                 {"backend.cpu.threads", "2"},
                 {"train.learning_rate", "3e-3"},
                 {"train.min_lr", "-0.0"},
                 {"freeze.train", "conv_pw_13,dense"},
                 {"data.test", "0.20"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect(fingerprint_of(cases[i].key, cases[i].value) == plain, "%s", cases[i].key);
}

Test(config_write, fingerprint_of_a_path_is_that_of_the_place) {
    char absolute[4200], here[4096];
    cr_assert(getcwd(here, sizeof here) != NULL);
    snprintf(absolute, sizeof absolute, "%s/flowers", here);
    cr_expect(fingerprint_of("data.root", "flowers") == fingerprint_of("data.root", absolute));
    cr_expect(fingerprint_of("data.root", "./flowers/") == fingerprint_of("data.root", absolute));
    cr_expect(fingerprint_of("data.root", "../flowers") != fingerprint_of("data.root", absolute));
}
