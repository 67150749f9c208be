/* The shape of an INI: lines, comments, sections, and what is wrong with them. */
#include "scene.h"

#include "config/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(config_ini, .init = scene_begin, .fini = scene_end);

static retune_ini read_ini(const char *text) {
    scene_write("a.ini", text);
    retune_ini ini;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_ini_read("a.ini", &ini, &error) == RETUNE_OK, "%s", error.message);
    return ini;
}

static void expect_entry(const retune_ini *ini, size_t index, size_t line, const char *section,
                         const char *key, const char *value) {
    cr_assert(index < ini->count, "only %zu entries", ini->count);
    const retune_ini_entry *entry = &ini->entries[index];
    cr_expect(entry->line == line, "entry %zu: line %zu", index, entry->line);
    cr_expect(strcmp(entry->section, section) == 0, "%s", entry->section);
    cr_expect((key == NULL) == (entry->key == NULL));
    if (key) {
        cr_expect(strcmp(entry->key, key) == 0, "%s", entry->key);
        cr_expect(strcmp(entry->value, value) == 0, "'%s'", entry->value);
    }
}

static void refuse_bytes(const char *data, size_t size, const char *message) {
    scene_write_bytes("a.ini", data, size);
    retune_ini ini;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_ini_read("a.ini", &ini, &error) == RETUNE_INVALID, "%s", error.message);
    cr_expect(strcmp(error.message, message) == 0, "%s", error.message);
    cr_expect(ini.entries == NULL && ini.count == 0);
}

static void refuse(const char *text, const char *message) {
    refuse_bytes(text, strlen(text), message);
}

Test(config_ini, sections_keys_and_lines) {
    retune_ini ini = read_ini("; first\n\n[a]\none = 1\n  two=2  \n[b.c]\nthree : 3 = 4\n");
    cr_assert(ini.count == 5);
    expect_entry(&ini, 0, 3, "a", NULL, NULL);
    expect_entry(&ini, 1, 4, "a", "one", "1");
    expect_entry(&ini, 2, 5, "a", "two", "2");
    expect_entry(&ini, 3, 6, "b.c", NULL, NULL);
    expect_entry(&ini, 4, 7, "b.c", "three", "3 = 4");
    retune_ini_free(&ini);
}

/* An indented key is a key, not the rest of the value above it. */
Test(config_ini, indented_keys_are_keys) {
    retune_ini ini = read_ini("  [a]\n  one = 1\n\ttwo = 2\n");
    cr_assert(ini.count == 3);
    expect_entry(&ini, 2, 3, "a", "two", "2");
    retune_ini_free(&ini);
}

Test(config_ini, comments) {
    retune_ini ini = read_ini("# x\n[a] ; y\none = 1;2 ; three\ntwo =    ; nothing\nthree = #4\n");
    cr_assert(ini.count == 4);
    expect_entry(&ini, 1, 3, "a", "one", "1;2");
    expect_entry(&ini, 2, 4, "a", "two", "");
    expect_entry(&ini, 3, 5, "a", "three", "#4");
    retune_ini_free(&ini);
}

Test(config_ini, byte_order_mark_and_carriage_returns) {
    retune_ini ini = read_ini("\xef\xbb\xbf[a]\r\none = 1\r\n\r\ntwo = 2");
    cr_assert(ini.count == 3);
    expect_entry(&ini, 1, 2, "a", "one", "1");
    expect_entry(&ini, 2, 4, "a", "two", "2");
    retune_ini_free(&ini);
}

Test(config_ini, backslash_joins_lines) {
    retune_ini ini = read_ini("[a]\none = x, \\ ; why\n   y, \\\n[z]\\\r\n  = 3\ntwo = 2\\3\n");
    cr_assert(ini.count == 3);
    expect_entry(&ini, 1, 2, "a", "one", "x,y,[z]= 3");
    expect_entry(&ini, 2, 6, "a", "two", "2\\3");
    retune_ini_free(&ini);
}

Test(config_ini, empty_files_hold_nothing) {
    retune_ini ini = read_ini("");
    cr_expect(ini.count == 0);
    retune_ini_free(&ini);
    ini = read_ini("\xef\xbb\xbf");
    cr_expect(ini.count == 0);
    retune_ini_free(&ini);
}

Test(config_ini, long_comments_do_no_harm) {
    char text[1200], comment[500];
    memset(comment, 'x', sizeof comment - 1);
    comment[sizeof comment - 1] = '\0';
    snprintf(text, sizeof text, "; %s\n[a]\none = 1 ; %s\n", comment, comment);
    retune_ini ini = read_ini(text);
    cr_assert(ini.count == 2);
    expect_entry(&ini, 1, 3, "a", "one", "1");
    retune_ini_free(&ini);
}

Test(config_ini, long_lines_are_refused_not_cut) {
    char text[1200], value[500];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    snprintf(text, sizeof text, "[a]\n\none = %s\n", value);
    refuse(text, "a.ini:3: the line is longer than 197 bytes without its comment; end it in a "
                 "backslash and go on in the next");
    /* The longest that is taken arrives whole. */
    value[197 - strlen("one = ")] = '\0';
    snprintf(text, sizeof text, "[a]\none = %s\n", value);
    retune_ini ini = read_ini(text);
    expect_entry(&ini, 1, 2, "a", "one", value);
    retune_ini_free(&ini);
}

Test(config_ini, long_values_are_joined) {
    char expected[2001] = "", text[4000] = "[a]\none = \\\n";
    for (int i = 0; i < 20; i++) {
        char part[101];
        memset(part, 'a' + i, 100);
        part[100] = '\0';
        strcat(expected, part);
        strcat(text, part);
        strcat(text, i < 19 ? "\\\n  " : "\n");
    }
    retune_ini ini = read_ini(text);
    cr_assert(ini.count == 2);
    expect_entry(&ini, 1, 2, "a", "one", expected);
    retune_ini_free(&ini);
}

Test(config_ini, malformed_lines) {
    refuse("[a]\nnonsense\n", "a.ini:2: expected [section] or key = value");
    refuse("[a]\none = 1\n  two\n", "a.ini:3: expected [section] or key = value");
    refuse("[a]\n\\\n", "a.ini:2: expected [section] or key = value");
    refuse("[a\none = 1\n", "a.ini:1: a section is written [name], alone in its line");
    refuse("\n[a] one = 1\n", "a.ini:2: a section is written [name], alone in its line");
    refuse("[a]]\n", "a.ini:1: a section is written [name], alone in its line");
}

/* Of several faults the first in the file is named, whoever finds it. */
Test(config_ini, first_fault_wins) {
    refuse("[a]\nnonsense\n[b\n", "a.ini:2: expected [section] or key = value");
    refuse("[a\nnonsense\n", "a.ini:1: a section is written [name], alone in its line");
}

Test(config_ini, control_characters) {
    refuse_bytes("[a]\none = \0001\n", 14, "a.ini:2: holds a control character (byte 0x00)");
    refuse("[a]\none = \x1b[31m\n", "a.ini:2: holds a control character (byte 0x1b)");
    refuse("[a]\rone = 1\r", "a.ini:1: holds a control character (byte 0x0d)");
    refuse("[a]\none = 1\x7f\n", "a.ini:2: holds a control character (byte 0x7f)");
}

Test(config_ini, section_names_are_not_cut) {
    char text[128], name[64];
    memset(name, 's', sizeof name);
    name[49] = '\0';
    snprintf(text, sizeof text, "[%s]\none = 1\n", name);
    retune_ini ini = read_ini(text);
    expect_entry(&ini, 1, 2, name, "one", "1");
    retune_ini_free(&ini);
    name[49] = 's';
    name[50] = '\0';
    snprintf(text, sizeof text, "[%s]\n", name);
    refuse(text, "a.ini:1: the section's name is longer than 49 bytes");
}

Test(config_ini, files_that_cannot_be_read) {
    retune_ini ini;
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect(retune_ini_read("missing.ini", &ini, &error) == RETUNE_IO);
    cr_expect(strstr(error.message, "missing.ini") != NULL, "%s", error.message);
    cr_expect(retune_ini_read(".", &ini, &error) != RETUNE_OK);
    size_t size = (1 << 20) + 1;
    char *large = malloc(size);
    memset(large, ';', size);
    scene_write_bytes("large.ini", large, size);
    cr_expect(retune_ini_read("large.ini", &ini, &error) != RETUNE_OK);
    cr_expect(strstr(error.message, "large.ini") != NULL, "%s", error.message);
    free(large);
}
