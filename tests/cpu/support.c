#include "cpu/support.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const retune_backend *cpu(void) {
    static const retune_backend *table;
    if (!table) {
        char path[4096];
        const char *folder = getenv("RETUNE_PLUGIN_PATH");
        cr_assert_not_null(folder, "RETUNE_PLUGIN_PATH is not set; run the tests with ctest");
        snprintf(path, sizeof path, "%s/retune_cpu.so", folder);
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        cr_assert_not_null(library, "%s", dlerror());
        retune_backend_query_function backend_query =
            (retune_backend_query_function)dlsym(library, "retune_backend_query");
        cr_assert_not_null(backend_query);
        table = backend_query(RETUNE_BACKEND_ABI);
        cr_assert_not_null(table);
    }
    return table;
}

retune_backend_device *open_device(uint32_t index, ...) {
    retune_option options[8];
    size_t count = 0;
    va_list arguments;
    va_start(arguments, index);
    for (const char *key; (key = va_arg(arguments, const char *)) && count < 8; count++)
        options[count] = (retune_option){.key = key, .value = va_arg(arguments, const char *)};
    va_end(arguments);
    retune_backend_device *device = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(cpu()->device_open(index, options, count, &device, &error), RETUNE_OK, "%s",
                 error.message);
    cr_assert_not_null(device);
    return device;
}

retune_tensor_desc describe(retune_dtype dtype, uint32_t rank, int64_t d0, int64_t d1, int64_t d2,
                            int64_t d3) {
    return (retune_tensor_desc){.struct_size = (uint32_t)sizeof(retune_tensor_desc),
                                .dtype = (uint32_t)dtype,
                                .rank = rank,
                                .shape = {d0, d1, d2, d3}};
}

retune_backend_tensor *make_tensor(retune_backend_device *device, const retune_tensor_desc *desc,
                                   uint32_t slot) {
    retune_backend_tensor *tensor = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(cpu()->tensor_create(device, desc, RETUNE_USAGE_ACTIVATION, slot, &tensor, &error),
                 RETUNE_OK, "%s", error.message);
    cr_assert_not_null(tensor);
    return tensor;
}

retune_backend_tensor *make_filled(retune_backend_device *device, const retune_tensor_desc *desc,
                                   const void *data) {
    retune_backend_tensor *tensor = make_tensor(device, desc, 0);
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(cpu()->tensor_write(tensor, 0, desc->shape[0], data, &error), RETUNE_OK, "%s",
                 error.message);
    return tensor;
}

void read_all(retune_backend_tensor *tensor, const retune_tensor_desc *desc, void *data) {
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(cpu()->tensor_read(tensor, 0, desc->shape[0], data, &error), RETUNE_OK, "%s",
                 error.message);
}

retune_op_desc describe_op(retune_op_kind kind) {
    return (retune_op_desc){.struct_size = (uint32_t)sizeof(retune_op_desc),
                            .kind = (uint32_t)kind};
}

retune_op_support query(retune_backend_device *device, const retune_op_desc *op) {
    retune_op_support support = {.struct_size = (uint32_t)sizeof support};
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(cpu()->op_query(device, op, &support, &error), RETUNE_OK, "%s", error.message);
    return support;
}

void make_add(retune_op *op, retune_op_desc *desc, const retune_tensor_desc *shape,
              retune_backend_tensor *a, retune_backend_tensor *b, retune_backend_tensor *y) {
    *desc = describe_op(RETUNE_OP_ADD);
    desc->inputs[0] = desc->inputs[1] = desc->outputs[0] = shape;
    *op = (retune_op){
        .struct_size = (uint32_t)sizeof *op, .desc = desc, .inputs = {a, b}, .outputs = {y}};
}
