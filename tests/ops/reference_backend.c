#include "reference_backend.h"

#include "base/status.h"
#include "base/tensor_desc.h"
#include "element.h"
#include "op_case.h"
#include "reference.h"

#include <stdlib.h>
#include <string.h>

struct retune_backend_device {
    const reference_fault *fault;
};

/* Values are kept as float64 and are always those that the dtype can hold. */
struct retune_backend_tensor {
    retune_tensor_desc desc;
    double *values;
};

typedef struct recorded_op {
    retune_op_desc desc;
    retune_tensor_desc inputs[RETUNE_OP_TENSORS_MAX], outputs[RETUNE_OP_TENSORS_MAX];
    retune_op op;
} recorded_op;

struct retune_backend_program {
    retune_backend_device *device;
    size_t count;
    recorded_op *steps;
};

/* ---- Devices ------------------------------------------------------------------------------- */

static retune_status probe(retune_probe_report *out_report, retune_error *error) {
    (void)out_report, (void)error;
    return RETUNE_OK;
}

static retune_status device_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = 1;
    return RETUNE_OK;
}

static retune_status device_info(uint32_t index, retune_device_info *out_info,
                                 retune_error *error) {
    if (index > 0)
        return retune_fail(error, RETUNE_INVALID, "reference: no device %u", index);
    *out_info = (retune_device_info){.struct_size = sizeof *out_info,
                                     .features = RETUNE_FEATURE_DETERMINISTIC,
                                     .id = "reference/0",
                                     .name = "float64 reference"};
    return RETUNE_OK;
}

static retune_status device_open(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error) {
    const reference_fault *fault = NULL;
    *out_device = NULL;
    for (size_t o = 0; o < option_count; o++)
        for (size_t f = 0; f < reference_fault_count; f++)
            if (strcmp(options[o].key, "fault") == 0 &&
                strcmp(options[o].value, reference_faults[f].name) == 0)
                fault = &reference_faults[f];
    if (index > 0 || option_count != (fault ? 1 : 0))
        return retune_fail(error, RETUNE_INVALID, "reference: no such device or option");
    *out_device = calloc(1, sizeof **out_device);
    if (!*out_device)
        return retune_fail_memory(error, sizeof **out_device, "a device");
    (*out_device)->fault = fault;
    return RETUNE_OK;
}

static void device_close(retune_backend_device *device) {
    free(device);
}

static retune_status op_query(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error) {
    (void)device, (void)op, (void)error;
    *out_support = (retune_op_support){.struct_size = sizeof *out_support, .supported = 1};
    return RETUNE_OK;
}

/* ---- Tensors ------------------------------------------------------------------------------- */

static retune_status tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error) {
    (void)device, (void)usage, (void)slot;
    retune_backend_tensor *tensor = calloc(1, sizeof *tensor);
    *out_tensor = tensor;
    if (!tensor)
        return retune_fail_memory(error, sizeof *tensor, "a tensor");
    tensor->desc = *desc;
    tensor->values = elements_allocate(desc_count(desc));
    return RETUNE_OK;
}

static void tensor_destroy(retune_backend_tensor *tensor) {
    free(tensor->values);
    free(tensor);
}

/* The elements of rows [first_row, first_row + rows). */
static double *rows_of(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                       size_t *out_count) {
    const size_t row = desc_count(&tensor->desc) / (size_t)tensor->desc.shape[0];
    *out_count = row * (size_t)rows;
    return tensor->values + row * (size_t)first_row;
}

static retune_status tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                  const void *data, retune_error *error) {
    (void)error;
    size_t count;
    double *values = rows_of(tensor, first_row, rows, &count);
    elements_decode(tensor->desc.dtype, data, count, values);
    return RETUNE_OK;
}

static retune_status tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                 void *data, retune_error *error) {
    (void)error;
    size_t count;
    const double *values = rows_of(tensor, first_row, rows, &count);
    elements_encode(tensor->desc.dtype, values, count, data);
    return RETUNE_OK;
}

/* ---- Programs ------------------------------------------------------------------------------ */

/* Copies an op with its description, and points the copy at its own tensors' descriptions. */
static void copy_op(recorded_op *to, const retune_op *from) {
    to->op = *from;
    to->desc = *from->desc;
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        if (from->inputs[s]) {
            to->inputs[s] = from->inputs[s]->desc;
            to->desc.inputs[s] = &to->inputs[s];
        }
        if (from->outputs[s]) {
            to->outputs[s] = from->outputs[s]->desc;
            to->desc.outputs[s] = &to->outputs[s];
        }
    }
}

static retune_status program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error) {
    retune_backend_program *program = calloc(1, sizeof *program);
    recorded_op *steps = calloc(op_count ? op_count : 1, sizeof *steps);
    *out_program = NULL;
    if (!program || !steps) {
        free(program);
        free(steps);
        return retune_fail_memory(error, op_count * sizeof *steps, "a program");
    }
    *program = (retune_backend_program){device, op_count, steps};
    for (size_t i = 0; i < op_count; i++)
        copy_op(&steps[i], ops[i]);
    *out_program = program;
    return RETUNE_OK;
}

static void program_destroy(retune_backend_program *program) {
    free(program->steps);
    free(program);
}

/* Outputs start as what the tensors hold, and are rounded to what the tensors can hold. */
static void run_step(const retune_backend_device *device, const recorded_op *step,
                     const retune_run_args *args) {
    const double *inputs[RETUNE_OP_TENSORS_MAX] = {NULL};
    double *outputs[RETUNE_OP_TENSORS_MAX] = {NULL};
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        if (step->op.inputs[s])
            inputs[s] = step->op.inputs[s]->values;
        if (!step->op.outputs[s])
            continue;
        outputs[s] = elements_allocate(desc_count(&step->outputs[s]));
        memcpy(outputs[s], step->op.outputs[s]->values,
               desc_count(&step->outputs[s]) * sizeof **outputs);
    }
    const bool faulty = device->fault && device->fault->kind == step->desc.kind;
    (faulty ? device->fault->run : reference_run)(&step->desc, inputs, outputs, args);
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        for (size_t i = 0; outputs[s] && i < desc_count(&step->outputs[s]); i++)
            step->op.outputs[s]->values[i] = element_round(step->outputs[s].dtype, outputs[s][i]);
        free(outputs[s]);
    }
}

static retune_status program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error) {
    if (begin > end || end > program->count)
        return retune_fail(error, RETUNE_INVALID, "reference: no ops [%zu, %zu)", begin, end);
    for (size_t i = begin; i < end; i++)
        run_step(program->device, &program->steps[i], args);
    return RETUNE_OK;
}

static retune_status program_wait(retune_backend_program *program, retune_error *error) {
    (void)program, (void)error;
    return RETUNE_OK;
}

const retune_backend *reference_backend(void) {
    static const retune_backend backend = {.struct_size = sizeof backend,
                                           .abi = RETUNE_BACKEND_ABI,
                                           .name = "reference",
                                           .version = "1",
                                           .probe = probe,
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
                                           .program_wait = program_wait};
    return &backend;
}
