/* Finding the interface: versions, the table, and the switches that make both fail. */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

TestSuite(negotiation, .init = scene_load);

static void expect_versions(const char *list, size_t count, const cl_int expected[][2]) {
    cl_int majors[8], minors[8];
    cl_uint got = 0;
    setenv("CLML_EMULATOR_VERSIONS", list, 1);
    expect_ok(s.query(NULL, NULL, 0, &got));
    cr_assert_eq(got, count);
    expect_ok(s.query(majors, minors, 8, NULL));
    for (size_t n = 0; n < count; n++)
        cr_assert(majors[n] == expected[n][0] && minors[n] == expected[n][1],
                  "%s: version %zu is %d.%d", list, n, majors[n], minors[n]);
}

static const emu_table *get(cl_int expected, cl_int major, cl_int minor) {
    const emu_table *table = (void *)&expected; /* not NULL */
    expect_code(expected, s.interface(&table, major, minor));
    cr_assert_eq(table == NULL, expected != CL_SUCCESS);
    return table;
}

Test(negotiation, one_version_unless_told) {
    cl_int majors[2], minors[2];
    cl_uint count = 0;
    expect_ok(s.query(majors, minors, 2, &count));
    cr_assert(count == 1 && majors[0] == 3 && minors[0] == 0);
}

Test(negotiation, every_slot_is_filled) {
    const emu_table *table = get(CL_SUCCESS, 3, 0);
    void *const *slots = (void *const *)((const char *)table + 2 * sizeof(cl_int));
    cr_assert(table->major == 3 && table->minor == 0);
    for (size_t n = 0; n < 75; n++)
        cr_assert_not_null(slots[n], "slot %zu", n);
}

Test(negotiation, version_lists) {
    expect_versions("1.0", 1, (const cl_int[][2]){{1, 0}});
    get(CL_INVALID_VALUE, 3, 0);
    expect_versions("2.0, 1.0", 2, (const cl_int[][2]){{2, 0}, {1, 0}});
    get(CL_INVALID_VALUE, 2, 0);
    expect_versions("4.0,3.0", 2, (const cl_int[][2]){{4, 0}, {3, 0}});
    get(CL_SUCCESS, 3, 0);
    get(CL_INVALID_VALUE, 4, 0);
    expect_versions("5.0", 1, (const cl_int[][2]){{5, 0}});
    get(CL_SUCCESS, 3, 0);
    expect_versions("", 0, NULL);
    get(CL_INVALID_VALUE, 3, 0);
}

Test(negotiation, versions_that_do_not_exist) {
    get(CL_INVALID_VALUE, 3, 1);
    get(CL_INVALID_VALUE, 0, 0);
    get(CL_INVALID_VALUE, -3, 0);
    expect_code(CL_INVALID_VALUE, s.interface(NULL, 3, 0));
}

Test(negotiation, bad_queries) {
    cl_int numbers[4] = {0};
    cl_uint count = 0;
    setenv("CLML_EMULATOR_VERSIONS", "3.0, 4.0", 1);
    expect_code(CL_INVALID_VALUE, s.query(NULL, NULL, 0, NULL));
    expect_code(CL_INVALID_VALUE, s.query(numbers, NULL, 4, &count));
    expect_code(CL_INVALID_VALUE, s.query(numbers, numbers + 1, 1, &count));
}

Test(negotiation, the_query_fails) {
    cl_uint count = 7;
    setenv("CLML_EMULATOR_FAIL", "query=-6", 1);
    expect_code(CL_OUT_OF_HOST_MEMORY, s.query(NULL, NULL, 0, &count));
    cr_assert_eq(count, 7);
}

Test(negotiation, the_table_is_refused) {
    setenv("CLML_EMULATOR_FAIL", "interface=-6", 1);
    get(CL_OUT_OF_HOST_MEMORY, 3, 0);
}

/* A test that misspells a switch is told, rather than run without it. */
Test(negotiation, variables_that_are_not_understood) {
    const struct {
        const char *variable, *value;
    } bad[] = {
        {"CLML_EMULATOR_STRICT", "late, nans"},
        {"CLML_EMULATOR_VARIANT", "logit"},
        {"CLML_EMULATOR_VERSIONS", "3"},
        {"CLML_EMULATOR_VERSIONS", "3.0x"},
        {"CLML_EMULATOR_FAIL", "query"},
        {"CLML_EMULATOR_FAIL", "queries=-6"},
        {"CLML_EMULATOR_FAIL", "query=-6x"},
        {"CLML_EMULATOR_PADDING", "many"},
        {"CLML_EMULATOR_PADDING", "-4"},
        {"CLML_EMULATOR_DELAY_MS", "1s"},
        {"CLML_EMULATOR_REFUSE", "softmax"},
        {"CLML_EMULATOR_REFUSE", "softmaxx=-1102"},
        {"CLML_EMULATOR_REFUSE", "softmax:1x2=-1102"},
        {"CLML_EMULATOR_REFUSE_LAYOUT", "nchw"},
    };
    for (size_t n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        cl_uint count;
        setenv(bad[n].variable, bad[n].value, 1);
        cr_expect_eq(s.query(NULL, NULL, 0, &count), CL_INVALID_VALUE, "%s=%s", bad[n].variable,
                     bad[n].value);
        get(CL_INVALID_VALUE, 3, 0);
        unsetenv(bad[n].variable);
    }
    get(CL_SUCCESS, 3, 0);
}
