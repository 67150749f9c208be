#include "train/checkpoint.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "model/model_file.h"

#include <cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define METADATA "retune.training"

retune_hash retune_checkpoint_data_hash(const retune_dataset *dataset) {
    retune_hash hash = retune_hash_bytes("data", 4);
    for (uint32_t c = 0; c < dataset->class_count; c++)
        hash = retune_hash_combine(
            hash, retune_hash_bytes(dataset->classes[c], strlen(dataset->classes[c]) + 1));
    for (uint32_t s = 0; s < dataset->sample_count; s++) {
        const retune_sample *sample = &dataset->samples[s];
        uint32_t role[2] = {sample->label, sample->test};
        hash = retune_hash_combine(hash, sample->hash);
        hash = retune_hash_combine(hash, retune_hash_bytes(role, sizeof role));
    }
    return hash;
}

/* ---- The metadata: one table for writing and reading --------------------------------------- */

typedef enum field_type { FIELD_U32, FIELD_U64, FIELD_DOUBLE, FIELD_DEVICE } field_type;

static const struct {
    const char *name;
    size_t offset;
    field_type type;
} fields[] = {
    {"epoch", offsetof(retune_progress, epoch), FIELD_U32},
    {"step", offsetof(retune_progress, step), FIELD_U64},
    {"correct", offsetof(retune_progress, metrics.correct), FIELD_U64},
    {"loss", offsetof(retune_progress, metrics.loss), FIELD_DOUBLE},
    {"weight", offsetof(retune_progress, metrics.weight), FIELD_DOUBLE},
    {"accuracy", offsetof(retune_progress, accuracy), FIELD_DOUBLE},
    {"best_accuracy", offsetof(retune_progress, best_accuracy), FIELD_DOUBLE},
    {"best_epoch", offsetof(retune_progress, best_epoch), FIELD_U32},
    {"seconds", offsetof(retune_progress, seconds), FIELD_DOUBLE},
    {"epoch_seconds", offsetof(retune_progress, epoch_seconds), FIELD_DOUBLE},
    {"scan_seconds", offsetof(retune_progress, phase_seconds[RETUNE_PHASE_SCAN]), FIELD_DOUBLE},
    {"features_seconds", offsetof(retune_progress, phase_seconds[RETUNE_PHASE_FEATURES]),
     FIELD_DOUBLE},
    {"train_seconds", offsetof(retune_progress, phase_seconds[RETUNE_PHASE_TRAIN]), FIELD_DOUBLE},
    {"evaluate_seconds", offsetof(retune_progress, phase_seconds[RETUNE_PHASE_EVALUATE]),
     FIELD_DOUBLE},
    {"metrics_csv", offsetof(retune_progress, mark.csv), FIELD_U64},
    {"metrics_jsonl", offsetof(retune_progress, mark.jsonl), FIELD_U64},
    {"settings", offsetof(retune_progress, settings), FIELD_U64},
    {"data_low", offsetof(retune_progress, data.low), FIELD_U64},
    {"data_high", offsetof(retune_progress, data.high), FIELD_U64},
    {"steps_per_epoch", offsetof(retune_progress, steps_per_epoch), FIELD_U64},
    {"device", offsetof(retune_progress, device), FIELD_DEVICE},
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

/* Numbers travel as text: JSON's are doubles in most readers, and these must come back to the bit.
 */
#define FIELD_TEXT_MAX RETUNE_PROGRESS_DEVICE_MAX
static void format_field(const retune_progress *progress, size_t f, char text[FIELD_TEXT_MAX]) {
    const char *at = (const char *)progress + fields[f].offset;
    switch (fields[f].type) {
    case FIELD_U32:
        snprintf(text, FIELD_TEXT_MAX, "%" PRIu32, *(const uint32_t *)(const void *)at);
        break;
    case FIELD_U64:
        snprintf(text, FIELD_TEXT_MAX, "%" PRIu64, *(const uint64_t *)(const void *)at);
        break;
    case FIELD_DOUBLE:
        snprintf(text, FIELD_TEXT_MAX, "%a", *(const double *)(const void *)at);
        break;
    case FIELD_DEVICE:
        snprintf(text, FIELD_TEXT_MAX, "%s", at);
        break;
    }
}

/* Of a device's id. */
#define DEVICE_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/-"

static bool parse_field(const char *text, size_t f, retune_progress *progress) {
    char *at = (char *)progress + fields[f].offset, *end = NULL;
    errno = 0;
    if (fields[f].type == FIELD_DEVICE) {
        size_t length = strlen(text);
        if (length >= RETUNE_PROGRESS_DEVICE_MAX || strspn(text, DEVICE_LETTERS) != length)
            return false;
        memcpy(at, text, length + 1);
        return true;
    }
    if (fields[f].type == FIELD_DOUBLE) {
        double value = strtod(text, &end);
        memcpy(at, &value, sizeof value);
        return end != text && *end == '\0' && value - value == 0.0;
    }
    if (text[0] < '0' ||
        text[0] > '9') /* strtoull takes spaces and signs, and -1 for the largest */
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || errno != 0)
        return false;
    if (fields[f].type == FIELD_U64) {
        uint64_t wide = value;
        memcpy(at, &wide, sizeof wide);
        return true;
    }
    uint32_t narrow = (uint32_t)value;
    memcpy(at, &narrow, sizeof narrow);
    return value <= UINT32_MAX;
}

static retune_status print_progress(const retune_progress *progress, char **out_text,
                                    retune_error *error) {
    *out_text = NULL;
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;
    for (size_t f = 0; f < FIELD_COUNT && ok; f++) {
        char text[FIELD_TEXT_MAX];
        format_field(progress, f, text);
        ok = cJSON_AddStringToObject(object, fields[f].name, text) != NULL;
    }
    if (ok)
        *out_text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return *out_text ? RETUNE_OK : retune_fail_memory(error, 0, "checkpoint metadata");
}

static retune_status bad_field(const char *path, const char *field, retune_error *error) {
    return retune_fail(error, RETUNE_CORRUPT,
                       "%s: metadata " METADATA ": '%s' is missing or out of range", path, field);
}

/* The step lies in the epoch after the completed ones, or at its end. */
static retune_status check_steps(const retune_progress *progress, const char *path,
                                 retune_error *error) {
    uint64_t first = 0;
    if (progress->steps_per_epoch == 0)
        return bad_field(path, "steps_per_epoch", error);
    if (__builtin_mul_overflow(progress->steps_per_epoch, progress->epoch, &first) ||
        progress->step < first || progress->step - first > progress->steps_per_epoch)
        return bad_field(path, "step", error);
    return RETUNE_OK;
}

static retune_status parse_progress(const char *text, const char *path, retune_progress *progress,
                                    retune_error *error) {
    if (!text)
        return retune_fail(error, RETUNE_CORRUPT, "%s: not a checkpoint (no metadata " METADATA ")",
                           path);
    cJSON *object = cJSON_Parse(text);
    retune_status status = RETUNE_OK;
    for (size_t f = 0; f < FIELD_COUNT && status == RETUNE_OK; f++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, fields[f].name);
        if (!cJSON_IsString(item) || !parse_field(item->valuestring, f, progress))
            status = bad_field(path, fields[f].name, error);
    }
    cJSON_Delete(object);
    return status == RETUNE_OK ? check_steps(progress, path, error) : status;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* The entries of the optimiser's state; free them. */
static retune_status list_states(const retune_learned *learned,
                                 retune_safetensors_entry **out_entries, size_t *out_count,
                                 retune_error *error) {
    *out_count = 0;
    RETUNE_TRY(
        retune_allocate(learned->count, sizeof **out_entries, "a checkpoint", out_entries, error));
    for (size_t t = 0; t < learned->count; t++) {
        const retune_learned_tensor *tensor = &learned->tensors[t];
        if (tensor->parameter < 0)
            (*out_entries)[(*out_count)++] = (retune_safetensors_entry){
                tensor->name, tensor->desc, learned->memory + tensor->offset};
    }
    return RETUNE_OK;
}

retune_status retune_checkpoint_write(const retune_learned *learned, retune_model *model,
                                      const retune_run_folder *folder,
                                      const retune_progress *progress, retune_error *error) {
    const char *path = retune_run_folder_file(folder, RETUNE_RUN_LAST);
    const char *previous = retune_run_folder_file(folder, RETUNE_RUN_LAST_PREVIOUS);
    retune_safetensors_entry *states = NULL;
    size_t state_count = 0;
    char *text = NULL;
    retune_learned_to_model(learned, model);
    retune_status status = list_states(learned, &states, &state_count, error);
    if (status == RETUNE_OK)
        status = print_progress(progress, &text, error);
    if (status == RETUNE_OK && rename(path, previous) != 0 && errno != ENOENT)
        status = retune_fail(error, RETUNE_IO, "%s: cannot become %s: %s", path, previous,
                             strerror(errno));
    if (status == RETUNE_OK) {
        retune_option metadata = {METADATA, text};
        status = retune_model_file_write(path, model, &metadata, 1, states, state_count, error);
        if (status != RETUNE_OK)
            (void)rename(previous, path); /* what was the newest still is */
    }
    cJSON_free(text);
    free(states);
    return status;
}

/* ---- Reading ------------------------------------------------------------------------------- */

struct retune_checkpoint {
    char *path;
    char *damage; /* of a newer one; NULL: there is none */
    retune_safetensors *file;
    retune_progress progress;
};

void retune_checkpoint_close(retune_checkpoint *checkpoint) {
    if (!checkpoint)
        return;
    retune_safetensors_close(checkpoint->file);
    free(checkpoint->damage);
    free(checkpoint->path);
    free(checkpoint);
}

static retune_status open_file(const char *folder, retune_run_file which,
                               retune_checkpoint **out_checkpoint, retune_error *error) {
    *out_checkpoint = NULL;
    retune_checkpoint *checkpoint = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *checkpoint, "a checkpoint", &checkpoint, error));
    retune_status status = retune_run_folder_path(folder, which, &checkpoint->path, error);
    if (status == RETUNE_OK && !retune_file_exists(checkpoint->path)) {
        retune_checkpoint_close(checkpoint);
        return RETUNE_OK;
    }
    if (status == RETUNE_OK)
        status = retune_safetensors_open(checkpoint->path, &checkpoint->file, error);
    if (status == RETUNE_OK)
        status = parse_progress(retune_safetensors_metadata(checkpoint->file, METADATA),
                                checkpoint->path, &checkpoint->progress, error);
    if (status == RETUNE_OK)
        *out_checkpoint = checkpoint;
    else
        retune_checkpoint_close(checkpoint);
    return status;
}

retune_status retune_checkpoint_open(const char *folder, retune_checkpoint **out_checkpoint,
                                     retune_error *error) {
    retune_error fault = RETUNE_ERROR_INIT;
    retune_status newest = open_file(folder, RETUNE_RUN_LAST, out_checkpoint, &fault);
    if (newest == RETUNE_OK && *out_checkpoint)
        return RETUNE_OK;
    /* A run that died between two renames left only the older one; so does a damaged newest. */
    retune_status older = open_file(folder, RETUNE_RUN_LAST_PREVIOUS, out_checkpoint, error);
    if (newest == RETUNE_OK)
        return older;
    if (older == RETUNE_OK && *out_checkpoint) {
        older = retune_copy_text(fault.message, &(*out_checkpoint)->damage, error);
        if (older == RETUNE_OK)
            return RETUNE_OK;
        retune_checkpoint_close(*out_checkpoint);
        *out_checkpoint = NULL;
        return older;
    }
    return retune_fail(error, newest, "%s", fault.message);
}

const char *retune_checkpoint_damage(const retune_checkpoint *checkpoint) {
    return checkpoint->damage;
}

const retune_progress *retune_checkpoint_progress(const retune_checkpoint *checkpoint) {
    return &checkpoint->progress;
}

retune_status retune_checkpoint_check(const retune_checkpoint *checkpoint,
                                      const retune_config *config, const retune_dataset *dataset,
                                      const char *folder, const char *option, retune_error *error) {
    if (checkpoint->progress.settings != retune_config_fingerprint(config))
        return retune_fail(error, RETUNE_INVALID,
                           "%s: %s: settings of [model], [data], [freeze] or [train] differ from "
                           "those of the run; its job.ini has them",
                           folder, option);
    if (!retune_hash_equal(checkpoint->progress.data, retune_checkpoint_data_hash(dataset)))
        return retune_fail(error, RETUNE_INVALID,
                           "%s: %s: the images are not those the run began with; start a new run "
                           "with [model] weights = its model.safetensors",
                           folder, option);
    return RETUNE_OK;
}

retune_status retune_checkpoint_load_model(const retune_checkpoint *checkpoint, retune_model *model,
                                           retune_error *error) {
    return retune_model_file_load(checkpoint->file, checkpoint->path, model, error);
}

retune_status retune_checkpoint_load_state(const retune_checkpoint *checkpoint,
                                           retune_learned *learned, retune_error *error) {
    for (size_t t = 0; t < learned->count; t++) {
        const retune_learned_tensor *wanted = &learned->tensors[t];
        size_t bytes = 0;
        if (wanted->parameter >= 0)
            continue;
        const retune_safetensors_tensor *tensor =
            retune_safetensors_find(checkpoint->file, wanted->name);
        if (!tensor || !retune_desc_equal(&tensor->desc, &wanted->desc))
            return retune_fail(error, RETUNE_CORRUPT, "%s: %s is missing or of another shape",
                               checkpoint->path, wanted->name);
        RETUNE_TRY(retune_desc_bytes(&wanted->desc, &bytes, error));
        memcpy(learned->memory + wanted->offset, tensor->data, bytes);
    }
    return RETUNE_OK;
}
