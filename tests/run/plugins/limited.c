/* A backend of devices that lack something: cpu/simd, which does the work, made poorer. None of
 * them shares memory with the host, so that a feature table is copied to them, if there is room.
 * One device is open at a time. */
#include "retune/backend.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The feature table of the scene has a row a picture, and no kernel has as many outputs. */
enum { TABLE_ROWS = 48 };

/* What a device cannot do: CREATE, WRITE and PROGRAM find no memory for a whole feature table,
 * KERNEL has none for one so large, STATE finds no memory for what an optimiser keeps, whatever the
 * table.
 */
typedef enum limit { NOTHING, CREATE, WRITE, PROGRAM, KERNEL, STATE } limit;

#define F32_ONLY RETUNE_FEATURE_DETERMINISTIC
#define ALL_MAPS (F32_ONLY | RETUNE_FEATURE_F16_STORAGE | RETUNE_FEATURE_BF16_STORAGE)

static const struct {
    const char *id;
    uint32_t features, score;
    uint64_t memory_bytes; /* 0: as much as the CPU */
    limit limit;
} devices[] = {
    {"limited/f32", F32_ONLY, 1000, 0, NOTHING},   {"limited/roomy", ALL_MAPS, 2, 0, NOTHING},
    {"limited/small", ALL_MAPS, 1, 60000, CREATE}, {"limited/create", ALL_MAPS, 1, 0, CREATE},
    {"limited/write", ALL_MAPS, 1, 0, WRITE},      {"limited/program", ALL_MAPS, 1, 0, PROGRAM},
    {"limited/kernel", ALL_MAPS, 1, 0, KERNEL},    {"limited/state", ALL_MAPS, 1, 0, STATE},
};

static const retune_backend *cpu;
static limit current;                      /* of the open device */
static const retune_backend_tensor *table; /* the whole feature table on it, or NULL */

static retune_status refuse(retune_status status, retune_error *error) {
    if (error) {
        error->code = (int32_t)status;
        snprintf(error->message, sizeof error->message, "that is too large");
    }
    return status;
}

static retune_status device_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = sizeof devices / sizeof devices[0];
    return RETUNE_OK;
}

static retune_status device_info(uint32_t index, retune_device_info *out_info,
                                 retune_error *error) {
    retune_status status = cpu->device_info(0, out_info, error);
    snprintf(out_info->id, sizeof out_info->id, "%s", devices[index].id);
    out_info->features = devices[index].features;
    out_info->score = devices[index].score;
    if (devices[index].memory_bytes > 0)
        out_info->memory_bytes = devices[index].memory_bytes;
    return status;
}

static retune_status device_open(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error) {
    current = devices[index].limit;
    table = NULL;
    return cpu->device_open(0, options, option_count, out_device, error);
}

static retune_status tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error) {
    bool whole = usage == RETUNE_USAGE_CONSTANT && desc->shape[0] == TABLE_ROWS;
    *out_tensor = NULL;
    if ((whole && current == CREATE) || (usage == RETUNE_USAGE_STATE && current == STATE))
        return refuse(RETUNE_OUT_OF_MEMORY, error);
    retune_status status = cpu->tensor_create(device, desc, usage, slot, out_tensor, error);
    if (whole)
        table = *out_tensor;
    return status;
}

static void tensor_destroy(retune_backend_tensor *tensor) {
    if (tensor == table)
        table = NULL;
    cpu->tensor_destroy(tensor);
}

static retune_status tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                  const void *data, retune_error *error) {
    if (tensor == table && current == WRITE)
        return refuse(RETUNE_OUT_OF_MEMORY, error);
    return cpu->tensor_write(tensor, first_row, rows, data, error);
}

static retune_status program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error) {
    *out_program = NULL;
    if (table && current == PROGRAM)
        return refuse(RETUNE_OUT_OF_MEMORY, error);
    if (table && current == KERNEL)
        return refuse(RETUNE_UNSUPPORTED, error);
    return cpu->program_create(device, ops, op_count, out_program, error);
}

const retune_backend *retune_backend_query(uint32_t host_abi) {
    static retune_backend backend;
    void *library = dlopen(CPU_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return NULL;
    void *symbol = dlsym(library, "retune_backend_query");
    retune_backend_query_function query = NULL;
    memcpy(&query, &symbol, sizeof query); /* ISO C has no cast from an object to a function */
    cpu = query ? query(host_abi) : NULL;
    if (!cpu)
        return NULL;
    backend = *cpu;
    backend.name = "limited";
    backend.device_count = device_count;
    backend.device_info = device_info;
    backend.device_open = device_open;
    backend.tensor_create = tensor_create;
    backend.tensor_destroy = tensor_destroy;
    backend.tensor_write = tensor_write;
    backend.tensor_wrap = NULL;
    backend.program_create = program_create;
    return &backend;
}
