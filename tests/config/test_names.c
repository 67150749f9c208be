/* Names that are not known, and what is proposed instead. */
#include "scene.h"

#include "base/suggest.h"

#include <string.h>

TestSuite(config_names, .init = scene_begin, .fini = scene_end);

static size_t distance(const char *a, const char *b) {
    size_t there = retune_edit_distance(a, strlen(a), b, strlen(b));
    cr_expect(there == retune_edit_distance(b, strlen(b), a, strlen(a)));
    return there;
}

Test(config_names, edit_distance) {
    cr_expect(distance("", "") == 0);
    cr_expect(distance("", "abc") == 3);
    cr_expect(distance("epochs", "epochs") == 0);
    cr_expect(distance("Epochs", "epochS") == 0);
    cr_expect(distance("epoch", "epochs") == 1);
    cr_expect(distance("bacth", "batch") == 1);
    cr_expect(distance("kitten", "sitting") == 3);
    cr_expect(distance("abc", "xyz") == 3);
}

Test(config_names, names_too_long_are_far) {
    char name[65];
    memset(name, 'a', sizeof name);
    cr_expect(retune_edit_distance(name, 63, name, 63) == 0);
    cr_expect(retune_edit_distance(name, 64, name, 63) == SIZE_MAX);
    cr_expect(retune_edit_distance(name, 1, name, 64) == SIZE_MAX);
}

Test(config_names, nearest_is_kept) {
    retune_suggestion suggestion = retune_suggestion_make("bacth");
    retune_suggestion_offer(&suggestion, "epochs", 6);
    cr_expect(suggestion.best == NULL);
    retune_suggestion_offer(&suggestion, "latch", 5);
    retune_suggestion_offer(&suggestion, "batch", 5);
    retune_suggestion_offer(&suggestion, "patch", 5);
    cr_expect(strcmp(suggestion.best, "batch") == 0);
}

Test(config_names, nothing_alike_is_not_proposed) {
    retune_suggestion suggestion = retune_suggestion_make("xy");
    retune_suggestion_offer(&suggestion, "ab", 2);
    retune_suggestion_offer(&suggestion, "z", 1);
    cr_expect(suggestion.best == NULL);
    suggestion = retune_suggestion_make("");
    retune_suggestion_offer(&suggestion, "a", 1);
    cr_expect(suggestion.best == NULL);
}

Test(config_names, unknown_key) {
    scene_refuse(
        "[freeze]\ntrian = dense\n",
        "job.ini:2: [freeze] has no key 'trian'; did you mean 'train'? its keys are: train, "
        "batch_norm");
    scene_refuse("[output]\nverbosity = 3\n",
                 "job.ini:2: [output] has no key 'verbosity'; its keys are: folder, precision, "
                 "checkpoint_epochs");
}

Test(config_names, key_of_another_section) {
    scene_refuse("[freeze]\nepochs = 3\n",
                 "job.ini:2: [freeze] has no key 'epochs'; [train] has; its own keys are: train, "
                 "batch_norm");
}

Test(config_names, unknown_section) {
    scene_refuse("[trian]\nepochs = 3\n",
                 "job.ini:1: [trian] is not a section; did you mean [train]? sections are: model, "
                 "data, freeze, train, backend, cache, output, backend.<name>");
    scene_refuse("[network]\n",
                 "job.ini:1: [network] is not a section; sections are: model, data, freeze, train, "
                 "backend, cache, output, backend.<name>");
    scene_refuse_set("tran.epochs", "1",
                     "--set tran.epochs: [tran] is not a section; did you mean [train]? sections "
                     "are: model, data, freeze, train, backend, cache, output, backend.<name>");
}

Test(config_names, key_before_any_section) {
    scene_refuse("epochs = 3\n", "job.ini:1: 'epochs' stands in no section; sections are: model, "
                                 "data, freeze, train, backend, cache, output");
}

/* The longest list of keys fits the message whole. */
Test(config_names, all_keys_are_listed) {
    scene_write("job.ini", "[train]\nzzzzzzzz = 3\n");
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_config_open("job.ini", NULL, 0, &config, &error) == RETUNE_INVALID);
    for (size_t i = 0; i < retune_config_setting_count(NULL); i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        cr_assert(retune_config_setting(NULL, i, &setting, NULL) == RETUNE_OK);
        if (strcmp(setting.section, "train") == 0)
            cr_expect(strstr(error.message, setting.key) != NULL, "%s", setting.key);
    }
}

Test(config_names, long_names_are_quoted_in_part) {
    char text[256] = "[train]\n", name[150];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    strcat(strcat(text, name), " = 1\n");
    scene_write("job.ini", text);
    retune_config *config = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_config_open("job.ini", NULL, 0, &config, &error) == RETUNE_INVALID);
    cr_expect(strstr(error.message, "augment_views") != NULL, "%s", error.message);
}
