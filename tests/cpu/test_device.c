/* Devices: the table, what they say of themselves, options, struct sizes. */
#include "cpu/support.h"

#include <string.h>

Test(cpu_device, table_is_complete_and_of_this_abi) {
    const retune_backend *table = cpu();
    cr_assert_eq(table->struct_size, sizeof *table);
    cr_assert_eq(table->abi, RETUNE_BACKEND_ABI);
    cr_assert_str_eq(table->name, "cpu");
    void *const *functions = (void *const *)&table->probe;
    for (size_t n = 0; &functions[n] <= (void *const *)&table->device_memory; n++)
        cr_assert_not_null(functions[n], "function %zu", n);
}

Test(cpu_device, probe_fills_no_more_than_the_callers_struct) {
    retune_probe_report report;
    memset(&report, 0x55, sizeof report);
    report.struct_size = offsetof(retune_probe_report, version);
    cr_assert_eq(cpu()->probe(&report, NULL), RETUNE_OK);
    cr_assert_eq(report.library[0], '\0');
    cr_assert_eq(report.version[0], 0x55);
    report.struct_size = sizeof report;
    cr_assert_eq(cpu()->probe(&report, NULL), RETUNE_OK);
    cr_assert_eq(strncmp(report.version, "OpenMP ", 7), 0);
}

Test(cpu_device, info_of_each_device) {
    uint32_t count = 0, last_score = UINT32_MAX;
    cr_assert_eq(cpu()->device_count(&count, NULL), RETUNE_OK);
    cr_assert_eq(count, 2);
    const char *const ids[] = {"cpu/simd", "cpu/scalar"}; /* a plain "cpu" is the fast one */
    for (uint32_t d = 0; d < count; d++) {
        retune_device_info info = {.struct_size = sizeof info};
        cr_assert_eq(cpu()->device_info(d, &info, NULL), RETUNE_OK);
        cr_assert_str_eq(info.id, ids[d]);
        cr_assert_eq(info.type, RETUNE_DEVICE_CPU);
        cr_assert(info.features & RETUNE_FEATURE_DETERMINISTIC);
        cr_assert(info.features & RETUNE_FEATURE_TIMESTAMPS);
        cr_assert(info.features & RETUNE_FEATURE_HOST_MEMORY);
        cr_assert(info.features & RETUNE_FEATURE_F16_STORAGE);
        cr_assert(info.features & RETUNE_FEATURE_BF16_STORAGE);
        cr_assert_lt(info.score, last_score);
        cr_assert_gt(info.memory_bytes, 1u << 20);
        cr_assert_not_null(strstr(info.driver, cpu()->version));
        cr_assert_neq(info.name[0], '\0');
        last_score = info.score;
    }
    retune_device_info info = {.struct_size = sizeof info};
    cr_assert_eq(cpu()->device_info(1, &info, NULL), RETUNE_OK);
    cr_assert_not_null(strstr(info.driver, "scalar"));
}

Test(cpu_device, info_keeps_to_the_callers_struct_size) {
    struct {
        retune_device_info info;
        char behind[64];
    } larger;
    memset(&larger, 0x55, sizeof larger);
    larger.info.struct_size = sizeof larger; /* a host of a later minor version */
    cr_assert_eq(cpu()->device_info(0, &larger.info, NULL), RETUNE_OK);
    cr_assert_eq(larger.info.struct_size, sizeof larger);
    cr_assert_str_eq(larger.info.id, "cpu/simd");
    for (size_t n = 0; n < sizeof larger.behind; n++)
        cr_assert_eq(larger.behind[n], 0x55);

    retune_device_info smaller;
    memset(&smaller, 0x55, sizeof smaller);
    smaller.struct_size = offsetof(retune_device_info, name);
    cr_assert_eq(cpu()->device_info(0, &smaller, NULL), RETUNE_OK);
    cr_assert_str_eq(smaller.id, "cpu/simd");
    cr_assert_eq(smaller.name[0], 0x55);
    cr_assert_eq(smaller.quirks[255], 0x55);

    smaller.struct_size = 0;
    cr_assert_eq(cpu()->device_info(0, &smaller, NULL), RETUNE_INVALID);
}

Test(cpu_device, no_such_device) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_device_info info = {.struct_size = sizeof info};
    retune_backend_device *device = (retune_backend_device *)&info;
    cr_assert_eq(cpu()->device_info(2, &info, &error), RETUNE_INVALID);
    cr_assert_eq(cpu()->device_open(7, NULL, 0, &device, &error), RETUNE_INVALID);
    cr_assert_null(device);
    cr_assert_not_null(strstr(error.message, "7"));
    cr_assert_eq(error.code, RETUNE_INVALID);
}

Test(cpu_device, valid_options) {
    const retune_option options[] = {
        {"threads", "0"},
        {"threads", "1"},
        {"threads", "1024"},
        {"profiling", "on"},
        {"profiling", "off"},
        {"instruction_set", "auto"},
        {"instruction_set", "neon"}, /* the scalar device has no use for it, and lets it pass */
    };
    for (size_t n = 0; n < sizeof options / sizeof options[0]; n++) {
        retune_backend_device *device = NULL;
        retune_error error = RETUNE_ERROR_INIT;
        cr_assert_eq(cpu()->device_open(SCALAR, &options[n], 1, &device, &error), RETUNE_OK, "%s",
                     error.message);
        cpu()->device_close(device);
    }
}

Test(cpu_device, invalid_options_are_named) {
    const retune_option options[] = {
        {"threads", ""},
        {"threads", "-1"},
        {"threads", "1025"},
        {"threads", "two"},
        {"threads", "2x"},
        {"threads", " 2"},
        {"threads", "99999999999999999999999"},
        {"profiling", "yes"},
        {"profiling", ""},
        {"profiling", "ON"},
        {"instruction_set", "sse9"},
        {"instruction_set", ""},
    };
    for (size_t n = 0; n < sizeof options / sizeof options[0]; n++) {
        retune_backend_device *device = (retune_backend_device *)&options;
        retune_error error = RETUNE_ERROR_INIT;
        cr_assert_eq(cpu()->device_open(SCALAR, &options[n], 1, &device, &error), RETUNE_INVALID,
                     "%s = %s", options[n].key, options[n].value);
        cr_assert_null(device);
        cr_assert_not_null(strstr(error.message, options[n].key));
        cr_assert_not_null(strstr(error.message, options[n].value));
    }
}

Test(cpu_device, unknown_options_are_named) {
    const retune_option options[] = {{"threads", "1"}, {"thread", "1"}};
    retune_backend_device *device = (retune_backend_device *)&options;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(cpu()->device_open(SCALAR, options, 2, &device, &error), RETUNE_INVALID);
    cr_assert_null(device);
    cr_assert_not_null(strstr(error.message, "thread: no such key"));
}

Test(cpu_device, error_keeps_to_the_callers_struct_size) {
    retune_error error;
    memset(&error, 0x55, sizeof error);
    error.struct_size = offsetof(retune_error, message) + 8;
    retune_backend_device *device = NULL;
    cr_assert_eq(cpu()->device_open(9, NULL, 0, &device, &error), RETUNE_INVALID);
    cr_assert_eq(strlen(error.message), 7);
    cr_assert_eq(error.message[8], 0x55);
    cr_assert_eq(cpu()->device_open(9, NULL, 0, &device, NULL), RETUNE_INVALID);
}
