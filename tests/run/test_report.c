/* report.html and predictions.jsonl of whole runs: that they say what happened, however the run
 * ended, and that no run is lost for want of them. */
#include "run/events.h"
#include "run/scene.h"

#include "report/page.h"
#include "retune/retune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(run_report, .init = scene_begin, .fini = scene_end);

static char *read_report(void) {
    char *text = page_read("run/report.html");
    page_check(text);
    return text;
}

static void expect_said(const char *page, const char *part) {
    cr_expect(strstr(page, part) != NULL, "\"%s\" is not in the report", part);
}

static void expect_not_said(const char *page, const char *part) {
    cr_expect(strstr(page, part) == NULL, "\"%s\" is in the report", part);
}

/* How many points of the chart with this title tell their values. */
static size_t points(const char *page, const char *title, const char *series) {
    char label[128], mark[64];
    snprintf(label, sizeof label, "aria-label=\"%s\"", title);
    snprintf(mark, sizeof mark, "<title>%s ", series);
    const char *begin = strstr(page, label), *end = begin ? strstr(begin, "</figure>") : NULL;
    cr_assert(end != NULL, "no chart %s", title);
    char *chart = strndup(begin, (size_t)(end - begin));
    size_t count = page_count(chart, mark);
    free(chart);
    return count;
}

/* ---- A run that ended well ----------------------------------------------------------------- */

/* The matrix that the file of predictions gives, and how many are wrong in it. */
static int read_confusion(int confusion[SCENE_CLASSES][SCENE_CLASSES]) {
    size_t size = 0;
    int wrong = 0;
    memset(confusion, 0, sizeof(int[SCENE_CLASSES][SCENE_CLASSES]));
    char *text = scene_read("run/predictions.jsonl", &size), *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        cJSON *prediction = cJSON_Parse(line);
        int is = -1, taken_for = -1;
        for (int c = 0; c < SCENE_CLASSES; c++) {
            is = strcmp(event_text(prediction, "class"), scene_classes[c]) == 0 ? c : is;
            taken_for =
                strcmp(event_text(prediction, "predicted"), scene_classes[c]) == 0 ? c : taken_for;
        }
        cr_assert(is >= 0 && taken_for >= 0, "%s", line);
        double confidence = event_number(prediction, "confidence");
        cr_expect(confidence > 1.0 / SCENE_CLASSES - 1e-6 && confidence <= 1.0 + 1e-6);
        confusion[is][taken_for]++;
        wrong += is != taken_for;
        cJSON_Delete(prediction);
    }
    free(text);
    return wrong;
}

/* The run's own word against that of the evaluation of the model it saved. */
Test(run_report, predictions_are_those_of_the_best_model) {
    int confusion[SCENE_CLASSES][SCENE_CLASSES];
    scene_train("--set train.epochs=6 --set train.learning_rate=0.0003");
    read_confusion(confusion);
    cr_assert(scene_run("eval job.ini --json") == 0, "%s", command_stderr);
    cJSON *events = events_parse(command_stdout);
    const cJSON *matrix = cJSON_GetObjectItem(events_find(events, "evaluation", 0), "confusion");
    cr_assert(cJSON_GetArraySize(matrix) == SCENE_CLASSES, "%s", command_stdout);
    for (int row = 0; row < SCENE_CLASSES; row++)
        for (int column = 0; column < SCENE_CLASSES; column++)
            cr_expect(confusion[row][column] ==
                          cJSON_GetArrayItem(cJSON_GetArrayItem(matrix, row), column)->valuedouble,
                      "row %d, column %d", row, column);
    cJSON_Delete(events);
}

Test(run_report, says_what_happened) {
    char best[64];
    int confusion[SCENE_CLASSES][SCENE_CLASSES];
    scene_train("--set train.epochs=2 --set train.learning_rate=0.0001 "
                "--set backend.order=nothing,cpu/simd --set train.schedule=cosine");
    cJSON *events = events_parse(command_stdout);
    const cJSON *done = events_find(events, "done", 0);
    char *page = read_report();
    cr_expect(strcmp(event_text(done, "report"), "run/report.html") == 0 ||
                  strstr(event_text(done, "report"), "/run/report.html") != NULL,
              "%s", event_text(done, "report"));
    snprintf(best, sizeof best, "<dd>%.2f %%</dd>", 100.0 * event_number(done, "best_accuracy"));
    expect_said(page, best);
    expect_said(page, "<h1>Run run</h1>");
    expect_said(page, "learned 3 classes from 36 images; 12 others test it");
    cr_expect(points(page, "Accuracy", "test") == 3 && points(page, "Accuracy", "training") == 2);
    cr_expect(points(page, "Loss", "test") == 3 && points(page, "Loss", "training") == 2);
    cr_expect(points(page, "Learning rate", "rate") == 2);
    int wrong = read_confusion(confusion);
    cr_assert(wrong > 0, "too easy a task for this test");
    cr_expect(page_count(page, "src=\"data:image/jpeg;base64,/9j/") ==
              (size_t)(wrong < 12 ? wrong : 12));
    expect_said(page, "<th scope=\"row\" class=\"\">nothing</th><td class=\"\">no plugin");
    expect_said(page, "<th scope=\"row\" class=\"\">cpu/simd</th>");
    expect_said(page, "<th scope=\"row\" class=\"\">train.schedule</th><td class=\"\">cosine</td>"
                      "<td class=\"\">--set</td>");
    expect_said(page, ">job.ini:12</td>");
    expect_said(page, "<th scope=\"row\" class=\"\">conv_pw_13</th>");
    expect_not_said(page, "Interrupted");
    expect_not_said(page, "Failed");
    cJSON_Delete(events);
    free(page);
}

Test(run_report, a_constant_rate_is_no_chart) {
    scene_train("");
    char *page = read_report();
    expect_not_said(page, "aria-label=\"Learning rate\"");
    free(page);
}

Test(run_report, without_test_images) {
    scene_train("--set data.test=0");
    char *page = read_report();
    expect_not_said(page, "Confusion");
    expect_not_said(page, "before training");
    cr_expect(access("run/predictions.jsonl", F_OK) != 0);
    free(page);
}

Test(run_report, a_run_without_epochs) {
    scene_train("--set train.epochs=0");
    char *page = read_report();
    cr_expect(points(page, "Accuracy", "test") == 1);
    expect_said(page, "Confusion");
    free(page);
}

Test(run_report, a_run_that_stopped_early) {
    scene_train("--set train.epochs=50 --set train.early_stop=2 --set train.learning_rate=0");
    char *page = read_report();
    expect_said(page, "Ended early after 2 of 50 epochs: the test accuracy had not risen for 2.");
    free(page);
}

Test(run_report, hostile_names) {
    cr_assert(system("mv data/disc 'data/<script>alert(1)<!--' && mv data/ring \"data/\\\"'&amp;\""
                     " && mv data/stripes/001.png 'data/stripes/<img src=x onerror=y>.png'") == 0);
    scene_train("--set train.epochs=1 --set train.learning_rate=0");
    char *page = read_report();
    expect_said(page, "&lt;script&gt;alert(1)&lt;!--");
    expect_said(page, "&quot;&#39;&amp;amp;");
    free(page);
}

Test(run_report, many_classes_are_listed_as_pairs) {
    char folder[64];
    cr_assert(system("rm -r data") == 0);
    for (unsigned c = 0; c < 31; c++) {
        snprintf(folder, sizeof folder, "data/class%02u", c);
        scene_pictures(folder, c % SCENE_CLASSES, 100 * c, 4);
    }
    scene_train("--set train.epochs=1");
    char *page = read_report();
    expect_said(page, "of 31 classes");
    expect_said(page, "<th scope=\"col\">taken for</th>");
    expect_not_said(page, "is \\ taken for");
    free(page);
}

/* ---- Runs that did not --------------------------------------------------------------------- */

/* Stops in the epoch after so many. */
static int stop_after(void *user, const retune_event *event) {
    int *epochs = user;
    if (event->kind == RETUNE_EVENT_EPOCH)
        --*epochs;
    return *epochs <= 0 && event->kind == RETUNE_EVENT_PROGRESS;
}

Test(run_report, an_interrupted_run_and_its_end) {
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_train_options options = {.struct_size = sizeof options};
    cr_assert(retune_job_open("job.ini", NULL, 0, &job, &error) == RETUNE_OK);
    int epochs = 2;
    cr_assert(retune_job_train(job, &options, stop_after, &epochs, &error) == RETUNE_CANCELLED);
    retune_job_close(job);
    char *page = read_report();
    expect_said(page, "Interrupted after 2 of 4 epochs: train --resume goes on with it.");
    cr_expect(points(page, "Accuracy", "test") == 3);
    expect_said(page, "Confusion");
    free(page);
    scene_train("--resume --set backend.order=cpu/scalar");
    page = read_report();
    expect_not_said(page, "Interrupted");
    cr_expect(points(page, "Accuracy", "test") == 5 && points(page, "Loss", "training") == 4);
    expect_said(page, "<th scope=\"row\" class=\"\">cpu/simd</th>");
    expect_said(page, "<th scope=\"row\" class=\"\">cpu/scalar</th>");
    free(page);
}

Test(run_report, a_run_that_diverged) {
    cr_assert(scene_run("train job.ini --set train.optimizer=sgd --set train.learning_rate=1000 "
                        "--set train.weight_decay=100 --set train.epochs=30") == 2);
    char *page = read_report();
    expect_said(page, "of 30 epochs: training diverged in epoch");
    expect_said(page, "Confusion"); /* of the best epoch there was */
    free(page);
}

/* ---- Reports that cannot be ---------------------------------------------------------------- */

Test(run_report, one_that_cannot_be_written_costs_a_note) {
    cr_assert(system("mkdir -p run/report.html/x") == 0);
    scene_train("");
    cJSON *events = events_parse(command_stdout);
    cr_expect(events_mention(events, "report.html was not written"), "%s", command_stdout);
    cr_expect(cJSON_IsNull(cJSON_GetObjectItem(events_find(events, "done", 0), "report")));
    cr_expect(access("run/model.safetensors", F_OK) == 0);
    cr_expect(system("test -z \"$(find run -name '.retune-*')\"") == 0);
    cJSON_Delete(events);
}

Test(run_report, what_it_is_made_from_was_damaged) {
    scene_train("");
    cr_assert(system("echo nonsense >> run/predictions.jsonl") == 0);
    scene_train("--resume");
    cJSON *events = events_parse(command_stdout);
    cr_expect(events_mention(events, "predictions.jsonl:"), "%s", command_stdout);
    cJSON_Delete(events);
}

/* Takes the test images away after the last epoch: they are in the cache, and the report cannot
 * show them any more. */
static int take_images_away(void *user, const retune_event *event) {
    (void)user;
    if (event->kind == RETUNE_EVENT_EPOCH && event->of.epoch.epoch == event->of.epoch.epochs)
        cr_assert(system("rm -r data") == 0);
    return 0;
}

Test(run_report, pictures_that_are_gone_are_named) {
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    const retune_option slow = {"train.learning_rate", "0"};
    cr_assert(retune_job_open("job.ini", &slow, 1, &job, &error) == RETUNE_OK);
    cr_assert(retune_job_train(job, NULL, take_images_away, NULL, &error) == RETUNE_OK, "%s",
              error.message);
    retune_job_close(job);
    char *page = read_report();
    cr_expect(page_count(page, "<img") == 0);
    expect_said(page, "No such file");
    free(page);
}
