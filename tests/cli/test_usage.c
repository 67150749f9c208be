/* Help, wrong command lines, wrong job files, and the exit codes of each. */
#include "command.h"

#include <cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(cli_usage, .init = command_begin, .fini = command_end);

static const char *const verbs[] = {"init", "train",   "check", "explain", "inspect",
                                    "eval", "predict", "bench", "compare", "devices"};
#define VERB_COUNT (sizeof verbs / sizeof *verbs)

/* Exit code 2, this one line on stderr, nothing on stdout. */
static void refuse(const char *arguments, const char *message) {
    int code = command_run(arguments);
    char expected[2048];
    snprintf(expected, sizeof expected, "retune: %s\n", message);
    cr_expect(code == 2, "%s: exit code %d", arguments, code);
    cr_expect(strcmp(command_stderr, expected) == 0, "%s: %s", arguments, command_stderr);
    cr_expect(*command_stdout == '\0', "%s: %s", arguments, command_stdout);
}

Test(cli_usage, help_and_version) {
    cr_expect(command_run("--help") == 0);
    for (size_t i = 0; i < VERB_COUNT; i++)
        cr_expect(strstr(command_stdout, verbs[i]) != NULL, "%s", verbs[i]);
    cr_expect(*command_stderr == '\0');
    cr_expect(command_run("--version") == 0);
    cr_expect(strncmp(command_stdout, "retune 0.", 9) == 0, "%s", command_stdout);
}

Test(cli_usage, every_verb_has_help) {
    for (size_t i = 0; i < VERB_COUNT; i++) {
        char arguments[64], expected[64];
        snprintf(arguments, sizeof arguments, "%s --help", verbs[i]);
        snprintf(expected, sizeof expected, "Usage: retune %s ", verbs[i]);
        cr_expect(command_run(arguments) == 0);
        cr_expect(strncmp(command_stdout, expected, strlen(expected)) == 0, "%s", command_stdout);
        cr_expect(strstr(command_stdout, "--json") != NULL);
    }
}

Test(cli_usage, no_arguments_show_the_usage_on_stderr) {
    cr_expect(command_run("") == 2);
    cr_expect(strncmp(command_stderr, "Usage: retune VERB", 18) == 0, "%s", command_stderr);
    cr_expect(*command_stdout == '\0');
}

Test(cli_usage, wrong_verbs) {
    refuse("trian job.ini", "'trian' is no verb; see retune --help");
    refuse("--jsn", "'--jsn' is no verb; see retune --help");
    refuse("''", "'' is no verb; see retune --help");
}

Test(cli_usage, wrong_numbers_of_arguments) {
    refuse("train", "usage: retune train [OPTION...] JOB.ini");
    refuse("train a.ini b.ini", "usage: retune train [OPTION...] JOB.ini");
    refuse("predict model.safetensors", "usage: retune predict [OPTION...] MODEL IMAGE...");
    refuse("devices a b", "usage: retune devices [OPTION...] [JOB.ini]");
    refuse("explain", "usage: retune explain JOB.ini, or retune explain --reference");
}

Test(cli_usage, wrong_options) {
    refuse("train job.ini --nonsense", "--nonsense: unknown option");
    refuse("train job.ini --top 3", "--top: unknown option");
    refuse("explain job.ini --resume", "--resume: unknown option");
    refuse("train job.ini --set", "--set: missing argument");
    refuse("train job.ini --set train.epochs", "--set train.epochs: expected section.key=value");
    refuse("train job.ini --resume --fresh", "--resume and --fresh exclude each other");
    refuse("predict m i --top 0", "--top 0: expected a number from 1");
    refuse("predict m i --top x", "--top x: expected a number from 1");
    refuse("predict m i --top 3x", "--top 3x: expected a number from 1");
    refuse("devices --set backend.order=cpu", "--set needs a JOB.ini");
    refuse("inspect m.safetensors --set model.alpha=1", "--set goes with a job, not with a model");
}

/* Whatever is to be done with a job, what is wrong with it is said in the same words. */
Test(cli_usage, wrong_jobs) {
    static const char *const takers[] = {"train", "check", "explain", "inspect",
                                         "eval",  "bench", "devices"};
    command_write("job.ini", "\n[train]\nbatch = 0\n");
    for (size_t i = 0; i < sizeof takers / sizeof *takers; i++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "%s job.ini", takers[i]);
        refuse(arguments, "job.ini:3: [train] batch: 0 is not in 1..65536");
        snprintf(arguments, sizeof arguments, "%s missing.ini", takers[i]);
        cr_expect(command_run(arguments) == 3);
        cr_expect(strstr(command_stderr, "missing.ini") != NULL, "%s", command_stderr);
    }
    command_write("job.ini", "[train]\nbacth = 3\n[trian]\n");
    cr_expect(command_run("explain job.ini") == 2);
    cr_expect(strstr(command_stderr, "did you mean 'batch'?") != NULL, "%s", command_stderr);
    cr_expect(strchr(command_stderr, '\n') == command_stderr + strlen(command_stderr) - 1);
}

Test(cli_usage, wrong_overrides) {
    command_write("job.ini", "");
    refuse("explain job.ini --set train.optimizer=adm",
           "--set train.optimizer: [train] optimizer: 'adm' is not one of: sgd | momentum | adam; "
           "did you mean 'adam'?");
    setenv("RETUNE_TRAIN_EPOCHS", "x", 1);
    refuse("explain job.ini", "environment RETUNE_TRAIN_EPOCHS: [train] epochs: 'x' is not a whole "
                              "number in 0..100000");
}

static void expect_error_event(const char *status, int code, const char *message) {
    cJSON *event = cJSON_Parse(command_stdout);
    cr_assert(cJSON_IsObject(event), "no JSON: %s", command_stdout);
    cr_expect(strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(event, "event")), "error") == 0);
    cr_expect(strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(event, "status")), status) == 0);
    cr_expect((int)cJSON_GetNumberValue(cJSON_GetObjectItem(event, "code")) == code);
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(event, "message"));
    cr_expect(strstr(text, message) != NULL, "%s", text);
    cJSON_Delete(event);
}

Test(cli_usage, errors_are_json_when_asked_for) {
    command_write("job.ini", "[train]\nbatch = 0\n");
    cr_expect(command_run("train job.ini --json") == 2);
    expect_error_event("invalid", 3, "job.ini:2: [train] batch: 0 is not in 1..65536");
    cr_expect(command_run("train --json missing.ini") == 3);
    expect_error_event("input/output error", 6, "missing.ini");
    /* also when the command line goes wrong before the option is reached */
    cr_expect(command_run("train job.ini --nonsense --json") == 2);
    expect_error_event("invalid", 3, "--nonsense: unknown option");
    cr_expect(command_run("train job.ini --nonsense -- --json") == 2);
    cr_expect(*command_stdout == '\0');
}

Test(cli_usage, missing_models_are_file_errors) {
    cr_expect(command_run("inspect none.safetensors") == 3);
    cr_expect(strstr(command_stderr, "none.safetensors") != NULL, "%s", command_stderr);
    cr_expect(command_run("predict none.safetensors image.jpg") == 3);
    cr_expect(strstr(command_stderr, "none.safetensors") != NULL, "%s", command_stderr);
}

Test(cli_usage, folders_where_files_are_wanted) {
    cr_assert(system("mkdir -p photos run && touch run/job.ini run/model.safetensors") == 0);
    refuse("train photos", "photos: is a folder, not a job file; `retune init photos` writes one");
    refuse("explain photos",
           "photos: is a folder, not a job file; `retune init photos` writes one");
    refuse("eval run", "run: is a folder; did you mean run/job.ini?");
    refuse("predict run a.jpg", "run: is a folder; did you mean run/model.safetensors?");
    refuse("predict photos a.jpg", "photos: is a folder, not a model file");
}
