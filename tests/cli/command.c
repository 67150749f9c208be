#include "command.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char command_stdout[1 << 17], command_stderr[1 << 14];

static char folder[64], path[4096];

void command_begin(void) {
    const char *build = getenv("RETUNE_TEST_BINARY");
    if (!build)
        cr_skip_test("RETUNE_TEST_BINARY, the build folder, is not set");
    snprintf(path, sizeof path, "%s/bin/retune", build);
    strcpy(folder, "/tmp/retune-cli-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    cr_assert(chdir(folder) == 0);
    setenv("LC_ALL", "C", 1);
}

static int remove_one(const char *name, const struct stat *info, int type, struct FTW *place) {
    (void)info, (void)type, (void)place;
    return remove(name);
}

void command_end(void) {
    if (*folder == '\0')
        return;
    cr_assert(chdir("/") == 0);
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void command_use(const char *program) {
    snprintf(path, sizeof path, "%s/bin/%s", getenv("RETUNE_TEST_BINARY"), program);
}

const char *command_path(void) {
    return path;
}

void command_write(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    cr_assert(file != NULL);
    cr_assert(fputs(text, file) >= 0);
    cr_assert(fclose(file) == 0);
}

static void read_output(const char *name, char *text, size_t size) {
    FILE *file = fopen(name, "r");
    cr_assert(file != NULL);
    size_t used = fread(text, 1, size - 1, file);
    cr_assert(feof(file), "%s is longer than %zu bytes", name, size);
    text[used] = '\0';
    fclose(file);
}

int command_run(const char *arguments) {
    char line[8192];
    snprintf(line, sizeof line, "'%s' >stdout.txt 2>stderr.txt </dev/null %s", path, arguments);
    int result = system(line);
    cr_assert(WIFEXITED(result), "%s: ended by a signal", line);
    read_output("stdout.txt", command_stdout, sizeof command_stdout);
    read_output("stderr.txt", command_stderr, sizeof command_stderr);
    return WEXITSTATUS(result);
}
