/* Checkpoints: training goes on from the very bits it stopped at, or says what is wrong. */
#include "train/checkpoint.h"

#include "base/tensor_desc.h"
#include "model/model_file.h"
#include "train/trainer.h"

#include "cpu_device.h"
#include "network.h"
#include "temporary.h"

#include <cJSON.h>
#include <math.h>

TestSuite(checkpoint, .init = temporary_open, .fini = temporary_close);

#define TRAINING "retune.training"

enum { BATCH = 4, CLASSES = 3 };

/* A trainer as far as checkpoints look at it: a model, a plan and the state on a device. */
typedef struct scene {
    retune_session session;
    retune_trainer trainer;
    retune_learned learned;
} scene;

static const retune_optimizer adam = {.kind = RETUNE_OP_ADAM,
                                      .update.adam = {0.9f, 0.999f, 1e-7f, 0.01f, 1}};
static const retune_optimizer momentum = {
    .kind = RETUNE_OP_SGD, .velocity = true, .update.sgd = {0.9f, 0.0f}};
static const retune_optimizer plain = {.kind = RETUNE_OP_SGD};

/* Prepares the model that is in the session for training. */
static void start(scene *s, const retune_optimizer *optimizer, retune_norm_mode norms) {
    char *globs[] = {"conv_pw_13", "dense"};
    retune_training_options options = {.batch = BATCH, .optimizer = *optimizer};
    s->session.device = cpu_device_open("cpu/scalar");
    s->trainer.session = &s->session;
    assert_ok(retune_freeze_make(s->session.model, globs, 2, norms, &s->session.freeze, &error));
    assert_ok(retune_plan_training(s->session.model, &s->session.freeze, &options, &s->trainer.plan,
                                   &error));
    assert_ok(retune_executable_create(s->session.device, s->trainer.plan->graph, s->session.model,
                                       RETUNE_NO_VALUE, NULL, &s->trainer.executable, &error));
    assert_ok(retune_learned_open(s->trainer.plan, s->session.model, &s->learned, &error));
}

static void stop(scene *s) {
    retune_learned_close(&s->learned);
    retune_trainer_close(&s->trainer);
    retune_session_close(&s->session);
}

/* One update on images that depend on the step. */
static void train_step(scene *s) {
    retune_trainer *t = &s->trainer;
    unsigned char images[BATCH * 32 * 32 * 3];
    int32_t labels[BATCH];
    float weights[BATCH], total = BATCH;
    uint64_t step = ++t->step;
    for (size_t i = 0; i < sizeof images; i++)
        images[i] = (unsigned char)((i * 37 + step * 11 + i / 96 * step) % 251);
    for (size_t i = 0; i < BATCH; i++) {
        labels[i] = (int32_t)((i + step) % CLASSES);
        weights[i] = 1.0f;
    }
    assert_ok(retune_executable_write_all(t->executable, t->plan->images, images, &error));
    assert_ok(retune_executable_write_all(t->executable, t->plan->label, labels, &error));
    assert_ok(retune_executable_write_all(t->executable, t->plan->weight, weights, &error));
    assert_ok(retune_executable_write_all(t->executable, t->plan->total_weight, &total, &error));
    retune_range ranges[] = {t->plan->forward, t->plan->gradient, t->plan->update};
    for (size_t r = 0; r < 3; r++)
        assert_ok(retune_executable_run(t->executable, ranges[r], 0.01f, step, &error));
}

/* Numbers that decimal digits do not hold. */
static const retune_progress progress = {.epoch = 3,
                                         .step = 57,
                                         .metrics = {123, 0.1, 163.0},
                                         .accuracy = 1.0 / 3.0,
                                         .best_accuracy = 0.9,
                                         .best_epoch = 2,
                                         .seconds = 1e-3 / 7.0,
                                         .mark = {UINT64_C(1) << 40, 12345},
                                         .settings = UINT64_MAX,
                                         .data = {UINT64_C(0x123456789abcdef0), 1},
                                         .steps_per_epoch = 18,
                                         .device = "vulkan/0"};

/* From the device into `learned` and the model. */
static void read_learned(scene *s) {
    assert_ok(retune_learned_read(&s->learned, s->trainer.plan, s->trainer.executable, &error));
    retune_learned_to_model(&s->learned, s->session.model);
}

/* From a checkpoint to the device. */
static void load_state(scene *s, const retune_checkpoint *checkpoint) {
    assert_ok(retune_checkpoint_load_state(checkpoint, &s->learned, &error));
    assert_ok(
        retune_learned_write_state(&s->learned, s->trainer.plan, s->trainer.executable, &error));
}

static void write_checkpoint(scene *s, retune_run_mode mode, const retune_progress *at) {
    retune_run_folder *folder = NULL;
    assert_ok(retune_run_folder_open(temporary_folder, mode, "", &folder, &error));
    read_learned(s);
    assert_ok(retune_checkpoint_write(&s->learned, s->session.model, folder, at, &error));
    retune_run_folder_close(folder);
}

static retune_checkpoint *open_checkpoint(void) {
    retune_checkpoint *checkpoint = NULL;
    assert_ok(retune_checkpoint_open(temporary_folder, &checkpoint, &error));
    cr_assert_not_null(checkpoint);
    return checkpoint;
}

/* ---- What was learned ----------------------------------------------------------------------- */

Test(checkpoint, what_is_learned_begins_as_the_model) {
    scene s = {.session.model = network_small(1)};
    uint64_t bytes = 0;
    start(&s, &adam, RETUNE_NORM_FULL);
    assert_ok(retune_learned_bytes(s.trainer.plan, &bytes, &error));
    cr_expect_eq(bytes, 2 * s.learned.bytes);
    for (size_t t = 0; t < s.learned.count; t++) {
        const retune_learned_tensor *tensor = &s.learned.tensors[t];
        const float *values = (const float *)(const void *)(s.learned.memory + tensor->offset);
        float expected =
            tensor->parameter < 0 ? 0.0f : s.session.model->parameters[tensor->parameter].values[0];
        cr_expect_eq(values[0], expected, "%s", tensor->name);
    }
    stop(&s);
}

/* Reading what a device has, before anything was trained, changes nothing. */
Test(checkpoint, what_was_learned_survives_a_device) {
    scene s = {.session.model = network_small(1)};
    start(&s, &momentum, RETUNE_NORM_AFFINE);
    unsigned char *before = malloc(s.learned.bytes);
    memcpy(before, s.learned.memory, s.learned.bytes);
    read_learned(&s);
    cr_expect_eq(memcmp(before, s.learned.memory, s.learned.bytes), 0);
    train_step(&s);
    cr_expect_eq(memcmp(before, s.learned.memory, s.learned.bytes), 0, "training reached it");
    read_learned(&s);
    cr_expect_neq(memcmp(before, s.learned.memory, s.learned.bytes), 0, "nothing was learned");
    free(before);
    stop(&s);
}

/* ---- Round trip ---------------------------------------------------------------------------- */

/* Trains two steps, saves, trains two more; then goes on from the checkpoint on a new device. */
static void check_resume(const retune_optimizer *optimizer, retune_norm_mode norms) {
    scene first = {.session.model = network_small(1)}, second = {.session.model = network_small(2)};
    start(&first, optimizer, norms);
    train_step(&first);
    train_step(&first);
    write_checkpoint(&first, RETUNE_RUN_FRESH, &progress);
    train_step(&first);
    train_step(&first);
    read_learned(&first);

    retune_checkpoint *checkpoint = open_checkpoint();
    assert_ok(retune_checkpoint_load_model(checkpoint, second.session.model, &error));
    start(&second, optimizer, norms);
    load_state(&second, checkpoint);
    retune_checkpoint_close(checkpoint);
    second.trainer.step = 2;
    train_step(&second);
    train_step(&second);
    read_learned(&second);
    for (size_t p = 0; p < first.session.model->parameter_count; p++) {
        const retune_parameter *a = &first.session.model->parameters[p];
        const retune_parameter *b = &second.session.model->parameters[p];
        cr_expect_eq(memcmp(a->values, b->values, a->elements * sizeof(float)), 0, "%s", a->name);
    }
    stop(&first);
    stop(&second);
}

Test(checkpoint, training_goes_on_to_the_bit) {
    check_resume(&adam, RETUNE_NORM_FROZEN);
    check_resume(&adam, RETUNE_NORM_AFFINE);
    check_resume(&momentum, RETUNE_NORM_FULL);
    check_resume(&plain, RETUNE_NORM_FULL);
}

Test(checkpoint, progress_comes_back_to_the_bit) {
    scene s = {.session.model = network_small(1)};
    start(&s, &adam, RETUNE_NORM_FROZEN);
    write_checkpoint(&s, RETUNE_RUN_NEW, &progress);
    retune_checkpoint *checkpoint = open_checkpoint();
    const retune_progress *back = retune_checkpoint_progress(checkpoint);
    cr_expect_eq(back->epoch, progress.epoch);
    cr_expect_eq(back->step, progress.step);
    cr_expect_eq(back->metrics.correct, progress.metrics.correct);
    cr_expect_eq(back->metrics.loss, progress.metrics.loss);
    cr_expect_eq(back->metrics.weight, progress.metrics.weight);
    cr_expect_eq(back->accuracy, progress.accuracy);
    cr_expect_eq(back->best_accuracy, progress.best_accuracy);
    cr_expect_eq(back->best_epoch, progress.best_epoch);
    cr_expect_eq(back->seconds, progress.seconds);
    cr_expect_eq(back->mark.csv, progress.mark.csv);
    cr_expect_eq(back->mark.jsonl, progress.mark.jsonl);
    cr_expect_eq(back->settings, progress.settings);
    cr_expect(retune_hash_equal(back->data, progress.data));
    cr_expect_eq(back->steps_per_epoch, progress.steps_per_epoch);
    cr_expect_str_eq(back->device, progress.device);
    retune_checkpoint_close(checkpoint);
    stop(&s);
}

/* ---- Two generations ----------------------------------------------------------------------- */

static const retune_progress earlier = {.epoch = 1, .step = 18, .steps_per_epoch = 18};

/* Two checkpoints, of epoch 1 and epoch 3. */
static void write_two(void) {
    scene s = {.session.model = network_small(1)};
    start(&s, &plain, RETUNE_NORM_FROZEN);
    write_checkpoint(&s, RETUNE_RUN_NEW, &earlier);
    write_checkpoint(&s, RETUNE_RUN_RESUME, &progress);
    stop(&s);
}

static void expect_epoch(uint32_t epoch) {
    retune_checkpoint *checkpoint = open_checkpoint();
    cr_expect_eq(retune_checkpoint_progress(checkpoint)->epoch, epoch);
    retune_checkpoint_close(checkpoint);
}

static void damage(const char *name) {
    cr_assert_eq(truncate(temporary_path(name), 100), 0);
}

static void expect_none_readable(const char *part) {
    retune_checkpoint *checkpoint = (retune_checkpoint *)1;
    expect_refused(RETUNE_CORRUPT, part,
                   retune_checkpoint_open(temporary_folder, &checkpoint, &error));
    cr_expect_null(checkpoint);
}

Test(checkpoint, the_newest_is_taken) {
    write_two();
    expect_epoch(3);
    cr_expect_eq(access(temporary_path("last.previous.safetensors"), F_OK), 0);
}

Test(checkpoint, a_damaged_newest_falls_back_to_the_older) {
    write_two();
    damage("last.safetensors");
    expect_epoch(1);
}

Test(checkpoint, a_missing_newest_falls_back_to_the_older) {
    write_two();
    cr_assert_eq(unlink(temporary_path("last.safetensors")), 0);
    expect_epoch(1);
}

Test(checkpoint, both_damaged) {
    write_two();
    damage("last.safetensors");
    damage("last.previous.safetensors");
    expect_none_readable("/last.safetensors");
}

Test(checkpoint, only_one_and_damaged) {
    write_two();
    damage("last.previous.safetensors");
    cr_assert_eq(unlink(temporary_path("last.safetensors")), 0);
    expect_none_readable("/last.previous.safetensors");
}

Test(checkpoint, none) {
    retune_checkpoint *checkpoint = (retune_checkpoint *)1;
    assert_ok(retune_checkpoint_open(temporary_folder, &checkpoint, &error));
    cr_expect_null(checkpoint);
    retune_checkpoint_close(NULL);
}

/* ---- Metadata ------------------------------------------------------------------------------ */

/* A checkpoint's metadata, as they are written. Free with cJSON_Delete. */
static cJSON *read_metadata(void) {
    retune_safetensors *file = NULL;
    assert_ok(retune_safetensors_open(temporary_path("last.safetensors"), &file, &error));
    cJSON *object = cJSON_Parse(retune_safetensors_metadata(file, TRAINING));
    cr_assert(cJSON_IsObject(object));
    retune_safetensors_close(file);
    return object;
}

/* The only checkpoint of the folder gets other metadata (NULL: none). */
static void write_metadata(const char *text) {
    retune_model *model = network_small(1);
    retune_option metadata = {TRAINING, text};
    assert_ok(retune_model_file_write(temporary_path("last.safetensors"), model, &metadata,
                                      text ? 1 : 0, NULL, 0, &error));
    retune_model_destroy(model);
}

/* One field gets another value; `value` NULL takes it out. */
static void refuse_field(const cJSON *good, const char *field, const char *value) {
    cJSON *object = cJSON_Duplicate(good, true);
    char part[64];
    cr_assert_not_null(cJSON_GetObjectItemCaseSensitive(object, field), "no field %s", field);
    cJSON_DeleteItemFromObjectCaseSensitive(object, field);
    if (value)
        cJSON_AddStringToObject(object, field, value);
    char *text = cJSON_PrintUnformatted(object);
    write_metadata(text);
    snprintf(part, sizeof part, "'%s'", field);
    expect_none_readable(part);
    cJSON_free(text);
    cJSON_Delete(object);
}

Test(checkpoint, fields_out_of_range) {
    static const struct {
        const char *field, *value;
    } wrong[] = {{"epoch", "4294967296"},
                 {"epoch", "-1"},
                 {"epoch", " -1"},
                 {"epoch", " 3"},
                 {"epoch", "+3"},
                 {"epoch", "3.5"},
                 {"epoch", ""},
                 {"epoch", "three"},
                 {"best_epoch", "99999999999999999999999"},
                 {"step", "18446744073709551616"},
                 {"step", "53"}, /* before the epoch that is under way */
                 {"step", "73"}, /* behind it */
                 {"step", "57x"},
                 {"steps_per_epoch", "0"},
                 {"settings", "0x10"},
                 {"correct", "-5"},
                 {"loss", "nan"},
                 {"loss", "1e999"},
                 {"loss", "0.5 "},
                 {"weight", "-inf"},
                 {"accuracy", ""},
                 {"best_accuracy", "NaN(7)"},
                 {"seconds", "infinity"},
                 {"device", "\x1b[31mcpu/simd"},
                 {"device", "cpu simd"},
                 {"device", "a-device-whose-name-is-longer-than-any-that-a-backend-can-ever-give"}};
    scene s = {.session.model = network_small(1)};
    start(&s, &plain, RETUNE_NORM_FROZEN);
    write_checkpoint(&s, RETUNE_RUN_NEW, &progress);
    stop(&s);
    cJSON *good = read_metadata();
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++)
        refuse_field(good, wrong[w].field, wrong[w].value);
    const cJSON *field;
    cJSON_ArrayForEach(field, good) {
        refuse_field(good, field->string, NULL);
    }
    char *text = cJSON_PrintUnformatted(good);
    write_metadata(text);
    expect_epoch(3);
    cJSON_free(text);
    cJSON_Delete(good);
}

Test(checkpoint, no_metadata) {
    write_metadata(NULL);
    expect_none_readable("not a checkpoint");
    write_metadata("");
    expect_none_readable("'epoch'");
    write_metadata("[]");
    expect_none_readable("'epoch'");
    write_metadata("{\"epoch\":1}");
    expect_none_readable("'epoch'");
}

/* ---- State --------------------------------------------------------------------------------- */

/* A checkpoint of one optimiser is no good to another. */
Test(checkpoint, states_that_do_not_fit) {
    scene s = {.session.model = network_small(1)}, other = {.session.model = network_small(1)};
    start(&s, &momentum, RETUNE_NORM_FROZEN);
    write_checkpoint(&s, RETUNE_RUN_NEW, &progress);
    stop(&s);
    retune_checkpoint *checkpoint = open_checkpoint();
    start(&other, &adam, RETUNE_NORM_FROZEN);
    expect_refused(RETUNE_CORRUPT, "optimizer/m/conv_pw_13/kernel",
                   retune_checkpoint_load_state(checkpoint, &other.learned, &error));
    stop(&other);

    other = (scene){.session.model = network_make(0.0625, 32, 4)};
    assert_ok(retune_model_allocate(other.session.model, 1, &error));
    start(&other, &momentum, RETUNE_NORM_FROZEN);
    expect_refused(RETUNE_CORRUPT, "optimizer/velocity/dense/kernel",
                   retune_checkpoint_load_state(checkpoint, &other.learned, &error));
    expect_refused(RETUNE_CORRUPT, "dense/kernel",
                   retune_checkpoint_load_model(checkpoint, other.session.model, &error));
    stop(&other);
    retune_checkpoint_close(checkpoint);
}

/* ---- Data ---------------------------------------------------------------------------------- */

Test(checkpoint, the_hash_of_the_data_sees_content_class_and_split) {
    char *classes[] = {"a", "b"};
    retune_sample samples[] = {{.label = 0, .hash = {1, 2}}, {.label = 1, .hash = {3, 4}}};
    retune_dataset data = {
        .class_count = 2, .sample_count = 2, .classes = classes, .samples = samples};
    retune_hash before = retune_checkpoint_data_hash(&data);
    samples[0].path = "somewhere else";
    cr_expect(retune_hash_equal(before, retune_checkpoint_data_hash(&data)));
    samples[0].label = 1;
    cr_expect_not(retune_hash_equal(before, retune_checkpoint_data_hash(&data)));
    samples[0].label = 0;
    samples[1].test = true;
    cr_expect_not(retune_hash_equal(before, retune_checkpoint_data_hash(&data)));
    samples[1].test = false;
    samples[1].hash.high++;
    cr_expect_not(retune_hash_equal(before, retune_checkpoint_data_hash(&data)));
    samples[1].hash.high--;
    classes[1] = "c";
    cr_expect_not(retune_hash_equal(before, retune_checkpoint_data_hash(&data)));
    classes[1] = "b";
    cr_expect(retune_hash_equal(before, retune_checkpoint_data_hash(&data)));
}
