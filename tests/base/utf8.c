#include "base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

Test(utf8, accepts_well_formed_text) {
    static const char *const texts[] = {"", "plain", "\xc2\x80 \xdf\xbf",
                                        "\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf",
                                        "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t offset;
        cr_expect(retune_utf8_is_valid(texts[i], strlen(texts[i]), &offset), "%zu", i);
        cr_expect_eq(offset, strlen(texts[i]));
    }
}

Test(utf8, finds_the_bad_byte) {
    static const char *const texts[] = {
        "\x80",             /* continuation alone */
        "\xc0\xaf",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80", /* no such lead byte */
        "\xff",             /* no such lead byte */
        "\xc3",             /* cut short */
        "\xe2\x82",         /* cut short */
        "\xf0\x9f\x98",     /* cut short */
        "\xe2\x28\xa1",     /* no continuation */
        "\xf0\x9f\x28\x80", /* no continuation */
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[16] = "ab";
        strcat(text, texts[i]);
        size_t offset;
        cr_expect_not(retune_utf8_is_valid(text, strlen(text), &offset), "case %zu", i);
        cr_expect_eq(offset, 2, "case %zu: %zu", i, offset);
    }
}

Test(utf8, a_line_has_no_control_characters) {
    cr_expect(retune_utf8_is_line("conv_pw_13/kernel \xc3\xa4"));
    cr_expect_not(retune_utf8_is_line("two\nlines"));
    cr_expect_not(retune_utf8_is_line("\x1b[2J"));
    cr_expect_not(retune_utf8_is_line("delete\x7f"));
    cr_expect_not(retune_utf8_is_line("\xff"));
}
