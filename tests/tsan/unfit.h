/* Tests that cannot work under ThreadSanitizer by their nature. Globs over "suite/test". */
#ifndef RETUNE_TESTS_TSAN_UNFIT_H
#define RETUNE_TESTS_TSAN_UNFIT_H

static const struct {
    const char *name, *reason;
} unfit_tests[] = {
    {"features/a_table_on_disk_takes_little_memory",
     "the sanitizer's record of what is read and written is resident memory as well"},
    {"switches/late_*", "the emulator's callers that touch host memory too early do so on purpose"},
};

#endif
