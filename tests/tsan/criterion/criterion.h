/* The part of Criterion that the tests use, for builds with ThreadSanitizer, under which Criterion
 * itself does not start: it gives its workers their data through memory mapped at fixed addresses.
 * Here every test runs in a fork of the one-threaded runner, so that one test's end is not
 * another's. */
#ifndef RETUNE_TESTS_TSAN_CRITERION_H
#define RETUNE_TESTS_TSAN_CRITERION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h> /* Criterion's own header brings it, and tests rely on that */
#include <string.h>

struct criterion_options {
    void (*init)(void);
    void (*fini)(void);
    unsigned timeout; /* seconds; 0: none */
};

struct criterion_test_params {
    size_t size; /* of one parameter */
    void *params;
    size_t length;
};

struct criterion_suite {
    const char *name;
    struct criterion_options options;
    struct criterion_suite *next;
};

struct criterion_test {
    const char *suite, *name;
    struct criterion_options options;
    void (*run)(void);                 /* of a plain test */
    void (*run_with)(void *parameter); /* of a parameterized one */
    struct criterion_test_params (*parameters)(void);
    struct criterion_test *next;
};

void criterion_add_suite(struct criterion_suite *suite);
void criterion_add_test(struct criterion_test *test);

/* Reports a failed check; ends the test when `fatal`. */
void criterion_fail(bool fatal, const char *file, int line, const char *check, const char *format,
                    ...);
void criterion_skip(const char *format, ...);
void criterion_log(const char *format, ...);

#define TestSuite(Name, ...)                                                                       \
    __attribute__((constructor)) static void criterion_suite_##Name(void) {                        \
        static struct criterion_suite suite = {.name = #Name, .options = {__VA_ARGS__}};           \
        criterion_add_suite(&suite);                                                               \
    }                                                                                              \
    struct criterion_suite

#define CRITERION_REGISTER(Suite, Name, Options, ...)                                              \
    __attribute__((constructor)) static void Suite##_##Name##_register(void) {                     \
        static struct criterion_test test = {                                                      \
            .suite = #Suite, .name = #Name, .options = Options, __VA_ARGS__};                      \
        criterion_add_test(&test);                                                                 \
    }
#define CRITERION_OPTIONS(...)                                                                     \
    { __VA_ARGS__ }

#define Test(Suite, Name, ...)                                                                     \
    static void Suite##_##Name##_test(void);                                                       \
    CRITERION_REGISTER(Suite, Name, CRITERION_OPTIONS(__VA_ARGS__), .run = Suite##_##Name##_test)  \
    static void Suite##_##Name##_test(void)

/* One evaluation of each argument, whatever comes of it. */
#define CRITERION_CHECK(fatal, holds, text, ...)                                                   \
    do {                                                                                           \
        if (!(holds))                                                                              \
            criterion_fail(fatal, __FILE__, __LINE__, text, "" __VA_ARGS__);                       \
    } while (0)
#define CRITERION_COMPARE(fatal, a, sign, b, ...)                                                  \
    CRITERION_CHECK(fatal, (a)sign(b), #a " " #sign " " #b, __VA_ARGS__)
#define CRITERION_NEAR(fatal, a, b, tolerance, ...)                                                \
    CRITERION_CHECK(fatal, (a) - (b) <= (tolerance) && (b) - (a) <= (tolerance),                   \
                    #a " is within " #tolerance " of " #b, __VA_ARGS__)

#define cr_assert(a, ...)      CRITERION_CHECK(true, a, #a, __VA_ARGS__)
#define cr_assert_not(a, ...)  CRITERION_CHECK(true, !(a), "not " #a, __VA_ARGS__)
#define cr_assert_null(a, ...) CRITERION_CHECK(true, (a) == NULL, #a " is null", __VA_ARGS__)
#define cr_assert_not_null(a, ...)                                                                 \
    CRITERION_CHECK(true, (a) != NULL, #a " is not null", __VA_ARGS__)
#define cr_assert_eq(a, b, ...)                  CRITERION_COMPARE(true, a, ==, b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)                 CRITERION_COMPARE(true, a, !=, b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)                  CRITERION_COMPARE(true, a, <, b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)                 CRITERION_COMPARE(true, a, <=, b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)                  CRITERION_COMPARE(true, a, >, b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)                 CRITERION_COMPARE(true, a, >=, b, __VA_ARGS__)
#define cr_assert_float_eq(a, b, tolerance, ...) CRITERION_NEAR(true, a, b, tolerance, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)                                                                \
    CRITERION_CHECK(true, strcmp(a, b) == 0, #a " is the text " #b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...)                                                          \
    CRITERION_CHECK(true, memcmp(a, b, size) == 0, #a " has the bytes of " #b, __VA_ARGS__)
#define cr_assert_fail(...) criterion_fail(true, __FILE__, __LINE__, "reached", "" __VA_ARGS__)

#define cr_expect(a, ...)      CRITERION_CHECK(false, a, #a, __VA_ARGS__)
#define cr_expect_not(a, ...)  CRITERION_CHECK(false, !(a), "not " #a, __VA_ARGS__)
#define cr_expect_null(a, ...) CRITERION_CHECK(false, (a) == NULL, #a " is null", __VA_ARGS__)
#define cr_expect_not_null(a, ...)                                                                 \
    CRITERION_CHECK(false, (a) != NULL, #a " is not null", __VA_ARGS__)
#define cr_expect_eq(a, b, ...)                  CRITERION_COMPARE(false, a, ==, b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)                 CRITERION_COMPARE(false, a, !=, b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)                  CRITERION_COMPARE(false, a, <, b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)                 CRITERION_COMPARE(false, a, <=, b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)                  CRITERION_COMPARE(false, a, >, b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)                 CRITERION_COMPARE(false, a, >=, b, __VA_ARGS__)
#define cr_expect_float_eq(a, b, tolerance, ...) CRITERION_NEAR(false, a, b, tolerance, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)                                                                \
    CRITERION_CHECK(false, strcmp(a, b) == 0, #a " is the text " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...)                                                               \
    CRITERION_CHECK(false, strcmp(a, b) != 0, #a " is not the text " #b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...)                                                                \
    CRITERION_CHECK(false, *(a) == '\0', #a " is empty", __VA_ARGS__)
#define cr_expect_str_not_empty(a, ...)                                                            \
    CRITERION_CHECK(false, *(a) != '\0', #a " is not empty", __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...)                                                          \
    CRITERION_CHECK(false, memcmp(a, b, size) == 0, #a " has the bytes of " #b, __VA_ARGS__)
#define cr_expect_fail(...) criterion_fail(false, __FILE__, __LINE__, "reached", "" __VA_ARGS__)

#define cr_skip_test(...) criterion_skip("" __VA_ARGS__)
#define cr_log_info(...)  criterion_log(__VA_ARGS__)
#define cr_log_warn(...)  criterion_log(__VA_ARGS__)

#endif
