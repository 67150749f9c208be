/* Patterns and files of them. */
#include "../tools/conform/pattern.h"

#include "cli/command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(pattern, fits) {
    static const char *const fits[][2] = {
        {"", ""},        {"*", ""},        {"*", "abc"},         {"abc", "abc"},
        {"a*c", "abbc"}, {"a*", "a"},      {"*c", "abc"},        {"*b*", "abc"},
        {"a**c", "ac"},  {"[1]?", "[1]?"}, {"*ab*ab", "abxabab"}};
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++)
        cr_expect(pattern_fits(fits[i][0], fits[i][1]), "%s, %s", fits[i][0], fits[i][1]);
}

Test(pattern, does_not_fit) {
    static const char *const others[][2] = {{"", "a"},       {"a", ""},       {"abc", "abcd"},
                                            {"a*c", "abcd"}, {"*b", "abc"},   {"?", "a"},
                                            {"[ab]", "a"},   {"a*b*c", "acb"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect_not(pattern_fits(others[i][0], others[i][1]), "%s, %s", others[i][0],
                      others[i][1]);
}

TestSuite(pattern_list, .init = command_begin, .fini = command_end);

Test(pattern_list, reads_lines) {
    pattern_list list;
    retune_error error = RETUNE_ERROR_INIT;
    command_write("list", "# a comment\n\n  add *  \r\n\tconv2d x=f32[1] *");
    cr_assert_eq(pattern_list_read("list", &list, &error), RETUNE_OK, "%s", error.message);
    cr_assert_eq(list.count, 2);
    cr_expect_str_eq(list.items[0].text, "add *");
    cr_expect_eq(list.items[0].line, 3);
    cr_expect_str_eq(list.items[1].text, "conv2d x=f32[1] *");
    cr_expect(pattern_list_fits(&list, "add a"));
    cr_expect_not(pattern_list_fits(&list, "add"));
    cr_expect_eq(list.items[0].used, 1);
    cr_expect_eq(list.items[1].used, 0);
    pattern_list_free(&list);
}

Test(pattern_list, refuses_what_is_no_text) {
    pattern_list list;
    retune_error error = RETUNE_ERROR_INIT;
    FILE *file = fopen("list", "w");
    cr_assert_eq(fwrite("add *\na\0b\n", 1, 10, file), 10);
    fclose(file);
    cr_expect_eq(pattern_list_read("list", &list, &error), RETUNE_INVALID);
    cr_expect_str_eq(error.message, "list:2: a NUL byte");
    cr_expect_eq(list.count, 0);
    cr_expect_eq(pattern_list_read("missing", &list, &error), RETUNE_IO);
    cr_expect(strstr(error.message, "missing: No such file"), "%s", error.message);
    cr_expect_eq(pattern_list_read(".", &list, &error), RETUNE_IO);
    cr_expect(strstr(error.message, ".: Is a directory"), "%s", error.message);
}
