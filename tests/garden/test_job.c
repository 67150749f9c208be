/* The job of configs/garden.ini, with fewer pictures and epochs, on every device that is here: it
 * learns the flowers, wherever it runs, and on the same device always the same. */
#include "cli/command.h"
#include "model/model_file.h"
#include "run/events.h"
#include "run/tensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PICTURES = 40, TEST_PICTURES = 5 * PICTURES / 4 };

/* In a folder of its own, the flowers. */
static void begin(void) {
    command_begin();
    char line[512];
    snprintf(line, sizeof line, "%s draw flowers flowers -n %d", GARDEN, PICTURES);
    cr_assert_eq(system(line), 0);
}

TestSuite(garden_job, .init = begin, .fini = command_end);

/* Runs the job into `folder` and returns its events. */
static cJSON *train(const char *device, const char *folder, const char *more) {
    char line[1024], here[256];
    cr_assert_not_null(getcwd(here, sizeof here));
    snprintf(line, sizeof line,
             "train %s/configs/garden.ini --json --quiet --set data.root=%s/flowers "
             "--set data.test=0.25 --set train.epochs=15 --set backend.order=%s "
             "--set output.folder=%s/%s %s",
             getenv("RETUNE_TEST_SOURCE"), here, device, here, folder, more);
    int code = command_run(line);
    cr_assert_eq(code, 0, "%s: exit code %d: %s", line, code, command_stderr);
    return events_parse(command_stdout);
}

static double accuracy_before(const cJSON *events) {
    return event_number(events_find(events, "eval", 0), "accuracy");
}

/* On the device; how many test pictures are right after the last epoch. */
static int expect_learned(const char *device) {
    /* Which sizes of a product are fastest does not matter here, and takes long to find out. */
    const char *untuned = strncmp(device, "opencl/", 7) == 0   ? "--set backend.opencl.tune=off"
                          : strncmp(device, "vulkan/", 7) == 0 ? "--set backend.vulkan.tune=off"
                                                               : "";
    char more[64];
    snprintf(more, sizeof more, "--fresh %s", untuned);
    cJSON *events = train(device, "run", more);
    double before = accuracy_before(events);
    double best = event_number(events_find(events, "done", 0), "best_accuracy");
    int correct = (int)event_number(events_find(events, "eval", -1), "correct");
    cr_expect_str_eq(event_text(events_find(events, "device", 0), "device"), device);
    cr_expect_eq(event_number(events_find(events, "eval", 0), "total"), TEST_PICTURES);
    cr_expect(before < 0.45, "%s: %g before training", device, before);
    cr_expect(best >= 0.85, "%s: %g in the best epoch", device, best);
    cr_log_info("%s: %g before, %g in the best epoch, %d of %d after the last", device, before,
                best, correct, TEST_PICTURES);
    cJSON_Delete(events);
    return correct;
}

/* Devices round differently, and no more: after the last epoch they have as many pictures right,
 * but for a few on the border. */
Test(garden_job, learns_on_every_device) {
    cr_assert_eq(command_run("devices --json"), 0);
    cJSON *devices = events_parse(command_stdout);
    int least = TEST_PICTURES, most = 0, tried = 0;
    for (int i = 0; i < events_count(devices, "candidate"); i++) {
        const cJSON *candidate = events_find(devices, "candidate", i);
        if (strcmp(event_text(candidate, "status"), "ok") != 0)
            continue;
        int correct = expect_learned(event_text(candidate, "device"));
        least = correct < least ? correct : least;
        most = correct > most ? correct : most;
        tried++;
    }
    cr_expect(tried >= 2, "cpu/simd and cpu/scalar are always there");
    cr_expect(most - least <= TEST_PICTURES / 12, "%d to %d of %d", least, most, TEST_PICTURES);
    cJSON_Delete(devices);
}

Test(garden_job, gives_the_same_bits_twice) {
    cJSON_Delete(train("cpu/simd", "a", ""));
    cJSON_Delete(train("cpu/simd", "b", "--set backend.cpu.threads=1 --set data.threads=1"));
    cr_expect(tensors_same("a/model.safetensors", "b/model.safetensors"));
    cr_expect(tensors_same("a/last.safetensors", "b/last.safetensors"));
}

/* The network's features are what does it: from random ones, frozen, the same job learns less. */
Test(garden_job, needs_what_the_network_knows) {
    cJSON *pretrained = train("cpu/simd", "a", ""),
          *random = train("cpu/simd", "b", "--set model.weights=");
    double with = event_number(events_find(pretrained, "done", 0), "best_accuracy");
    double without = event_number(events_find(random, "done", 0), "best_accuracy");
    cr_expect(with > without + 0.15, "%g with the weights, %g without", with, without);
    cJSON_Delete(pretrained);
    cJSON_Delete(random);
}

/* Many classes, of which none is a flower, in half a megabyte of halves. */
Test(garden_job, the_network_has_never_seen_a_flower) {
    static const char *const flowers[] = {"daisy", "lily", "periwinkle", "poppy", "rose"};
    char path[512];
    snprintf(path, sizeof path, "%s/configs/garden.safetensors", getenv("RETUNE_TEST_SOURCE"));
    retune_safetensors *file = NULL;
    retune_model *model = NULL;
    struct stat properties;
    cr_assert_eq(stat(path, &properties), 0);
    cr_expect_lt(properties.st_size, 600000);
    cr_assert_eq(retune_safetensors_open(path, &file, NULL), RETUNE_OK);
    for (size_t t = 0; t < retune_safetensors_count(file); t++)
        cr_expect_eq(retune_safetensors_tensor_at(file, t)->desc.dtype, RETUNE_F16);
    retune_safetensors_close(file);
    cr_assert_eq(retune_model_file_read(path, &model, NULL), RETUNE_OK);
    cr_expect_geq(model->class_count, 40);
    for (size_t c = 0; c < model->class_count; c++)
        for (size_t f = 0; f < sizeof flowers / sizeof *flowers; f++)
            cr_expect_str_neq(model->classes[c], flowers[f]);
    retune_model_destroy(model);
}

/* The files that the demo prints a result from. */
Test(garden_job, a_model_predicts) {
    cJSON_Delete(train("cpu/simd", "run", ""));
    cr_assert_eq(command_run("predict run/model.safetensors flowers/rose/00000.jpg --json"), 0);
    cr_expect(strstr(command_stdout, "rose"), "%s", command_stdout);
}
