/* Tests that cannot work under ThreadSanitizer by their nature. Globs over "suite/test". */
#ifndef RETUNE_TESTS_TSAN_UNFIT_H
#define RETUNE_TESTS_TSAN_UNFIT_H

static const struct {
    const char *name, *reason;
} unfit_tests[] = {
    {"", ""},
};

#endif
