/* The settings of a job: read from an INI file, the environment and overrides, checked against the
 * table in keys.def. */
#ifndef RETUNE_CONFIG_H
#define RETUNE_CONFIG_H

#include "retune/retune.h"

#include "base/status.h"

/* A comma-separated list, trimmed, without empty items. */
typedef struct retune_text_list {
    char **items;
    size_t count;
} retune_text_list;

/* Values of the choices, in the order of keys.def. */
enum { RETUNE_BAD_IMAGES_SKIP, RETUNE_BAD_IMAGES_FAIL };
enum { RETUNE_RESIZE_STRETCH, RETUNE_RESIZE_CROP };
enum { RETUNE_BATCH_NORM_FROZEN, RETUNE_BATCH_NORM_AFFINE, RETUNE_BATCH_NORM_FULL };
enum { RETUNE_OPTIMIZER_SGD, RETUNE_OPTIMIZER_MOMENTUM, RETUNE_OPTIMIZER_ADAM };
enum { RETUNE_SCHEDULE_CONSTANT, RETUNE_SCHEDULE_COSINE, RETUNE_SCHEDULE_STEP };
enum { RETUNE_AUGMENT_NONE, RETUNE_AUGMENT_FLIP, RETUNE_AUGMENT_CROP };
enum { RETUNE_SELF_TEST_ON, RETUNE_SELF_TEST_OFF };
enum { RETUNE_FALLBACK_NONE, RETUNE_FALLBACK_DEVICE, RETUNE_FALLBACK_OP };
enum { RETUNE_PRECISION_FP32, RETUNE_PRECISION_FP16, RETUNE_PRECISION_BF16 };
enum { RETUNE_FEATURES_AUTO, RETUNE_FEATURES_MEMORY, RETUNE_FEATURES_DISK, RETUNE_FEATURES_OFF };
enum { RETUNE_CACHE_FP16, RETUNE_CACHE_FP32 };
enum { RETUNE_OUTPUT_FP32, RETUNE_OUTPUT_FP16 };

/* One member a key, named <section>_<key>: config->train_epochs. */
typedef struct retune_config {
#define RETUNE_KEY_TEXT(section, key, ...)    char *section##_##key;
#define RETUNE_KEY_PATH(section, key, ...)    char *section##_##key;
#define RETUNE_KEY_LIST(section, key, ...)    retune_text_list section##_##key;
#define RETUNE_KEY_CHOICE(section, key, ...)  int section##_##key;
#define RETUNE_KEY_INTEGER(section, key, ...) int64_t section##_##key;
#define RETUNE_KEY_NUMBER(section, key, ...)  double section##_##key;
#include "config/keys.def"
#undef RETUNE_KEY_TEXT
#undef RETUNE_KEY_PATH
#undef RETUNE_KEY_LIST
#undef RETUNE_KEY_CHOICE
#undef RETUNE_KEY_INTEGER
#undef RETUNE_KEY_NUMBER
    struct retune_config_details *details; /* origins, written values, [backend.<name>] sections */
} retune_config;

/* Reads a job. `path` NULL: defaults, environment and overrides alone. Environment variables are
 * RETUNE_<SECTION>_<KEY>. `overrides` have keys "section.key". INVALID names the place
 * ("job.ini:14", "environment RETUNE_TRAIN_EPOCHS", "--set train.epochs"), the section and the key,
 * what was given and what is allowed, and for an unknown name the nearest known one. IO: no such
 * file. */
retune_status retune_config_open(const char *path, const retune_option *overrides,
                                 size_t override_count, retune_config **out_config,
                                 retune_error *error);
void retune_config_close(retune_config *config); /* takes NULL */

/* The key/value pairs of the section [backend.<name>], in order of appearance, for a backend's
 * device_open. Owned by the config. */
const retune_option *retune_config_backend_options(const retune_config *config, const char *name,
                                                   size_t *out_count);

/* The path of the job file as given; NULL when there was none. */
const char *retune_config_path(const retune_config *config);

/* The settings as INI text that, read from anywhere, gives this config again (paths are made
 * absolute). Free with free(). */
retune_status retune_config_write(const retune_config *config, char **out_text,
                                  retune_error *error);

/* Hash of the settings a checkpoint depends on: everything in [model] [data] [freeze] [train] but
 * the number of epochs, early stopping and thread counts. */
uint64_t retune_config_fingerprint(const retune_config *config);

/* retune_setting_count and _describe (retune.h) for a config; NULL: the reference alone. */
size_t retune_config_setting_count(const retune_config *config);
retune_status retune_config_setting(const retune_config *config, size_t index,
                                    retune_setting *out_setting, retune_error *error);

#endif
