/* Every row of the table, whatever rows there are. */
#include "scene.h"

#include "config/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(config_table, .init = scene_begin, .fini = scene_end);

static void *field(const retune_config *config, const retune_key *key) {
    return (char *)config + key->offset;
}

Test(config_table, every_default_lies_within_its_limits) {
    retune_config *config = scene_open("");
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        if (key->type == RETUNE_KEY_TYPE_INTEGER) {
            int64_t value = *(int64_t *)field(config, key);
            cr_expect(value == strtoll(key->default_value, NULL, 10), "%s", key->key);
            cr_expect(value >= key->limit.integer.minimum, "%s", key->key);
            cr_expect(value <= key->limit.integer.maximum, "%s", key->key);
        } else if (key->type == RETUNE_KEY_TYPE_NUMBER) {
            double value = *(double *)field(config, key);
            cr_expect(value == strtod(key->default_value, NULL), "%s", key->key);
            cr_expect(value >= key->limit.number.minimum, "%s", key->key);
            cr_expect(value <= key->limit.number.maximum, "%s", key->key);
        }
    }
    retune_config_close(config);
}

Test(config_table, every_row_is_documented_and_unique) {
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        size_t found = SIZE_MAX;
        cr_expect(retune_key_find(key->section, key->key, &found) == key);
        cr_expect(found == i, "%s.%s is there twice", key->section, key->key);
        cr_expect(strlen(key->allowed) > 0 && strlen(key->description) > 10, "%s", key->key);
        cr_expect(strlen(key->section) < 40 && strlen(key->key) < 40);
    }
    cr_expect(retune_key_at(retune_key_count()) == NULL);
    cr_expect(retune_key_find("train", "nothing", NULL) == NULL);
    cr_expect(!retune_key_section_exists("trains"));
}

/* The enums of config.h follow the order of the choices; one wrong and a job trains otherwise. */
Test(config_table, choices_are_numbered_as_in_the_header) {
    retune_config *config = scene_open("[data]\nbad_images = fail\nresize = crop\n"
                                       "[freeze]\nbatch_norm = affine\n"
                                       "[train]\noptimizer = momentum\nschedule = step\n"
                                       "augment = flip\n"
                                       "[backend]\nfallback = op\nprecision = bf16\n"
                                       "[cache]\nfeatures = off\nprecision = fp32\n");
    cr_expect(config->data_bad_images == RETUNE_BAD_IMAGES_FAIL);
    cr_expect(config->data_resize == RETUNE_RESIZE_CROP);
    cr_expect(config->freeze_batch_norm == RETUNE_BATCH_NORM_AFFINE);
    cr_expect(config->train_optimizer == RETUNE_OPTIMIZER_MOMENTUM);
    cr_expect(config->train_schedule == RETUNE_SCHEDULE_STEP);
    cr_expect(config->train_augment == RETUNE_AUGMENT_FLIP);
    cr_expect(config->backend_fallback == RETUNE_FALLBACK_OP);
    cr_expect(config->backend_precision == RETUNE_PRECISION_BF16);
    cr_expect(config->cache_features == RETUNE_FEATURES_OFF);
    cr_expect(config->cache_precision == RETUNE_CACHE_FP32);
    retune_config_close(config);
}

/* Just inside both limits of every number is taken, just outside refused. */
Test(config_table, limits_of_integers_hold) {
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        if (key->type != RETUNE_KEY_TYPE_INTEGER)
            continue;
        char name[128], text[32], message[256];
        snprintf(name, sizeof name, "%s.%s", key->section, key->key);
        int64_t inside[] = {key->limit.integer.minimum, key->limit.integer.maximum};
        int64_t outside[] = {key->limit.integer.minimum - 1, key->limit.integer.maximum + 1};
        for (int side = 0; side < 2; side++) {
            snprintf(text, sizeof text, "%lld", (long long)inside[side]);
            retune_config *config = scene_open_set(name, text);
            cr_expect(*(int64_t *)field(config, key) == inside[side]);
            retune_config_close(config);
            snprintf(text, sizeof text, "%lld", (long long)outside[side]);
            snprintf(message, sizeof message, "--set %s: [%s] %s: %s is not in %s", name,
                     key->section, key->key, text, key->allowed);
            scene_refuse_set(name, text, message);
        }
    }
}

Test(config_table, limits_of_numbers_hold) {
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        if (key->type != RETUNE_KEY_TYPE_NUMBER)
            continue;
        char name[128], text[64], message[256];
        snprintf(name, sizeof name, "%s.%s", key->section, key->key);
        double inside[] = {key->limit.number.minimum, key->limit.number.maximum};
        double outside[] = {key->limit.number.minimum - 0.001, key->limit.number.maximum + 0.001};
        for (int side = 0; side < 2; side++) {
            snprintf(text, sizeof text, "%.17g", inside[side]);
            retune_config *config = scene_open_set(name, text);
            cr_expect(*(double *)field(config, key) == inside[side]);
            retune_config_close(config);
            snprintf(text, sizeof text, "%.17g", outside[side]);
            snprintf(message, sizeof message, "--set %s: [%s] %s: %s is not in %s", name,
                     key->section, key->key, text, key->allowed);
            scene_refuse_set(name, text, message);
        }
    }
}

Test(config_table, every_choice_is_taken_under_its_index) {
    for (size_t i = 0; i < retune_key_count(); i++) {
        const retune_key *key = retune_key_at(i);
        if (key->type != RETUNE_KEY_TYPE_CHOICE)
            continue;
        const char *cursor = key->allowed, *choice;
        size_t length = 0;
        for (int index = 0; (choice = retune_key_next_choice(&cursor, &length)); index++) {
            char name[128], text[64];
            snprintf(name, sizeof name, "%s.%s", key->section, key->key);
            snprintf(text, sizeof text, "%.*s", (int)length, choice);
            retune_config *config = scene_open_set(name, text);
            cr_expect(*(int *)field(config, key) == index, "%s = %s", name, text);
            retune_config_close(config);
        }
    }
}

Test(config_table, reference_without_a_job) {
    cr_assert(retune_config_setting_count(NULL) == retune_key_count());
    retune_setting setting = {.struct_size = sizeof setting};
    cr_assert(retune_config_setting(NULL, 0, &setting, NULL) == RETUNE_OK);
    cr_expect(strcmp(setting.section, "model") == 0);
    cr_expect(strcmp(setting.key, "architecture") == 0);
    cr_expect(strcmp(setting.default_value, "mobilenet_v1") == 0);
    cr_expect(setting.value == NULL && setting.origin == NULL);
    setting = scene_setting(NULL, "train", "batch");
    cr_expect(strcmp(setting.allowed, "1..65536") == 0);
    setting = scene_setting(NULL, "model", "weights");
    cr_expect(strcmp(setting.allowed, "path") == 0);
}

Test(config_table, describing_checks_its_arguments) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_setting setting = {.struct_size = sizeof setting};
    cr_expect(retune_config_setting(NULL, retune_key_count(), &setting, &error) == RETUNE_INVALID);
    cr_expect(setting.section == NULL);
    setting.struct_size = 0;
    cr_expect(retune_config_setting(NULL, 0, &setting, &error) == RETUNE_INVALID);
    cr_expect(strstr(error.message, "struct_size") != NULL);
}

/* A caller compiled against a smaller struct gets no byte beyond it. */
Test(config_table, describing_stays_within_the_callers_struct) {
    struct {
        retune_setting setting;
    } caller;
    memset(&caller, 0x5a, sizeof caller);
    caller.setting.struct_size = offsetof(retune_setting, description);
    cr_assert(retune_config_setting(NULL, 0, &caller.setting, NULL) == RETUNE_OK);
    cr_expect(strcmp(caller.setting.key, "architecture") == 0);
    cr_expect(caller.setting.struct_size == offsetof(retune_setting, description));
    const unsigned char *beyond = (const unsigned char *)&caller.setting.description;
    for (size_t i = 0; i < sizeof caller - offsetof(retune_setting, description); i++)
        cr_assert(beyond[i] == 0x5a);
}
