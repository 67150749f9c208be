/* Using what was trained, and data in other folders: eval, predict, check, inspect, split data
 * sets. */
#include "run/events.h"
#include "run/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(run_use, .init = scene_begin, .fini = scene_end);

/* Two classes, split by folders; only the root of the job changes. */
static void expect_split_works(const char *test_folder) {
    char folder[64];
    for (unsigned c = 0; c < 2; c++) {
        snprintf(folder, sizeof folder, "split/train/%s", scene_classes[c]);
        scene_pictures(folder, c, 0, 12);
        snprintf(folder, sizeof folder, "split/%s/%s", test_folder, scene_classes[c]);
        scene_pictures(folder, c, 100, 4);
    }
    scene_train("--fresh --set data.root=split");
    cr_expect(strstr(command_stdout, "\"classes\":2,\"train\":24,\"test\":8"), "%s",
              command_stdout);
    cr_expect_eq(scene_run("inspect job.ini --set data.root=split"), 0);
    cr_expect(strstr(command_stdout, "(None,2)"), "%s", command_stdout);
}

Test(run_use, data_split_into_train_and_val) {
    expect_split_works("val");
}

Test(run_use, data_split_into_train_and_test) {
    expect_split_works("test");
}

Test(run_use, split_folders_with_other_classes) {
    scene_pictures("split/train/disc", 0, 0, 4);
    scene_pictures("split/train/ring", 1, 0, 4);
    scene_pictures("split/val/disc", 0, 9, 4);
    scene_refuse(3, "train job.ini --set data.root=split", "ring", NULL);
}

Test(run_use, eval_agrees_with_training) {
    scene_train("");
    char *best = strstr(command_stdout, "\"best_accuracy\":");
    cr_assert(best, "%s", command_stdout);
    double accuracy = atof(best + strlen("\"best_accuracy\":"));
    cr_assert_eq(scene_run("eval job.ini --json"), 0);
    char *said = strstr(command_stdout, "\"accuracy\":");
    cr_assert(said, "%s", command_stdout);
    cr_expect(fabs(atof(said + strlen("\"accuracy\":")) - accuracy) < 1e-6, "%s", said);
}

/* A model trained in fp32 is about as right when its maps are rounded: of 12 test images, one may
 * fall to the other side. */
Test(run_use, eval_in_narrow_precisions) {
    static const char *const precisions[] = {"fp16", "bf16"};
    scene_train("--set train.epochs=8");
    cJSON *events = events_parse(command_stdout);
    double accuracy = event_number(events_find(events, "done", 0), "best_accuracy");
    for (int p = 0; p < 2; p++) {
        cr_assert_eq(scene_run("eval job.ini --json --set backend.precision=%s", precisions[p]), 0);
        char *said = strstr(command_stdout, "\"accuracy\":");
        cr_assert(said, "%s", command_stdout);
        cr_expect(fabs(atof(said + strlen("\"accuracy\":")) - accuracy) < 1.5 / 12, "%s", said);
    }
    cJSON_Delete(events);
}

Test(run_use, eval_before_training) {
    scene_refuse(3, "eval job.ini", "model.safetensors", NULL);
}

Test(run_use, eval_of_a_model_of_other_classes) {
    scene_train("");
    scene_pictures("other/disc", 0, 0, 8);
    scene_pictures("other/stripes", 2, 0, 8);
    scene_refuse(3, "eval job.ini --set data.root=other --model run/model.safetensors", "classes",
                 NULL);
}

Test(run_use, predict) {
    scene_train("--set train.epochs=12");
    scene_picture("new.png", 1, 500);
    cr_assert_eq(scene_run("predict run/model.safetensors new.png"), 0);
    cr_expect(strstr(command_stdout, "ring"), "%s", command_stdout);
}

Test(run_use, predict_goes_on_after_a_broken_image) {
    scene_train("");
    scene_picture("new.png", 0, 500);
    FILE *file = fopen("broken.jpg", "w");
    cr_assert(file && fputs("no picture", file) >= 0 && fclose(file) == 0);
    cr_expect_eq(scene_run("predict run/model.safetensors broken.jpg new.png"), 3);
    cr_expect(strstr(command_stdout, "new.png"), "%s", command_stdout);
}

Test(run_use, predict_without_a_model) {
    scene_refuse(3, "predict none.safetensors new.png", "none.safetensors", NULL);
    scene_refuse(3, "predict base.safetensors new.png", "base.safetensors", NULL);
}

Test(run_use, inspect_a_model_file) {
    scene_train("");
    cr_assert_eq(scene_run("inspect run/model.safetensors"), 0);
    cr_expect(strstr(command_stdout, "conv_pw_13"), "%s", command_stdout);
    scene_refuse(3, "inspect none.safetensors", "none.safetensors", NULL);
}

/* ---- A job of one's own -------------------------------------------------------------------- */

/* From a folder of images and a model to start from to one that is trained, without an editor. The
 * model says how wide and how large it is. */
Test(run_use, a_job_that_init_writes) {
    scene_train("");
    cr_assert_eq(scene_run("init data --weights run/model.safetensors -o mine.ini"), 0, "%s",
                 command_stderr);
    cr_expect_eq(scene_run("check mine.ini"), 0, "%s", command_stderr);
    cr_expect_eq(scene_run("train mine.ini --json --set train.epochs=2"), 0, "%s", command_stderr);
    cr_expect(strstr(command_stdout, "\"train\":36,\"test\":12"), "%s", command_stdout);
    cr_assert_eq(scene_run("inspect mine.ini"), 0);
    cr_expect(strstr(command_stdout, "(None,16,16,8)"), "%s", command_stdout);
}

/* ---- Embedding ----------------------------------------------------------------------------- */

Test(run_use, a_program_that_embeds_the_library) {
    size_t size = 0;
    scene_picture("new.png", 2, 500);
    cr_assert_eq(system("'" EMBED "' job.ini run/model.safetensors new.png >said.txt 2>&1"), 0);
    char *said = scene_read("said.txt", &size), *stripes = strstr(said, "% stripes\n");
    cr_expect(strstr(said, "epoch 4: loss ") && stripes, "%s", said);
    cr_expect(stripes && atof(stripes - strlen(" 99.9 ")) > 50.0, "%s", said);
    free(said);
    cr_expect_neq(system("'" EMBED "' none.ini none.safetensors new.png >said.txt 2>&1"), 0);
    said = scene_read("said.txt", &size);
    cr_expect(strstr(said, "none.ini"), "%s", said);
    free(said);
}

/* The README shows this very program. */
Test(run_use, the_program_in_the_readme) {
    char path[4096];
    size_t size = 0;
    const char *source = getenv("RETUNE_TEST_SOURCE");
    if (!source)
        cr_skip_test("RETUNE_TEST_SOURCE, the source folder, is not set");
    snprintf(path, sizeof path, "%s/README.md", source);
    char *readme = scene_read(path, &size);
    snprintf(path, sizeof path, "%s/tests/run/embed.c", source);
    char *program = scene_read(path, &size);
    cr_expect(strstr(readme, program) != NULL, "README.md does not show tests/run/embed.c");
    free(program);
    free(readme);
}
