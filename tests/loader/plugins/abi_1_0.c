/* A plugin as version 1.0 of the backend ABI was. It shares no header with the library on purpose:
 * what is written here was published, and must load and work for as long as the major version is 1.
 * It does one op, fill with f32. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct error {
    uint32_t struct_size;
    int32_t code;
    char message[1016];
};
struct report {
    uint32_t struct_size, reserved;
    char library[256], version[128];
};
struct info {
    uint32_t struct_size, type, features, score;
    uint64_t memory_bytes;
    char id[64], name[128], vendor[64], driver[128], quirks[256];
};
struct option {
    const char *key, *value;
};
struct support {
    uint32_t struct_size, supported;
    uint64_t workspace_bytes;
    char reason[256];
};

struct desc {
    uint32_t struct_size, dtype, rank, reserved;
    int64_t shape[4];
};
union attributes {
    float fill;
    uint32_t words[24];
};
struct op_desc {
    uint32_t struct_size, kind;
    const struct desc *inputs[8], *outputs[8];
    union attributes attributes;
};
struct tensor;
struct op {
    uint32_t struct_size, reserved;
    const struct op_desc *desc;
    struct tensor *inputs[8], *outputs[8];
};
struct args {
    uint32_t struct_size;
    float learning_rate;
    uint64_t step;
};

struct backend {
    uint32_t struct_size, abi;
    const char *name, *version;
    int (*probe)(struct report *, struct error *);
    int (*device_count)(uint32_t *, struct error *);
    int (*device_info)(uint32_t, struct info *, struct error *);
    int (*device_open)(uint32_t, const struct option *, size_t, void **, struct error *);
    void (*device_close)(void *);
    int (*op_query)(void *, const struct op_desc *, struct support *, struct error *);
    int (*tensor_create)(void *, const struct desc *, int, uint32_t, struct tensor **,
                         struct error *);
    void (*tensor_destroy)(struct tensor *);
    int (*tensor_write)(struct tensor *, int64_t, int64_t, const void *, struct error *);
    int (*tensor_read)(struct tensor *, int64_t, int64_t, void *, struct error *);
    int (*tensor_wrap)(void *, const struct desc *, const void *, struct tensor **, struct error *);
    int (*program_create)(void *, const struct op *const *, size_t, void **, struct error *);
    void (*program_destroy)(void *);
    int (*program_run)(void *, size_t, size_t, const struct args *, struct error *);
    int (*program_wait)(void *, struct error *);
    int (*program_times)(void *, uint64_t *, size_t, struct error *);
    int (*device_memory)(void *, uint64_t *, uint64_t *, struct error *);
};

enum { OK = 0, UNSUPPORTED = 1, INVALID = 3, OUT_OF_MEMORY = 4 };
enum { F32 = 0, FILL = 19 };

static int fail(struct error *error, int code, const char *text) {
    if (error) {
        error->code = code;
        snprintf(error->message, sizeof error->message, "%s", text);
    }
    return code;
}

/* ---- Devices ------------------------------------------------------------------------------- */

static int probe(struct report *report, struct error *error) {
    (void)error;
    strcpy(report->version, "1.0");
    return OK;
}
static int device_count(uint32_t *out_count, struct error *error) {
    (void)error;
    *out_count = 1;
    return OK;
}
static int device_info(uint32_t index, struct info *out_info, struct error *error) {
    if (index > 0)
        return fail(error, INVALID, "there is one device");
    out_info->score = 3;
    strcpy(out_info->id, "abi_1_0/0");
    strcpy(out_info->quirks, "old");
    return OK;
}
static int device_open(uint32_t index, const struct option *options, size_t count, void **out,
                       struct error *error) {
    *out = NULL;
    if (index > 0)
        return fail(error, INVALID, "there is one device");
    if (count > 0)
        return fail(error, INVALID, options[0].key);
    *out = malloc(1);
    return *out ? OK : fail(error, OUT_OF_MEMORY, "out of memory");
}

/* ---- Tensors ------------------------------------------------------------------------------- */

struct tensor {
    struct desc desc;
    size_t row; /* bytes */
    char *data;
};

/* Bytes of a tensor; 0 for a malformed description. */
static size_t bytes_of(const struct desc *desc) {
    static const size_t sizes[] = {4, 2, 2, 1, 4};
    if (desc->struct_size < sizeof *desc || desc->dtype > 4 || desc->rank < 1 || desc->rank > 4)
        return 0;
    size_t bytes = sizes[desc->dtype];
    for (uint32_t d = 0; d < desc->rank; d++)
        if (desc->shape[d] < 1 || __builtin_mul_overflow(bytes, (size_t)desc->shape[d], &bytes))
            return 0;
    return bytes;
}
static int tensor_create(void *device, const struct desc *desc, int usage, uint32_t slot,
                         struct tensor **out, struct error *error) {
    (void)device, (void)usage, (void)slot;
    *out = NULL;
    size_t bytes = bytes_of(desc);
    if (bytes == 0)
        return fail(error, INVALID, "no tensor is like that");
    struct tensor *tensor = malloc(sizeof *tensor);
    char *data = calloc(1, bytes);
    if (!tensor || !data) {
        free(tensor);
        free(data);
        return fail(error, OUT_OF_MEMORY, "out of memory");
    }
    *tensor = (struct tensor){*desc, bytes / (size_t)desc->shape[0], data};
    *out = tensor;
    return OK;
}
static void tensor_destroy(struct tensor *tensor) {
    free(tensor->data);
    free(tensor);
}
static int check_rows(const struct tensor *tensor, int64_t first, int64_t rows,
                      struct error *error) {
    int64_t count = tensor->desc.shape[0];
    if (first < 0 || rows < 0 || first > count || rows > count - first)
        return fail(error, INVALID, "no such rows");
    return OK;
}
static int tensor_write(struct tensor *tensor, int64_t first, int64_t rows, const void *data,
                        struct error *error) {
    int status = check_rows(tensor, first, rows, error);
    if (status == OK)
        memcpy(tensor->data + (size_t)first * tensor->row, data, (size_t)rows * tensor->row);
    return status;
}
static int tensor_read(struct tensor *tensor, int64_t first, int64_t rows, void *data,
                       struct error *error) {
    int status = check_rows(tensor, first, rows, error);
    if (status == OK)
        memcpy(data, tensor->data + (size_t)first * tensor->row, (size_t)rows * tensor->row);
    return status;
}

/* ---- Ops ----------------------------------------------------------------------------------- */

static int is_done(const struct op_desc *op) {
    for (int i = 0; i < 8; i++)
        if (op->inputs[i] || (i > 0 && op->outputs[i]))
            return 0;
    return op->struct_size >= sizeof *op && op->kind == FILL && op->outputs[0] &&
           bytes_of(op->outputs[0]) > 0 && op->outputs[0]->dtype == F32;
}
static int op_query(void *device, const struct op_desc *op, struct support *out_support,
                    struct error *error) {
    (void)device, (void)error;
    out_support->supported = (uint32_t)is_done(op);
    out_support->workspace_bytes = 96;
    if (!out_support->supported)
        strcpy(out_support->reason, "not fill with f32");
    return OK;
}

struct program {
    size_t count;
    struct {
        struct tensor *tensor;
        float value;
    } fills[];
};
static int program_create(void *device, const struct op *const *ops, size_t count, void **out,
                          struct error *error) {
    (void)device;
    *out = NULL;
    for (size_t i = 0; i < count; i++)
        if (!is_done(ops[i]->desc))
            return fail(error, UNSUPPORTED, "not fill with f32");
    struct program *program = malloc(sizeof *program + count * sizeof program->fills[0]);
    if (!program)
        return fail(error, OUT_OF_MEMORY, "out of memory");
    program->count = count;
    for (size_t i = 0; i < count; i++) {
        program->fills[i].tensor = ops[i]->outputs[0];
        program->fills[i].value = ops[i]->desc->attributes.fill;
    }
    *out = program;
    return OK;
}
static int program_run(void *handle, size_t begin, size_t end, const struct args *args,
                       struct error *error) {
    struct program *program = handle;
    if (args && args->struct_size < sizeof *args)
        return fail(error, INVALID, "the scalars of a run are too few");
    if (begin > end || end > program->count)
        return fail(error, INVALID, "no such ops");
    for (size_t i = begin; i < end; i++) {
        struct tensor *tensor = program->fills[i].tensor;
        size_t elements = (size_t)tensor->desc.shape[0] * tensor->row / sizeof(float);
        for (size_t e = 0; e < elements; e++)
            ((float *)(void *)tensor->data)[e] = program->fills[i].value;
    }
    return OK;
}
static int program_wait(void *program, struct error *error) {
    (void)program, (void)error;
    return OK;
}
static int device_memory(void *device, uint64_t *out_current, uint64_t *out_peak,
                         struct error *error) {
    (void)device, (void)error;
    *out_current = 11;
    *out_peak = 22;
    return OK;
}

__attribute__((visibility("default"))) const struct backend *retune_backend_query(uint32_t host);
const struct backend *retune_backend_query(uint32_t host) {
    static const struct backend table = {
        .struct_size = sizeof table,
        .abi = 1u << 16,
        .name = "abi_1_0",
        .version = "1.0",
        .probe = probe,
        .device_count = device_count,
        .device_info = device_info,
        .device_open = device_open,
        .device_close = free,
        .op_query = op_query,
        .tensor_create = tensor_create,
        .tensor_destroy = tensor_destroy,
        .tensor_write = tensor_write,
        .tensor_read = tensor_read,
        .program_create = program_create,
        .program_destroy = free,
        .program_run = program_run,
        .program_wait = program_wait,
        .device_memory = device_memory,
    };
    return host >> 16 == 1 ? &table : NULL;
}
