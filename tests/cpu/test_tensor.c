/* Tensors: rows, slots, wrapped memory, and the memory they take. */
#include "cpu/support.h"

#include <stdlib.h>
#include <string.h>

static retune_backend_device *device;
static void open_it(void) {
    device = open_device(SCALAR, NULL);
}
static void close_it(void) {
    cpu()->device_close(device);
}
TestSuite(cpu_tensor, .init = open_it, .fini = close_it);

static uint64_t memory_in_use(void) {
    uint64_t current = 0, peak = 0;
    cr_assert_eq(cpu()->device_memory(device, &current, &peak, NULL), RETUNE_OK);
    cr_assert_leq(current, peak);
    return current;
}

static uint64_t peak_memory(void) {
    uint64_t current = 0, peak = 0;
    cr_assert_eq(cpu()->device_memory(device, &current, &peak, NULL), RETUNE_OK);
    return peak;
}

Test(cpu_tensor, rows_are_written_and_read_where_they_belong) {
    retune_tensor_desc desc = describe(RETUNE_I32, 2, 5, 3, 0, 0);
    int32_t all[15], middle[6] = {100, 101, 102, 103, 104, 105}, got[15];
    for (int n = 0; n < 15; n++)
        all[n] = n;
    retune_backend_tensor *tensor = make_filled(device, &desc, all);
    cr_assert_eq(cpu()->tensor_write(tensor, 2, 2, middle, NULL), RETUNE_OK);
    memcpy(all + 6, middle, sizeof middle);
    read_all(tensor, &desc, got);
    cr_assert_arr_eq(got, all, sizeof all);
    cr_assert_eq(cpu()->tensor_read(tensor, 4, 1, got, NULL), RETUNE_OK);
    cr_assert_arr_eq(got, all + 12, 3 * sizeof *got);
    cr_assert_eq(cpu()->tensor_read(tensor, 5, 0, NULL, NULL), RETUNE_OK);
    cpu()->tensor_destroy(tensor);
}

Test(cpu_tensor, rows_outside_are_refused) {
    retune_tensor_desc desc = describe(RETUNE_F32, 2, 5, 3, 0, 0);
    float data[32] = {0};
    retune_backend_tensor *tensor = make_filled(device, &desc, data);
    const int64_t ranges[][2] = {
        {0, 6},         {5, 1},         {6, 0},         {-1, 1}, {0, -1},
        {INT64_MAX, 1}, {1, INT64_MAX}, {INT64_MIN, 1}, {4, 2},  {INT64_MAX, INT64_MAX}};
    for (size_t n = 0; n < sizeof ranges / sizeof ranges[0]; n++) {
        retune_error error = RETUNE_ERROR_INIT;
        cr_assert_eq(cpu()->tensor_write(tensor, ranges[n][0], ranges[n][1], data, &error),
                     RETUNE_INVALID, "range %zu", n);
        cr_assert_neq(error.message[0], '\0');
        cr_assert_eq(cpu()->tensor_read(tensor, ranges[n][0], ranges[n][1], data, &error),
                     RETUNE_INVALID, "range %zu", n);
    }
    cpu()->tensor_destroy(tensor);
}

Test(cpu_tensor, malformed_descriptions_are_refused) {
    retune_tensor_desc descs[] = {
        describe(RETUNE_F32, 0, 1, 0, 0, 0),
        describe(RETUNE_F32, 5, 1, 1, 1, 1),
        describe((retune_dtype)5, 1, 1, 0, 0, 0),
        describe(RETUNE_F32, 2, 3, 0, 0, 0),
        describe(RETUNE_F32, 1, -4, 0, 0, 0),
        describe(RETUNE_F32, 2, INT64_MAX, 2, 0, 0),
        describe(RETUNE_F32, 4, 1ll << 32, 1ll << 32, 1, 1),
        describe(RETUNE_F32, 1, 1, 0, 0, 0),
    };
    size_t count = sizeof descs / sizeof descs[0];
    descs[count - 1].struct_size = 8;
    for (size_t n = 0; n < count; n++) {
        retune_backend_tensor *tensor = (retune_backend_tensor *)descs;
        retune_error error = RETUNE_ERROR_INIT;
        cr_assert_eq(
            cpu()->tensor_create(device, &descs[n], RETUNE_USAGE_INPUT, 0, &tensor, &error),
            RETUNE_INVALID, "description %zu", n);
        cr_assert_null(tensor);
        cr_assert_neq(error.message[0], '\0');
    }
    retune_tensor_desc desc = describe(RETUNE_F32, 1, 1, 0, 0, 0);
    retune_backend_tensor *tensor = NULL;
    cr_assert_eq(cpu()->tensor_create(device, &desc, (retune_usage)7, 0, &tensor, NULL),
                 RETUNE_INVALID);
}

Test(cpu_tensor, more_than_the_machine_has_is_out_of_memory) {
    retune_tensor_desc desc = describe(RETUNE_U8, 1, 1ll << 50, 0, 0, 0);
    retune_backend_tensor *tensor = make_tensor(device, &desc, 0);
    retune_error error = RETUNE_ERROR_INIT;
    char byte = 0;
    cr_assert_eq(cpu()->tensor_write(tensor, 0, 1, &byte, &error), RETUNE_OUT_OF_MEMORY);
    cr_assert_not_null(strstr(error.message, "1125899906842624"));
    cr_assert_eq(memory_in_use(), 0);
    cpu()->tensor_destroy(tensor);
}

Test(cpu_tensor, memory_is_taken_at_first_use_and_given_back) {
    retune_tensor_desc desc = describe(RETUNE_F32, 1, 1000, 0, 0, 0);
    float data[1000] = {0};
    retune_backend_tensor *a = make_tensor(device, &desc, 0);
    cr_assert_eq(memory_in_use(), 0);
    cr_assert_eq(cpu()->tensor_write(a, 0, 1, data, NULL), RETUNE_OK);
    cr_assert_eq(memory_in_use(), 4000);
    retune_backend_tensor *b = make_filled(device, &desc, data);
    cr_assert_eq(memory_in_use(), 8000);
    cpu()->tensor_destroy(a);
    cr_assert_eq(memory_in_use(), 4000);
    cpu()->tensor_destroy(b);
    cpu()->tensor_destroy(NULL);
    cr_assert_eq(memory_in_use(), 0);
    cr_assert_eq(peak_memory(), 8000);
}

Test(cpu_tensor, a_slot_takes_the_memory_of_its_largest_tensor) {
    retune_tensor_desc small = describe(RETUNE_F32, 1, 10, 0, 0, 0);
    retune_tensor_desc large = describe(RETUNE_F32, 1, 100, 0, 0, 0);
    float data[100] = {0};
    retune_backend_tensor *a = make_tensor(device, &small, 3), *b = make_tensor(device, &large, 3);
    retune_backend_tensor *other = make_tensor(device, &small, 4);
    cr_assert_eq(cpu()->tensor_write(a, 0, 10, data, NULL), RETUNE_OK);
    cr_assert_eq(memory_in_use(), 400);
    cr_assert_eq(cpu()->tensor_write(b, 0, 100, data, NULL), RETUNE_OK);
    cr_assert_eq(memory_in_use(), 400);
    cr_assert_eq(cpu()->tensor_write(other, 0, 10, data, NULL), RETUNE_OK);
    cr_assert_eq(memory_in_use(), 440);
    cpu()->tensor_destroy(b);
    cr_assert_eq(memory_in_use(), 440);
    cpu()->tensor_destroy(a);
    cr_assert_eq(memory_in_use(), 40);
    cpu()->tensor_destroy(other);
    cr_assert_eq(memory_in_use(), 0);
}

Test(cpu_tensor, a_slot_that_grows_late_keeps_its_content) {
    retune_tensor_desc small = describe(RETUNE_I32, 1, 4, 0, 0, 0);
    retune_tensor_desc large = describe(RETUNE_I32, 1, 5000, 0, 0, 0);
    int32_t data[4] = {1, 2, 3, 4}, got[4];
    retune_backend_tensor *a = make_tensor(device, &small, 1);
    cr_assert_eq(cpu()->tensor_write(a, 0, 4, data, NULL), RETUNE_OK);
    retune_backend_tensor *b = make_tensor(device, &large, 1);
    int32_t last = 9;
    cr_assert_eq(cpu()->tensor_write(b, 4999, 1, &last, NULL), RETUNE_OK);
    read_all(a, &small, got);
    cr_assert_arr_eq(got, data, sizeof data);
    cr_assert_eq(memory_in_use(), 20000);
    cpu()->tensor_destroy(a);
    cpu()->tensor_destroy(b);
    cr_assert_eq(memory_in_use(), 0);
}

Test(cpu_tensor, a_slot_that_cannot_grow_still_serves_its_smaller_tensors) {
    retune_tensor_desc small = describe(RETUNE_U8, 1, 4, 0, 0, 0);
    retune_tensor_desc huge = describe(RETUNE_U8, 1, 1ll << 50, 0, 0, 0);
    const char text[4] = "abc";
    char got[4] = "";
    retune_backend_tensor *a = make_tensor(device, &small, 1);
    cr_assert_eq(cpu()->tensor_write(a, 0, 4, text, NULL), RETUNE_OK);
    retune_backend_tensor *b = make_tensor(device, &huge, 1);
    cr_assert_eq(cpu()->tensor_write(b, 0, 4, text, NULL), RETUNE_OUT_OF_MEMORY);
    read_all(a, &small, got);
    cr_assert_str_eq(got, text);
    cpu()->tensor_destroy(a);
    cpu()->tensor_destroy(b);
}

Test(cpu_tensor, wrapped_memory_is_read_in_place_and_never_written) {
    retune_tensor_desc desc = describe(RETUNE_F32, 1, 16, 0, 0, 0);
    float *memory = aligned_alloc(64, 64), got[16];
    for (int n = 0; n < 16; n++)
        memory[n] = (float)n;
    retune_backend_tensor *tensor = NULL;
    cr_assert_eq(cpu()->tensor_wrap(device, &desc, memory, &tensor, NULL), RETUNE_OK);
    memory[3] = -1.0f;
    read_all(tensor, &desc, got);
    cr_assert_arr_eq(got, memory, sizeof got);
    cr_assert_eq(memory_in_use(), 0);
    cr_assert_eq(cpu()->tensor_write(tensor, 0, 1, got, NULL), RETUNE_INVALID);
    cpu()->tensor_destroy(tensor);
    cr_assert_eq(cpu()->tensor_wrap(device, &desc, memory + 1, &tensor, NULL), RETUNE_INVALID);
    cr_assert_null(tensor);
    cr_assert_eq(cpu()->tensor_wrap(device, &desc, NULL, &tensor, NULL), RETUNE_INVALID);
    free(memory);
}
