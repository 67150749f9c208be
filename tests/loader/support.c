#include "support.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void forget_environment(void) {
    unsetenv("RETUNE_PLUGIN_PATH");
}

char *make_folder(void) {
    char made[] = "/tmp/retune_loader_XXXXXX";
    cr_assert_not_null(mkdtemp(made));
    char *folder = realpath(made, NULL);
    cr_assert_not_null(folder);
    return folder;
}

void remove_folder(char *folder) {
    char command[PATH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_expect_eq(system(command), 0);
    free(folder);
}

const char *path_of(const char *folder, const char *file) {
    static char paths[2][PATH_MAX];
    static int turn;
    turn = !turn; /* `folder` may be the last answer */
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, file);
    return paths[turn];
}

void copy_fake(const char *name, const char *folder, const char *file) {
    char from[PATH_MAX], block[4096];
    snprintf(from, sizeof from, FAKE_PLUGINS "/retune_%s.so", name);
    char to[PATH_MAX];
    snprintf(to, sizeof to, "%s", path_of(folder, file));
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    cr_assert(in && out, "%s -> %s", from, to);
    for (size_t got; (got = fread(block, 1, sizeof block, in)) > 0;)
        cr_assert_eq(fwrite(block, 1, got, out), got);
    fclose(in);
    cr_assert_eq(fclose(out), 0);
    cr_assert_eq(chmod(to, 0644), 0);
}

void write_text(const char *folder, const char *file, const char *text) {
    FILE *out = fopen(path_of(folder, file), "w");
    cr_assert_not_null(out);
    fputs(text, out);
    cr_assert_eq(fclose(out), 0);
}

void expect_contains(const char *text, const char *part) {
    cr_expect(strstr(text, part), "\"%s\" does not contain \"%s\"", text, part);
}

retune_status load(retune_plugin_kind kind, const char *name, const char *folder,
                   retune_plugin **out_plugin, retune_error *error) {
    retune_status status = retune_plugin_find(kind, name, folder, out_plugin, error);
    return status == RETUNE_OK ? retune_plugin_load(*out_plugin, error) : status;
}
