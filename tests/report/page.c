#include "page.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/file.h"
#include "base/utf8.h"
#include "expect.h"

#define DEPTH_MAX   64
#define NAME_LENGTH 16

char *page_read(const char *path) {
    unsigned char *data = NULL;
    size_t size = 0;
    assert_ok(retune_file_read(path, 64u << 20, &data, &size, &error));
    cr_assert_eq(strlen((char *)data), size, "a NUL in the page");
    return (char *)data;
}

size_t page_count(const char *text, const char *part) {
    size_t count = 0;
    for (const char *found = text; (found = strstr(found, part)); found += strlen(part))
        count++;
    return count;
}

static bool is_void(const char *name) {
    static const char *const names[] = {"meta", "link", "img", "!doctype"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (strcasecmp(name, names[n]) == 0)
            return true;
    return false;
}

/* From "<" to behind the ">"; quoted values may hold any other character. */
static const char *tag_end(const char *tag) {
    bool quoted = false;
    const char *c = tag + 1;
    for (; *c && (quoted || *c != '>'); c++) {
        quoted ^= *c == '"';
        cr_assert(quoted || *c != '<', "a tag in a tag: %.60s", tag);
    }
    cr_assert_eq(*c, '>', "a tag without an end: %.60s", tag);
    return c + 1;
}

static void check_escape(const char *text) {
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strncmp(text, known[k], strlen(known[k])) == 0)
            return;
    cr_assert_fail("a bare &: %.60s", text);
}

static void check_tags(const char *text) {
    char open[DEPTH_MAX][NAME_LENGTH];
    size_t depth = 0;
    for (const char *c = text; *c;) {
        if (*c == '&')
            check_escape(c);
        if (*c != '<') {
            c++;
            continue;
        }
        char name[NAME_LENGTH] = "";
        bool closes = c[1] == '/';
        const char *end = tag_end(c), *first = c + 1 + closes;
        size_t length = strcspn(first, " />\n");
        cr_assert(length > 0 && length < NAME_LENGTH, "no tag: %.60s", c);
        memcpy(name, first, length);
        if (closes) {
            cr_assert(depth > 0 && strcmp(open[depth - 1], name) == 0, "%s closes %s: %.60s", name,
                      depth > 0 ? open[depth - 1] : "nothing", c);
            depth--;
        } else if (end[-2] != '/' && !is_void(name)) {
            cr_assert_lt(depth, DEPTH_MAX);
            strcpy(open[depth++], name);
        }
        c = end;
    }
    cr_assert_eq(depth, 0, "%s is not closed", open[depth - (depth > 0)]);
}

void page_check(const char *text) {
    size_t bad = 0;
    cr_assert(retune_utf8_is_valid(text, strlen(text), &bad), "no UTF-8 at byte %zu", bad);
    check_tags(text);
    cr_expect_eq(page_count(text, "<script"), 0);
    cr_expect_eq(page_count(text, "http:"), 0);
    cr_expect_eq(page_count(text, "https:"), 0);
    cr_expect_eq(page_count(text, "url("), 0);
    cr_expect_eq(page_count(text, "@import"), 0);
    cr_expect_eq(page_count(text, " src=\""), page_count(text, " src=\"data:image/"));
    /* Numbers of charts that are none. */
    cr_expect_eq(page_count(text, "nan%") + page_count(text, "inf%"), 0);
}
