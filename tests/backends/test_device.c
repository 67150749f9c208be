/* Opening a device of a GPU backend: which one, with which options. */
#include "backends/support.h"

#include "base/tensor_desc.h"

#include <stdio.h>
#include <unistd.h>

Test(gpu_device, bad_options) {
    target_refuses_option(RETUNE_INVALID, "tunes", "off", "tunes");
    target_refuses_option(RETUNE_INVALID, "tune", "fast", "auto, off or full");
    target_refuses_option(RETUNE_INVALID, "profiling", "yes", "on or off");
    target_refuses_option(RETUNE_INVALID, "disable", "add, matrix_produkt", "matrix_produkt");
    target_refuses_option(RETUNE_INVALID, "cache", "some/where", "absolute");
}

Test(gpu_device, another_device_is_asked_for) {
    target_refuses_option(RETUNE_UNAVAILABLE, "device", "Voodoo 2", "Voodoo 2");
}

Test(gpu_device, names_are_found_in_any_case) {
    retune_device_info info = {.struct_size = sizeof info};
    assert_ok(target_backend()->device_info(0, &info, &error));
    for (char *c = info.name; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    target_backend()->device_close(target_open("device", info.name, NULL));
}

Test(gpu_device, a_cache_that_was_asked_for_must_be_usable) {
    FILE *file = fopen("/tmp/retune-no-folder", "w");
    cr_assert(file && fclose(file) == 0);
    target_refuses_option(RETUNE_IO, "cache", "/tmp/retune-no-folder/cache",
                          "/tmp/retune-no-folder");
    unlink("/tmp/retune-no-folder");
}

Test(gpu_device, a_disabled_kernel_takes_its_ops_with_it) {
    retune_backend_device *device = target_open("disable", "add, accumulate", NULL);
    const retune_tensor_desc shape = retune_desc_vector(RETUNE_F32, 7);
    retune_op_desc op = {.struct_size = sizeof op,
                         .kind = RETUNE_OP_ADD,
                         .inputs = {&shape, &shape},
                         .outputs = {&shape}};
    retune_op_support support = {.struct_size = sizeof support};
    assert_ok(target_backend()->op_query(device, &op, &support, &error));
    cr_expect_not(support.supported);
    cr_expect_not_null(strstr(support.reason, "disable"), "%s", support.reason);
    op.kind = RETUNE_OP_FILL;
    op.inputs[0] = op.inputs[1] = NULL;
    assert_ok(target_backend()->op_query(device, &op, &support, &error));
    cr_expect(support.supported, "%s", support.reason);
    target_backend()->device_close(device);
}

/* Elements are counted in 32 bits. */
Test(gpu_device, maps_beyond_counting_are_refused) {
    retune_backend_device *device = target_open(NULL);
    const retune_tensor_desc shape = retune_desc(RETUNE_F32, 2, 70000, 70000, 0, 0);
    const retune_op_desc op = {
        .struct_size = sizeof op, .kind = RETUNE_OP_FILL, .outputs = {&shape}};
    retune_op_support support = {.struct_size = sizeof support};
    assert_ok(target_backend()->op_query(device, &op, &support, &error));
    cr_expect_not(support.supported);
    cr_expect_not_null(strstr(support.reason, "2^31"), "%s", support.reason);
    target_backend()->device_close(device);
}

/* A tensor larger than a buffer may be is an answer and not a crash. */
Test(gpu_device, tensors_beyond_the_memory) {
    retune_backend_device *device = target_open(NULL);
    const retune_tensor_desc shape = retune_desc(RETUNE_F32, 2, 1 << 20, 1 << 20, 0, 0);
    retune_backend_tensor *tensor = target_tensor(device, &shape, 0, NULL);
    float value = 1;
    expect_refused(RETUNE_OUT_OF_MEMORY, "out of memory",
                   target_backend()->tensor_write(tensor, 0, 1, &value, &error));
    target_backend()->tensor_destroy(tensor);
    target_backend()->device_close(device);
}
