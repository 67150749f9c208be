/* What a run leaves behind, and how long it goes on: files, epochs, schedules. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include "config/config.h"
#include "model/safetensors.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(run_folder, .init = scene_begin, .fini = scene_end);

/* ---- metrics.csv --------------------------------------------------------------------------- */

typedef struct row {
    unsigned epoch;
    double loss, accuracy, test_loss, test_accuracy, learning_rate, seconds;
} row;

/* The rows below the header; at most `most`. Gives how many there are. */
static size_t read_rows(const char *path, row *rows, size_t most) {
    size_t size = 0, count = 0;
    char *text = scene_read(path, &size), *rest = text;
    const char *header = strsep(&rest, "\n");
    cr_assert(strcmp(header, "epoch,loss,accuracy,test_loss,test_accuracy,learning_rate,seconds") ==
                  0,
              "%s", header);
    for (char *line; (line = strsep(&rest, "\n")) && *line; count++) {
        int end = 0;
        row r;
        cr_assert(sscanf(line, "%u,%lf,%lf,%lf,%lf,%lf,%lf%n", &r.epoch, &r.loss, &r.accuracy,
                         &r.test_loss, &r.test_accuracy, &r.learning_rate, &r.seconds, &end) == 7);
        cr_assert(line[end] == '\0' && count < most, "%s", line);
        rows[count] = r;
    }
    free(text);
    return count;
}

static bool near(double a, double b) {
    return fabs(a - b) < 2e-6 * (1 + fabs(a));
}

/* ---- Files --------------------------------------------------------------------------------- */

Test(run_folder, holds_these_files_and_no_other) {
    static const char *const expected[] = {"job.ini",
                                           "metrics.csv",
                                           "metrics.jsonl",
                                           "model.safetensors",
                                           "delta.safetensors",
                                           "last.safetensors",
                                           "last.previous.safetensors",
                                           "predictions.jsonl",
                                           "report.html"};
    size_t found = 0, count = sizeof expected / sizeof *expected;
    scene_train("");
    DIR *folder = opendir("run");
    cr_assert(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        bool known = entry->d_name[0] == '.' && strspn(entry->d_name, ".") == strlen(entry->d_name);
        for (size_t e = 0; e < count && !known; e++)
            known = strcmp(entry->d_name, expected[e]) == 0;
        cr_expect(known, "%s", entry->d_name);
        found++;
    }
    closedir(folder);
    cr_expect(found == count + 2, "%zu of %zu", found, count + 2);
}

static retune_dtype type_in(const char *path) {
    retune_safetensors *file = NULL;
    cr_assert(retune_safetensors_open(path, &file, NULL) == RETUNE_OK, "%s", path);
    retune_dtype type = retune_safetensors_find(file, "conv_pw_13/kernel")->desc.dtype;
    retune_safetensors_close(file);
    return type;
}

/* The model alone is rounded: training goes the same way, and what is read back says nearly the
 * same.
 */
Test(run_folder, models_of_half_the_size) {
    size_t whole = 0, half = 0;
    scene_train("");
    free(scene_read("run/model.safetensors", &whole));
    scene_train("--set output.precision=fp16 --set output.folder=half");
    free(scene_read("half/model.safetensors", &half));
    cr_expect(half < 0.55 * (double)whole, "%zu and %zu bytes", half, whole);
    cr_expect(type_in("half/model.safetensors") == RETUNE_F16);
    cr_expect(type_in("half/last.safetensors") == RETUNE_F32);
    cr_expect(type_in("half/delta.safetensors") == RETUNE_F32);
    cr_expect(tensors_same("run/last.safetensors", "half/last.safetensors"));
    cr_expect(tensors_same("run/delta.safetensors", "half/delta.safetensors"));
    cr_expect(scene_run("eval job.ini --json --model half/model.safetensors") == 0);
    cJSON *rounded = events_parse(command_stdout);
    cr_expect(scene_run("eval job.ini --json --model run/model.safetensors") == 0);
    cJSON *exact = events_parse(command_stdout);
    double a = event_number(events_find(exact, "eval", 0), "loss");
    double b = event_number(events_find(rounded, "eval", 0), "loss");
    cr_expect(a != b && fabs(a - b) < 0.01 * (1 + a), "%g and %g", a, b);
    cJSON_Delete(rounded);
    cJSON_Delete(exact);
    /* And a network to start from, as any other. */
    scene_train("--fresh --set model.weights=half/model.safetensors");
}

/* Read from elsewhere, the run's job.ini gives the job again, overrides included. */
Test(run_folder, job_can_be_read_again) {
    static const retune_option overrides[] = {{"train.epochs", "1"}, {"train.batch", "9"}};
    retune_config *given = NULL, *kept = NULL;
    char *given_text = NULL, *kept_text = NULL;
    scene_train("--set train.epochs=1 --set train.batch=9");
    cr_assert(retune_config_open("job.ini", overrides, 2, &given, NULL) == RETUNE_OK);
    cr_assert(retune_config_write(given, &given_text, NULL) == RETUNE_OK);
    cr_assert(rename("run/job.ini", "data/elsewhere.ini") == 0);
    cr_assert(retune_config_open("data/elsewhere.ini", NULL, 0, &kept, NULL) == RETUNE_OK);
    cr_assert(retune_config_write(kept, &kept_text, NULL) == RETUNE_OK);
    cr_expect(strcmp(given_text, kept_text) == 0, "%s\n%s", given_text, kept_text);
    cr_expect(retune_config_fingerprint(given) == retune_config_fingerprint(kept));
    cr_expect(kept->train_batch == 9 && kept->train_epochs == 1 && kept->train_seed == 3);
    free(given_text);
    free(kept_text);
    retune_config_close(given);
    retune_config_close(kept);
}

Test(run_folder, metrics_agree_with_the_events) {
    row rows[8];
    scene_train("");
    size_t count = read_rows("run/metrics.csv", rows, 8);
    cJSON *events = events_read("run/metrics.jsonl");
    cr_assert(count == 4, "%zu rows", count);
    for (size_t i = 0; i < count; i++) {
        const cJSON *epoch = events_find(events, "epoch", (int)i);
        const cJSON *eval = events_find(events, "eval", (int)i + 1);
        cr_expect(rows[i].epoch == i + 1);
        cr_expect(near(rows[i].loss, event_number(epoch, "loss")));
        cr_expect(near(rows[i].accuracy, event_number(epoch, "accuracy")));
        cr_expect(near(rows[i].test_loss, event_number(eval, "loss")));
        cr_expect(near(rows[i].test_accuracy, event_number(eval, "accuracy")));
        cr_expect(near(rows[i].learning_rate, 0.001));
        cr_expect(rows[i].seconds >= 0);
    }
    cJSON_Delete(events);
}

static void expect_kinds(const cJSON *events, const char *const *kinds) {
    const cJSON *event;
    cJSON_ArrayForEach(event, events) {
        const char *kind = event_text(event, "event");
        if (strcmp(kind, "notice") == 0 || strcmp(kind, "progress") == 0)
            continue;
        cr_assert(*kinds, "%s after the last one", kind);
        cr_expect(strcmp(kind, *kinds) == 0, "%s, not %s", kind, *kinds);
        kinds++;
    }
    cr_expect(*kinds == NULL, "no %s", *kinds);
}

static void expect_keys(const cJSON *event, const char *const *keys) {
    for (; *keys; keys++)
        cr_expect(cJSON_HasObjectItem(event, *keys), "%s has no %s", event_text(event, "event"),
                  *keys);
}

/* What scripts rely on, in metrics.jsonl and on standard output alike. */
static void expect_story(const cJSON *events) {
    expect_kinds(events, (const char *const[]){"model", "data", "device", "eval", "epoch", "eval",
                                               "epoch", "eval", "done", NULL});
    const cJSON *model = events_find(events, "model", 0), *data = events_find(events, "data", 0);
    cr_expect(event_number(model, "total") == 218544 + 257 * 3);
    cr_expect(event_number(model, "trainable") == 256 * 256 + 257 * 3);
    cr_expect(event_number(model, "non_trainable") == 218544 - 256 * 256);
    cr_expect(event_number(data, "classes") == 3);
    cr_expect(event_number(data, "train") == 36 && event_number(data, "test") == 12);
    const cJSON *device = events_find(events, "device", 0);
    cr_expect(strcmp(event_text(device, "backend"), "cpu") == 0);
    cr_expect(cJSON_GetArraySize(cJSON_GetObjectItem(device, "skipped")) == 0);
    for (int e = 0; e < 3; e++) {
        const cJSON *eval = events_find(events, "eval", e);
        cr_expect(event_number(eval, "epoch") == e && event_number(eval, "total") == 12);
        cr_expect(near(event_number(eval, "correct") / 12, event_number(eval, "accuracy")));
        expect_keys(eval, (const char *const[]){"loss", NULL});
    }
    for (int e = 0; e < 2; e++) {
        const cJSON *epoch = events_find(events, "epoch", e);
        cr_expect(event_number(epoch, "epoch") == e + 1);
        expect_keys(
            epoch, (const char *const[]){"loss", "accuracy", "seconds", "images_per_second", NULL});
    }
    const cJSON *done = events_find(events, "done", 0);
    expect_keys(done, (const char *const[]){"accuracy", "best_accuracy", "seconds", NULL});
    cr_expect(event_number(done, "peak_memory_bytes") > 1 << 20);
    cr_expect(strcmp(event_text(done, "model"), "run/model.safetensors") == 0 ||
              strstr(event_text(done, "model"), "/run/model.safetensors") != NULL);
}

Test(run_folder, events_tell_the_story) {
    scene_train("--set train.epochs=2");
    cJSON *said = events_parse(command_stdout), *kept = events_read("run/metrics.jsonl");
    expect_story(said);
    expect_story(kept);
    cr_expect(events_count(said, "progress") > 0 && events_count(kept, "progress") == 0);
    cJSON_Delete(said);
    cJSON_Delete(kept);
}

/* ---- Models -------------------------------------------------------------------------------- */

/* The delta is the trained part of the model, and nothing else. */
Test(run_folder, delta_holds_what_was_trained) {
    scene_train("");
    retune_safetensors *delta = NULL;
    cr_assert(retune_safetensors_open("run/delta.safetensors", &delta, NULL) == RETUNE_OK);
    cr_expect(retune_safetensors_count(delta) == 3);
    cr_expect(retune_safetensors_metadata(delta, "retune.delta") != NULL);
    retune_safetensors_close(delta);
    tensors_difference difference =
        tensors_compare("run/delta.safetensors", "run/model.safetensors");
    cr_expect(difference.shared == 3 && difference.changed == 0);
    cr_expect(!tensor_same("run/delta.safetensors", "base.safetensors", "conv_pw_13/kernel"));
}

/* model.safetensors is the best epoch's, not the last one's. */
Test(run_folder, model_is_the_best_one) {
    scene_train("--set train.epochs=8");
    cJSON *events = events_parse(command_stdout);
    int best = (int)event_number(events_find(events, "done", 0), "best_epoch");
    cr_assert(best > 0 && best < 8, "%d", best);
    scene_train("--set train.epochs=%d --set output.folder=short", best);
    cr_expect(tensors_same("run/model.safetensors", "short/model.safetensors"));
    cr_expect(tensors_compare("run/model.safetensors", "short/last.safetensors").changed == 0);
    cr_expect(tensors_compare("run/model.safetensors", "run/last.safetensors").changed > 0);
    cJSON_Delete(events);
}

/* A trained model is pretrained weights for the next run, head included. */
Test(run_folder, model_can_be_trained_on) {
    scene_train("");
    double reached = 0;
    cJSON *events = events_parse(command_stdout);
    reached = event_number(events_find(events, "done", 0), "best_accuracy");
    cJSON_Delete(events);
    scene_train("--set model.weights=run/model.safetensors --set output.folder=more --set "
                "train.epochs=0");
    events = events_parse(command_stdout);
    cr_expect(event_number(events_find(events, "eval", 0), "accuracy") == reached);
    cr_expect(tensors_same("run/model.safetensors", "more/model.safetensors"));
    cJSON_Delete(events);
}

/* ---- How long ------------------------------------------------------------------------------ */

Test(run_folder, no_epochs_evaluate_and_save) {
    row rows[1];
    scene_train("--set train.epochs=0");
    cJSON *events = events_parse(command_stdout);
    expect_kinds(events, (const char *const[]){"model", "data", "device", "eval", "done", NULL});
    cr_expect(read_rows("run/metrics.csv", rows, 1) == 0);
    cr_expect(tensors_compare("run/model.safetensors", "base.safetensors").changed == 0);
    cJSON_Delete(events);
}

/* Without progress a run ends: here nothing is learned at all. */
Test(run_folder, early_stop) {
    row rows[8];
    scene_train("--set train.learning_rate=0 --set train.epochs=50 --set train.early_stop=3");
    cJSON *events = events_parse(command_stdout);
    const cJSON *done = events_find(events, "done", 0);
    cr_expect(read_rows("run/metrics.csv", rows, 8) == 3);
    cr_expect(event_number(done, "epochs") == 3 && event_number(done, "best_epoch") == 0);
    cJSON_Delete(events);
}

Test(run_folder, schedules) {
    row rows[8];
    scene_train("--set train.schedule=step --set train.step_epochs=2 --set train.step_factor=0.5 "
                "--set train.min_lr=0.0003 --set train.epochs=5");
    cr_assert(read_rows("run/metrics.csv", rows, 8) == 5);
    static const double steps[] = {0.001, 0.001, 0.0005, 0.0005, 0.0003};
    for (int i = 0; i < 5; i++)
        cr_expect(near(rows[i].learning_rate, steps[i]), "%g", rows[i].learning_rate);
    scene_train("--fresh --set train.schedule=cosine --set train.epochs=5");
    cr_assert(read_rows("run/metrics.csv", rows, 8) == 5);
    for (int i = 1; i < 5; i++)
        cr_expect(rows[i].learning_rate < rows[i - 1].learning_rate - 1e-5);
    scene_train("--fresh --set train.warmup_epochs=3 --set train.epochs=5");
    cr_assert(read_rows("run/metrics.csv", rows, 8) == 5);
    cr_expect(rows[0].learning_rate > 0 && rows[0].learning_rate < rows[1].learning_rate);
    cr_expect(rows[1].learning_rate < 0.001 && near(rows[4].learning_rate, 0.001));
}

/* ---- Folders ------------------------------------------------------------------------------- */

Test(run_folder, a_second_run_needs_to_be_told) {
    scene_train("--set train.epochs=1");
    size_t before = 0, after = 0;
    char *first = scene_read("run/last.safetensors", &before);
    scene_refuse(2, "train job.ini", "holds a run already", "--resume", "--fresh", NULL);
    char *second = scene_read("run/last.safetensors", &after);
    cr_expect(before == after && memcmp(first, second, before) == 0);
    free(first);
    free(second);
}

Test(run_folder, fresh_replaces_a_run) {
    row rows[8];
    scene_train("--set train.epochs=3");
    command_write("run/notes.txt", "mine");
    scene_train("--fresh --set train.epochs=1");
    cr_expect(read_rows("run/metrics.csv", rows, 8) == 1);
    cJSON *events = events_read("run/metrics.jsonl");
    cr_expect(events_count(events, "done") == 1 && events_count(events, "epoch") == 1);
    cJSON_Delete(events);
    cr_expect(access("run/last.previous.safetensors", F_OK) != 0);
    cr_expect(access("run/notes.txt", F_OK) == 0);
}

Test(run_folder, fresh_needs_no_run) {
    scene_train("--fresh --set train.epochs=1 --set output.folder=a/b/c");
    cr_expect(access("a/b/c/model.safetensors", F_OK) == 0);
}
