/* `explain` and the reference: complete, and themselves job files. */
#include "command.h"

#include "retune/retune.h"

#include <cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(cli_explain, .init = command_begin, .fini = command_end);

/* Expects a line "key = value ; origin", whatever the columns. */
static void expect_line(const char *key, const char *value, const char *origin) {
    bool found = false;
    char text[sizeof command_stdout];
    strcpy(text, command_stdout);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char name[64], given[128] = "", from[128] = "";
        if (sscanf(line, "%63s = %127[^;]; %127[^\n]", name, given, from) < 3)
            continue;
        for (size_t end = strlen(given); end > 0 && given[end - 1] == ' '; end--)
            given[end - 1] = '\0';
        found = found ||
                (strcmp(name, key) == 0 && strcmp(given, value) == 0 && strcmp(from, origin) == 0);
    }
    cr_expect(found, "no line %s = %s ; %s in\n%s", key, value, origin, command_stdout);
}

Test(cli_explain, values_and_origins) {
    command_write("job.ini", "[train]\nepochs = 5\n[data]\nroot = flowers\n");
    setenv("RETUNE_TRAIN_BATCH", "32", 1);
    cr_assert(command_run("explain job.ini --set train.min_lr=1e-5 --set backend.cpu.threads=2") ==
              0);
    expect_line("epochs", "5", "job.ini:2");
    expect_line("root", "flowers", "job.ini:4");
    expect_line("batch", "32", "environment");
    expect_line("min_lr", "1e-5", "--set");
    expect_line("threads", "2", "--set");
    expect_line("optimizer", "adam", "default");
    expect_line("order", "auto", "default");
    cr_expect(strstr(command_stdout, "\n[backend.cpu]\n") != NULL);
    cr_expect(*command_stderr == '\0', "%s", command_stderr);
}

Test(cli_explain, later_overrides_win) {
    command_write("job.ini", "");
    cr_assert(command_run("explain job.ini --set train.epochs=1 --set train.epochs=2 "
                          "--set=data.root=a=b") == 0);
    expect_line("epochs", "2", "--set");
    expect_line("root", "a=b", "--set");
}

/* What is printed can be saved and explains to the same values. */
Test(cli_explain, output_is_a_job) {
    command_write("job.ini", "[train]\nepochs = 5\n[backend.cpu]\nthreads = 3\n");
    cr_assert(command_run("explain job.ini") == 0);
    command_write("copy.ini", command_stdout);
    cr_assert(command_run("explain copy.ini") == 0, "%s", command_stderr);
    expect_line("epochs", "5", "copy.ini:23");
    cr_expect(strstr(command_stdout, "; default") == NULL, "%s", command_stdout);
}

Test(cli_explain, reference_is_a_job_of_defaults) {
    cr_assert(command_run("explain --reference") == 0);
    command_write("reference.ini", command_stdout);
    size_t count = retune_setting_count(NULL);
    for (size_t i = 0; i < count; i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        cr_assert(retune_setting_describe(NULL, i, &setting, NULL) == RETUNE_OK);
        cr_expect(strstr(command_stdout, setting.description) != NULL, "%s", setting.key);
        cr_expect(strstr(command_stdout, setting.allowed) != NULL, "%s", setting.key);
    }
    cr_assert(command_run("explain reference.ini --json") == 0, "%s", command_stderr);
    char *rest = command_stdout;
    size_t lines = 0;
    for (char *line; (line = strsep(&rest, "\n")) && *line; lines++) {
        cJSON *event = cJSON_Parse(line);
        cr_assert(cJSON_IsObject(event), "no JSON: %s", line);
        cr_expect(strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(event, "value")),
                         cJSON_GetStringValue(cJSON_GetObjectItem(event, "default"))) == 0,
                  "%s", line);
        cr_expect(strncmp(cJSON_GetStringValue(cJSON_GetObjectItem(event, "origin")),
                          "reference.ini:", 14) == 0,
                  "%s", line);
        cJSON_Delete(event);
    }
    cr_expect(lines == count, "%zu lines for %zu settings", lines, count);
}

Test(cli_explain, reference_as_json_has_no_values) {
    cr_assert(command_run("explain --reference --json") == 0);
    cr_expect(strncmp(command_stdout,
                      "{\"event\":\"setting\",\"section\":\"model\",\"key\":\"architecture\","
                      "\"default\":\"mobilenet_v1\"",
                      75) == 0,
              "%s", command_stdout);
    cr_expect(strstr(command_stdout, "\"value\"") == NULL);
    cr_expect(strstr(command_stdout, "\"origin\"") == NULL);
}

/* A full disk is no success. */
Test(cli_explain, output_that_cannot_be_written) {
    command_write("job.ini", "");
    cr_expect(command_run("explain job.ini >/dev/full") == 3);
    cr_expect(strstr(command_stderr, "standard output cannot be written") != NULL, "%s",
              command_stderr);
}

/* ---- The page ------------------------------------------------------------------------------ */

Test(cli_explain, the_page_in_the_repository_is_current) {
    const char *source = getenv("RETUNE_TEST_SOURCE");
    char path[4096], page[sizeof command_stdout];
    if (!source)
        cr_skip_test("RETUNE_TEST_SOURCE, the source folder, is not set");
    cr_assert(command_run("explain --reference --markdown") == 0);
    snprintf(path, sizeof path, "%s/configs/REFERENCE.md", source);
    FILE *file = fopen(path, "r");
    cr_assert(file != NULL, "%s", path);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    cr_expect(strcmp(page, command_stdout) == 0,
              "%s is not current: retune explain --reference --markdown >configs/REFERENCE.md",
              path);
}

Test(cli_explain, a_page_of_a_job_is_refused) {
    command_write("job.ini", "");
    cr_expect(command_run("explain job.ini --markdown") == 2);
    cr_expect(strstr(command_stderr, "--markdown goes with --reference") != NULL);
    cr_expect(command_run("explain --reference --markdown --json") == 2);
}
