/* Verdicts of the self-test as files: what was written is read back, and nothing else is. */
#include "support.h"

#include "device/verdict.h"
#include "graph/op_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static void begin(void) {
    folder = make_folder();
    setenv("XDG_CACHE_HOME", folder, 1);
}

static void end(void) {
    remove_folder(folder);
}

TestSuite(verdict, .init = begin, .fini = end, .timeout = 30);

static const char key[] = "0123456789abcdef0123456789abcdef";

static const char *file(void) {
    static char path[512];
    snprintf(path, sizeof path, "%s/retune/self_test/%s.json", folder, key);
    return path;
}

static retune_verdict remember(void) {
    retune_verdict verdict = {.known = 1, .tested = 20, .failed = 1, .seconds = 0.5f};
    snprintf(verdict.failures[RETUNE_OP_ADAM], RETUNE_VERDICT_TEXT_MAX, "case 3: \"wrong\"");
    retune_verdict_remember(key, &verdict);
    return verdict;
}

static void replace_text(const char *text) {
    FILE *out = fopen(file(), "w");
    cr_assert(out && fputs(text, out) >= 0 && fclose(out) == 0);
}

static void expect_forgotten(const char *why) {
    retune_verdict verdict;
    cr_expect_not(retune_verdict_recall(key, &verdict), "%s", why);
    cr_expect_eq(verdict.known + verdict.failed + verdict.tested, 0, "%s", why);
}

Test(verdict, comes_back) {
    retune_verdict before = remember(), after;
    cr_assert(retune_verdict_recall(key, &after));
    cr_expect_eq(memcmp(&before, &after, sizeof before), 0);
    struct stat entry;
    cr_assert_eq(stat(file(), &entry), 0);
    cr_expect_eq(entry.st_mode & 0777, 0600);
}

Test(verdict, of_a_device_that_cannot_be_used) {
    retune_verdict before = {.known = 1, .fault = "crashed in the self-test of pool"}, after;
    retune_verdict_remember(key, &before);
    cr_assert(retune_verdict_recall(key, &after));
    cr_expect_str_eq(after.fault, before.fault);
}

Test(verdict, that_is_none_is_not_written) {
    retune_verdict nothing = {0};
    retune_verdict_remember(key, &nothing);
    cr_expect_neq(access(file(), F_OK), 0);
    expect_forgotten("nothing was written");
}

Test(verdict, damage_counts_as_nothing) {
    static const char *const damaged[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"key\":\"0123456789abcdef0123456789abcdef\"}",
        /* the key of another device */
        "{\"key\":\"0123456789abcdef0123456789abcdee\",\"tested\":1,\"seconds\":0,\"fault\":\"\","
        "\"quarantined\":{}}",
        /* an op that is none, a number that cannot be, a reason that is no text */
        "{\"key\":\"0123456789abcdef0123456789abcdef\",\"tested\":1,\"seconds\":0,\"fault\":\"\","
        "\"quarantined\":{\"conv3d\":\"x\"}}",
        "{\"key\":\"0123456789abcdef0123456789abcdef\",\"tested\":-1,\"seconds\":0,\"fault\":\"\","
        "\"quarantined\":{}}",
        "{\"key\":\"0123456789abcdef0123456789abcdef\",\"tested\":1,\"seconds\":0,\"fault\":\"\","
        "\"quarantined\":{\"adam\":7}}",
    };
    remember();
    for (size_t d = 0; d < sizeof damaged / sizeof damaged[0]; d++) {
        replace_text(damaged[d]);
        expect_forgotten(damaged[d]);
    }
}

Test(verdict, cut_off_counts_as_nothing) {
    remember();
    struct stat entry;
    cr_assert_eq(stat(file(), &entry), 0);
    for (off_t size = entry.st_size - 2; size >= 0; size -= 7) {
        remember();
        cr_assert_eq(truncate(file(), size), 0);
        expect_forgotten("cut off");
    }
}

Test(verdict, that_others_could_have_written_counts_as_nothing) {
    char moved[600];
    remember();
    cr_assert_eq(chmod(file(), 0620), 0);
    expect_forgotten("writable by the group");
    cr_assert_eq(chmod(file(), 0602), 0);
    expect_forgotten("writable by all");
    cr_assert_eq(chmod(file(), 0600), 0);
    snprintf(moved, sizeof moved, "%s.moved", file());
    cr_assert_eq(rename(file(), moved), 0);
    cr_assert_eq(symlink(moved, file()), 0);
    expect_forgotten("a link");
}

Test(verdict, without_a_folder) {
    remember();
    unsetenv("HOME");
    setenv("XDG_CACHE_HOME", "relative", 1);
    remember();
    expect_forgotten("there is no folder");
    setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
    remember();
    expect_forgotten("the folder cannot be made");
}

Test(verdict, key_changes_with_the_device_its_driver_and_the_plugin) {
    retune_device_info info = {.id = "a/0", .name = "A", .driver = "1"}, other = info;
    char keys[5][RETUNE_VERDICT_KEY_MAX];
    const void *here = NULL, *there = NULL;
    int (*function)(const char *) = puts; /* of another file than this one */
    void (*own)(void) = begin;
    memcpy(&here, &own, sizeof here);
    memcpy(&there, &function, sizeof there);
    retune_verdict_key(&info, here, keys[0]);
    retune_verdict_key(&info, there, keys[1]);
    snprintf(other.driver, sizeof other.driver, "2");
    retune_verdict_key(&other, here, keys[2]);
    other = info;
    snprintf(other.id, sizeof other.id, "a/1");
    retune_verdict_key(&other, here, keys[3]);
    other = info;
    snprintf(other.name, sizeof other.name, "B");
    retune_verdict_key(&other, here, keys[4]);
    for (int a = 0; a < 5; a++) {
        cr_expect_eq(strlen(keys[a]), RETUNE_VERDICT_KEY_MAX - 1);
        for (int b = 0; b < a; b++)
            cr_expect_str_neq(keys[a], keys[b], "%d %d", a, b);
    }
    retune_verdict_key(&info, here, keys[1]);
    cr_expect_str_eq(keys[0], keys[1]);
}

Test(verdict, text) {
    char text[256], small[8];
    retune_verdict verdict = {0};
    cr_expect_str_eq(retune_verdict_text(&verdict, text, sizeof text), "not run");
    verdict = (retune_verdict){.known = 1, .tested = 22};
    cr_expect_str_eq(retune_verdict_text(&verdict, text, sizeof text), "passed: 22 ops");
    verdict.failed = 1;
    snprintf(verdict.failures[RETUNE_OP_POOL], RETUNE_VERDICT_TEXT_MAX, "why");
    cr_expect_str_eq(retune_verdict_text(&verdict, text, sizeof text),
                     "21 of 22 ops passed; in quarantine: pool: why");
    cr_expect_str_eq(retune_verdict_text(&verdict, small, sizeof small), "21 of 2");
}
