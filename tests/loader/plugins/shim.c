/* Devices that compute, and misbehave as told. The work is that of the first device of the CPU
 * backend, to the bit; the environment says what goes wrong:
 *
 *   RETUNE_SHIM    what shim/0 does wrong, RETUNE_SHIM_1 what shim/1 does; several,
 * comma-separated: wrong OP     the last element of what OP gives is off by a sixteenth and more
 *     crash OP     running OP ends the process with a signal
 *     hang OP      running OP never ends
 *     lie OP       op_query promises OP, program_create refuses it
 *     renege OP    likewise, in programs of many ops
 *     refuse OP    op_query refuses OP
 *     only OP      op_query refuses everything else; may be repeated
 *     lose OP      the device is lost when OP runs
 *     step N       the device is lost in the N-th optimiser step of a program of many ops
 *     call N       the device is lost at the N-th write, run or read of such a program's device
 *
 * A lost device answers DEVICE_LOST to everything from then on. */
#include "retune/backend.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Programs with more ops are taken for those of a job; the others only try ops. */
enum { TRIAL_OPS = 4, DEVICES = 2 };

static const char *const op_names[] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs) #name,
#include "retune/ops.def"
#undef RETUNE_OP
};

typedef enum fault {
    WRONG,
    CRASH,
    HANG,
    LIE,
    RENEGE,
    REFUSE,
    ONLY,
    LOSE,
    STEP,
    CALL,
    FAULT_COUNT
} fault;
static const char *const fault_names[] = {"wrong",  "crash", "hang", "lie",  "renege",
                                          "refuse", "only",  "lose", "step", "call"};

/* The faults of a device: for those of ops a bit an op, else a number. */
typedef struct faults {
    uint64_t of[FAULT_COUNT];
} faults;

struct retune_backend_device {
    retune_backend_device *cpu;
    faults faults;
    bool busy, lost; /* busy: it has the program of a job */
    uint64_t calls;
};

struct retune_backend_tensor {
    retune_backend_device *device;
    retune_backend_tensor *cpu;
    retune_tensor_desc desc;
};

struct retune_backend_program {
    retune_backend_device *device;
    retune_backend_program *cpu;
    size_t count;
    uint32_t *kinds;
    retune_backend_tensor **outputs; /* the first of each op */
};

static const retune_backend *cpu;

static retune_status fail(retune_error *error, retune_status status, const char *text) {
    if (error) {
        error->code = (int32_t)status;
        snprintf(error->message, sizeof error->message, "%s", text);
    }
    return status;
}

/* ---- Faults -------------------------------------------------------------------------------- */

static uint64_t op_bit(const char *name) {
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        if (strcmp(op_names[kind], name) == 0)
            return UINT64_C(1) << kind;
    return 0;
}

static const char *faults_text(uint32_t index) {
    const char *text = getenv(index == 0 ? "RETUNE_SHIM" : "RETUNE_SHIM_1");
    return text ? text : "";
}

/* A word that is no fault makes the device unusable: a test must not pass because of a slip. */
static bool read_faults(uint32_t index, faults *out_faults) {
    char text[256], *rest = NULL;
    *out_faults = (faults){{0}};
    snprintf(text, sizeof text, "%s", faults_text(index));
    for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        char name[16] = "", value[64] = "";
        int f = 0;
        if (sscanf(item, "%15s %63s", name, value) != 2)
            return false;
        while (f < FAULT_COUNT && strcmp(fault_names[f], name) != 0)
            f++;
        if (f == FAULT_COUNT)
            return false;
        uint64_t number = f >= STEP ? strtoull(value, NULL, 10) : op_bit(value);
        if (number == 0)
            return false;
        out_faults->of[f] |= number;
    }
    return true;
}

static bool has(const retune_backend_device *device, fault f, uint32_t kind) {
    return device->faults.of[f] >> kind & 1;
}

/* Counts a call; DEVICE_LOST from the one on that loses the device. */
static retune_status call(retune_backend_device *device, retune_error *error) {
    uint64_t last = device->faults.of[CALL];
    if (device->busy && last > 0 && ++device->calls >= last)
        device->lost = true;
    return device->lost ? fail(error, RETUNE_DEVICE_LOST, "the shim lost its device") : RETUNE_OK;
}

/* ---- Devices ------------------------------------------------------------------------------- */

static retune_status device_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = DEVICES;
    return RETUNE_OK;
}

static retune_status device_info(uint32_t index, retune_device_info *out_info,
                                 retune_error *error) {
    retune_status status = cpu->device_info(0, out_info, error);
    snprintf(out_info->id, sizeof out_info->id, "shim/%u", index);
    snprintf(out_info->driver, sizeof out_info->driver, "shim %.100s", faults_text(index));
    out_info->score = 2 - index;
    out_info->features &= ~(uint32_t)RETUNE_FEATURE_HOST_MEMORY;
    return status;
}

static retune_status device_open(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error) {
    *out_device = NULL;
    retune_backend_device *device = calloc(1, sizeof *device);
    if (!device)
        return fail(error, RETUNE_OUT_OF_MEMORY, "no memory");
    retune_status status = RETUNE_OK;
    if (!read_faults(index, &device->faults))
        status = fail(error, RETUNE_UNAVAILABLE, "RETUNE_SHIM: not a list of faults");
    if (status == RETUNE_OK)
        status = cpu->device_open(0, options, option_count, &device->cpu, error);
    if (status == RETUNE_OK)
        *out_device = device;
    else
        free(device);
    return status;
}

static void device_close(retune_backend_device *device) {
    cpu->device_close(device->cpu);
    free(device);
}

static retune_status op_query(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error) {
    bool refused =
        has(device, REFUSE, op->kind) || (device->faults.of[ONLY] && !has(device, ONLY, op->kind));
    if (!refused)
        return cpu->op_query(device->cpu, op, out_support, error);
    out_support->supported = 0;
    snprintf(out_support->reason, sizeof out_support->reason, "the shim has no %s",
             op_names[op->kind]);
    return RETUNE_OK;
}

static retune_status device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error) {
    return cpu->device_memory(device->cpu, out_current_bytes, out_peak_bytes, error);
}

/* ---- Tensors ------------------------------------------------------------------------------- */

static retune_status tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error) {
    *out_tensor = NULL;
    retune_backend_tensor *tensor = calloc(1, sizeof *tensor);
    if (!tensor)
        return fail(error, RETUNE_OUT_OF_MEMORY, "no memory");
    tensor->device = device;
    tensor->desc = *desc;
    retune_status status = cpu->tensor_create(device->cpu, desc, usage, slot, &tensor->cpu, error);
    if (status == RETUNE_OK)
        *out_tensor = tensor;
    else
        free(tensor);
    return status;
}

static void tensor_destroy(retune_backend_tensor *tensor) {
    cpu->tensor_destroy(tensor->cpu);
    free(tensor);
}

static retune_status tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                  const void *data, retune_error *error) {
    retune_status status = call(tensor->device, error);
    return status == RETUNE_OK ? cpu->tensor_write(tensor->cpu, first_row, rows, data, error)
                               : status;
}

static retune_status tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                 void *data, retune_error *error) {
    retune_status status = call(tensor->device, error);
    return status == RETUNE_OK ? cpu->tensor_read(tensor->cpu, first_row, rows, data, error)
                               : status;
}

/* ---- Programs ------------------------------------------------------------------------------ */

static void program_destroy(retune_backend_program *program) {
    if (program->cpu)
        cpu->program_destroy(program->cpu);
    free(program->kinds);
    free(program->outputs);
    free(program);
}

/* The CPU gets the same ops over its own tensors. */
static retune_status create(retune_backend_program *program, const retune_op *const *ops,
                            retune_error *error) {
    retune_op *copies = calloc(program->count, sizeof *copies);
    const retune_op **list = calloc(program->count, sizeof *list);
    retune_status status = RETUNE_OK;
    if (!copies || !list || !program->kinds || !program->outputs)
        status = fail(error, RETUNE_OUT_OF_MEMORY, "no memory");
    for (size_t n = 0; n < program->count && status == RETUNE_OK; n++) {
        copies[n] = *ops[n];
        list[n] = &copies[n];
        program->kinds[n] = ops[n]->desc->kind;
        program->outputs[n] = ops[n]->outputs[0];
        bool trial = program->count <= TRIAL_OPS;
        if (has(program->device, LIE, program->kinds[n]) ||
            (!trial && has(program->device, RENEGE, program->kinds[n])))
            status = fail(error, RETUNE_UNSUPPORTED, "that op is not there after all");
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
            if (ops[n]->inputs[slot])
                copies[n].inputs[slot] = ops[n]->inputs[slot]->cpu;
            if (ops[n]->outputs[slot])
                copies[n].outputs[slot] = ops[n]->outputs[slot]->cpu;
        }
    }
    if (status == RETUNE_OK)
        status =
            cpu->program_create(program->device->cpu, list, program->count, &program->cpu, error);
    free(copies);
    free(list);
    return status;
}

static retune_status program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error) {
    *out_program = NULL;
    retune_backend_program *program = calloc(1, sizeof *program);
    if (!program)
        return fail(error, RETUNE_OUT_OF_MEMORY, "no memory");
    program->device = device;
    program->count = op_count;
    program->kinds = calloc(op_count + 1, sizeof *program->kinds);
    program->outputs = calloc(op_count + 1, sizeof(retune_backend_tensor *));
    retune_status status = create(program, ops, error);
    device->busy = device->busy || op_count > TRIAL_OPS;
    if (status == RETUNE_OK)
        *out_program = program;
    else
        program_destroy(program);
    return status;
}

/* Changes the last element of the last row. */
static retune_status corrupt(const retune_backend_tensor *tensor, retune_error *error) {
    size_t count = 1;
    int64_t last_row = tensor->desc.shape[0] - 1;
    if (tensor->desc.dtype != RETUNE_F32)
        return RETUNE_OK;
    for (uint32_t d = 1; d < tensor->desc.rank; d++)
        count *= (size_t)tensor->desc.shape[d];
    float *row = malloc(count * sizeof *row);
    retune_status status = row ? cpu->tensor_read(tensor->cpu, last_row, 1, row, error)
                               : fail(error, RETUNE_OUT_OF_MEMORY, "no memory");
    if (status == RETUNE_OK) {
        row[count - 1] = row[count - 1] * 1.0625f + 0.0625f;
        status = cpu->tensor_write(tensor->cpu, last_row, 1, row, error);
    }
    free(row);
    return status;
}

static retune_status run_op(retune_backend_program *program, size_t n, const retune_run_args *args,
                            retune_error *error) {
    retune_backend_device *device = program->device;
    uint32_t kind = program->kinds[n];
    if (has(device, CRASH, kind))
        raise(SIGSEGV);
    while (has(device, HANG, kind))
        pause();
    device->lost = device->lost || has(device, LOSE, kind);
    retune_status status = device->lost
                               ? fail(error, RETUNE_DEVICE_LOST, "the shim lost its device")
                               : cpu->program_run(program->cpu, n, n + 1, args, error);
    return status == RETUNE_OK && has(device, WRONG, kind) ? corrupt(program->outputs[n], error)
                                                           : status;
}

static retune_status program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error) {
    retune_backend_device *device = program->device;
    uint64_t step = device->faults.of[STEP];
    device->lost = device->lost || (step > 0 && program->count > TRIAL_OPS && args->step >= step);
    retune_status status = call(device, error);
    for (size_t n = begin; n < end && status == RETUNE_OK; n++)
        status = run_op(program, n, args, error);
    return status;
}

static retune_status program_wait(retune_backend_program *program, retune_error *error) {
    retune_status status = call(program->device, error);
    return status == RETUNE_OK ? cpu->program_wait(program->cpu, error) : status;
}

const retune_backend *retune_backend_query(uint32_t host_abi) {
    static retune_backend table;
    void *library = dlopen(CPU_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, "retune_backend_query") : NULL;
    retune_backend_query_function query = NULL;
    memcpy(&query, &symbol, sizeof query); /* ISO C has no cast from an object to a function */
    cpu = query ? query(host_abi) : NULL;
    table = (retune_backend){.struct_size = sizeof table,
                             .abi = RETUNE_BACKEND_ABI,
                             .name = "shim",
                             .version = "1",
                             .device_count = device_count,
                             .device_info = device_info,
                             .device_open = device_open,
                             .device_close = device_close,
                             .op_query = op_query,
                             .tensor_create = tensor_create,
                             .tensor_destroy = tensor_destroy,
                             .tensor_write = tensor_write,
                             .tensor_read = tensor_read,
                             .program_create = program_create,
                             .program_destroy = program_destroy,
                             .program_run = program_run,
                             .program_wait = program_wait,
                             .device_memory = device_memory};
    if (cpu)
        table.probe = cpu->probe;
    return cpu ? &table : NULL;
}
