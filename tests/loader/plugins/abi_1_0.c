/* A plugin as version 1.0 of the backend ABI was. It shares no header with the library on purpose:
 * what is written here was published, and must load for as long as the major version is 1. */
#include <stddef.h>
#include <stdint.h>
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

struct backend {
    uint32_t struct_size, abi;
    const char *name, *version;
    int (*probe)(struct report *, struct error *);
    int (*device_count)(uint32_t *, struct error *);
    int (*device_info)(uint32_t, struct info *, struct error *);
    int (*device_open)(uint32_t, const struct option *, size_t, void **, struct error *);
    void (*device_close)(void *);
    int (*op_query)(void *, const void *, struct support *, struct error *);
    int (*tensor_create)(void *, const void *, int, uint32_t, void **, struct error *);
    void (*tensor_destroy)(void *);
    int (*tensor_write)(void *, int64_t, int64_t, const void *, struct error *);
    int (*tensor_read)(void *, int64_t, int64_t, void *, struct error *);
    int (*tensor_wrap)(void *, const void *, const void *, void **, struct error *);
    int (*program_create)(void *, const void *const *, size_t, void **, struct error *);
    void (*program_destroy)(void *);
    int (*program_run)(void *, size_t, size_t, const void *, struct error *);
    int (*program_wait)(void *, struct error *);
    int (*program_times)(void *, uint64_t *, size_t, struct error *);
    int (*device_memory)(void *, uint64_t *, uint64_t *, struct error *);
};

enum { OK = 0, UNSUPPORTED = 1, OUT_OF_MEMORY = 4 };

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
    (void)index, (void)error;
    out_info->score = 3;
    strcpy(out_info->id, "abi_1_0/0");
    strcpy(out_info->quirks, "old");
    return OK;
}
static int device_open(uint32_t index, const struct option *options, size_t count, void **out,
                       struct error *error) {
    (void)index, (void)options, (void)count, (void)error;
    *out = malloc(1);
    return *out ? OK : OUT_OF_MEMORY;
}
static int op_query(void *device, const void *op, struct support *out_support,
                    struct error *error) {
    (void)device, (void)op, (void)error;
    out_support->supported = 1;
    out_support->workspace_bytes = 96;
    return OK;
}
static int tensor_create(void *device, const void *desc, int usage, uint32_t slot, void **out,
                         struct error *error) {
    (void)device, (void)desc, (void)usage, (void)slot, (void)error;
    *out = NULL;
    return UNSUPPORTED;
}
static void nothing(void *object) {
    (void)object;
}
static int tensor_write(void *tensor, int64_t first, int64_t rows, const void *data,
                        struct error *error) {
    (void)tensor, (void)first, (void)rows, (void)data, (void)error;
    return UNSUPPORTED;
}
static int tensor_read(void *tensor, int64_t first, int64_t rows, void *data, struct error *error) {
    (void)tensor, (void)first, (void)rows, (void)data, (void)error;
    return UNSUPPORTED;
}
static int program_create(void *device, const void *const *ops, size_t count, void **out,
                          struct error *error) {
    (void)device, (void)ops, (void)count, (void)error;
    *out = NULL;
    return UNSUPPORTED;
}
static int program_run(void *program, size_t begin, size_t end, const void *args,
                       struct error *error) {
    (void)program, (void)begin, (void)end, (void)args, (void)error;
    return UNSUPPORTED;
}
static int program_wait(void *program, struct error *error) {
    (void)program, (void)error;
    return UNSUPPORTED;
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
        .tensor_destroy = nothing,
        .tensor_write = tensor_write,
        .tensor_read = tensor_read,
        .program_create = program_create,
        .program_destroy = nothing,
        .program_run = program_run,
        .program_wait = program_wait,
        .device_memory = device_memory,
    };
    return host >> 16 == 1 ? &table : NULL;
}
