/* Escaping, numbers, and a buffer that is too small. */
#include "report/json_writer.h"

#include <criterion/criterion.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void expect_text(const char *value, const char *expected) {
    char text[256];
    retune_json json = retune_json_start(text, sizeof text);
    retune_json_text(&json, NULL, value);
    cr_expect(strcmp(text, expected) == 0, "%s instead of %s", text, expected);
    cr_expect(json.length == strlen(expected));
}

static void expect_number(double value, int digits, const char *expected) {
    char text[64];
    retune_json json = retune_json_start(text, sizeof text);
    retune_json_number(&json, NULL, value, digits);
    cr_expect(strcmp(text, expected) == 0, "%s instead of %s", text, expected);
}

Test(json_writer, nesting_and_commas) {
    char text[256];
    retune_json json = retune_json_start(text, sizeof text);
    retune_json_open(&json, NULL, '{');
    retune_json_open(&json, "empty", '[');
    retune_json_close(&json, ']');
    retune_json_open(&json, "list", '[');
    retune_json_integer(&json, NULL, 1);
    retune_json_open(&json, NULL, '{');
    retune_json_close(&json, '}');
    retune_json_text(&json, NULL, "x");
    retune_json_close(&json, ']');
    retune_json_integer(&json, "big", UINT64_MAX);
    retune_json_close(&json, '}');
    cr_expect(strcmp(text, "{\"empty\":[],\"list\":[1,{},\"x\"],\"big\":18446744073709551615}") ==
                  0,
              "%s", text);
}

Test(json_writer, texts) {
    expect_text("", "\"\"");
    expect_text(NULL, "null");
    expect_text("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    expect_text("a\nb\tc\rd\x01\x7f", "\"a\\nb\\tc\\u000dd\\u0001\\u007f\"");
    expect_text("Gänseblümchen \xe2\x82\xac \xf0\x9f\x8c\xb7",
                "\"Gänseblümchen \xe2\x82\xac \xf0\x9f\x8c\xb7\"");
}

Test(json_writer, bytes_that_are_no_utf8) {
    expect_text("\xff", "\"\\ufffd\"");
    expect_text("a\x80z", "\"a\\ufffdz\"");
    expect_text("\xc3", "\"\\ufffd\"");
    expect_text("\xc3(", "\"\\ufffd(\"");
    expect_text("\xe2\x82", "\"\\ufffd\\ufffd\"");
    expect_text("\xf0\x9f\x8c", "\"\\ufffd\\ufffd\\ufffd\"");
    /* overlong, surrogate, beyond the last code point */
    expect_text("\xc0\xaf", "\"\\ufffd\\ufffd\"");
    expect_text("\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"");
    expect_text("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
    expect_text("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

Test(json_writer, numbers) {
    expect_number(147.0 / 736.0, 6, "0.199728");
    expect_number(1397.0, 6, "1397");
    expect_number(0.003, 6, "0.003");
    expect_number(-0.5, 6, "-0.5");
    expect_number(1e-9, 6, "1e-09");
    expect_number(1137481704.0, 15, "1137481704");
    expect_number(0.1, 17, "0.10000000000000001");
    expect_number(-DBL_MAX, 17, "-1.7976931348623157e+308");
}

Test(json_writer, numbers_that_json_does_not_have) {
    expect_number(NAN, 6, "null");
    expect_number(INFINITY, 6, "null");
    expect_number(-INFINITY, 6, "null");
}

Test(json_writer, numbers_do_not_follow_the_locale) {
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "ps_AF.utf8", "de_DE"};
    bool set = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !set; i++)
        set = setlocale(LC_ALL, names[i]) != NULL;
    if (!set)
        cr_skip_test("no locale with a decimal comma is installed");
    expect_number(0.25, 6, "0.25");
}

/* Every size from nothing to enough: never a byte too far, always terminated, always counted. */
Test(json_writer, small_buffers) {
    const char *whole = "{\"a\":\"\\ufffd\",\"b\":2}";
    for (size_t size = 0; size <= strlen(whole) + 1; size++) {
        char *text = malloc(size + 1);
        text[size] = 'x';
        retune_json json = retune_json_start(text, size);
        retune_json_open(&json, NULL, '{');
        retune_json_text(&json, "a", "\xff");
        retune_json_integer(&json, "b", 2);
        retune_json_close(&json, '}');
        cr_expect(json.length == strlen(whole));
        cr_expect(text[size] == 'x');
        if (size > 0) {
            cr_expect(strlen(text) == size - 1);
            cr_expect(memcmp(text, whole, size - 1) == 0);
        }
        free(text);
    }
    retune_json json = retune_json_start(NULL, 0);
    retune_json_text(&json, NULL, "abc");
    cr_expect(json.length == 5);
}
