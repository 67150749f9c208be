#include "device_under_test.h"

#include "base/status.h"
#include "base/tensor_desc.h"
#include "element.h"
#include "guard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Devices ------------------------------------------------------------------------------- */

#define OPTIONS_MAX 16

/* Cuts "key=value,key=value" in place. */
static size_t cut_options(char *text, retune_option options[OPTIONS_MAX]) {
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, ",", &rest); word && count < OPTIONS_MAX;
         word = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(word, '=');
        if (equals)
            *equals = '\0';
        options[count++] = (retune_option){word, equals ? equals + 1 : ""};
    }
    return count;
}

retune_status backend_count_devices(const retune_backend *backend, uint32_t *out_count,
                                    retune_error *error) {
    retune_probe_report report = {.struct_size = sizeof report};
    *out_count = 0;
    RETUNE_TRY(backend->probe(&report, error));
    return backend->device_count(out_count, error);
}

retune_status device_under_test_open(const retune_backend *backend, uint32_t index,
                                     const char *options, device_under_test *out_device,
                                     retune_error *error) {
    device_under_test device = {.backend = backend, .info.struct_size = sizeof device.info};
    char text[1024];
    retune_option cut[OPTIONS_MAX];
    *out_device = (device_under_test){0};
    snprintf(text, sizeof text, "%s", options ? options : "");
    const size_t option_count = cut_options(text, cut);
    RETUNE_TRY(backend->device_info(index, &device.info, error));
    RETUNE_TRY(backend->device_open(index, cut, option_count, &device.device, error));
    *out_device = device;
    return RETUNE_OK;
}

void device_under_test_close(device_under_test *device) {
    if (device->device)
        device->backend->device_close(device->device);
    *device = (device_under_test){0};
}

/* ---- One op -------------------------------------------------------------------------------- */

/* An op made ready on a device. `images` are the encoded inputs. */
typedef struct prepared_op {
    device_under_test *on;
    const op_case *op;
    void *images[RETUNE_OP_TENSORS_MAX];
    retune_backend_tensor *inputs[RETUNE_OP_TENSORS_MAX], *outputs[RETUNE_OP_TENSORS_MAX];
    retune_backend_program *program;
} prepared_op;

static size_t bytes_of(const retune_tensor_desc *desc) {
    return desc_count(desc) * retune_dtype_size(desc->dtype);
}

/* Dense host memory of a tensor, zeroed, between sentinels. */
static void *allocate_bytes(const retune_tensor_desc *desc) {
    return guard_allocate(bytes_of(desc));
}

/* The output slot that is the same tensor as this input, or -1. */
static int updated_as(const op_case *op, uint32_t input) {
    const op_info *info = op_info_of(op->kind);
    for (uint32_t o = 0; o < info->output_count; o++)
        if (info->outputs[o].same_as == (int)input && op->outputs[o].rank)
            return (int)o;
    return -1;
}

/* What a trainer would say the input is for. */
static retune_usage usage_of(const op_case *op, uint32_t input) {
    static const char *const parameters[] = {"weight", "scale", "bias", "gamma", "beta"};
    const char *name = op_info_of(op->kind)->inputs[input].name;
    if (op->kind == RETUNE_OP_GATHER && input == 0)
        return RETUNE_USAGE_CONSTANT;
    if (updated_as(op, input) >= 0 && strcmp(name, "weight") != 0)
        return RETUNE_USAGE_STATE;
    for (size_t p = 0; p < sizeof parameters / sizeof parameters[0]; p++)
        if (strcmp(name, parameters[p]) == 0)
            return RETUNE_USAGE_PARAMETER;
    return RETUNE_USAGE_INPUT;
}

/* Host memory stays as it was but for what a read fills. */
static retune_status check_guard(retune_status status, const void *image, const char *function,
                                 retune_error *error) {
    if (guard_is_intact(image))
        return status;
    return retune_fail(error, RETUNE_INTERNAL, "%s writes beside the host memory it is given",
                       function);
}

static retune_status write_all(const device_under_test *on, retune_backend_tensor *tensor,
                               const retune_tensor_desc *desc, const void *image,
                               retune_error *error) {
    const retune_status status = on->backend->tensor_write(tensor, 0, desc->shape[0], image, error);
    return check_guard(status, image, "tensor_write", error);
}

static retune_status read_all(const device_under_test *on, retune_backend_tensor *tensor,
                              const retune_tensor_desc *desc, void *image, retune_error *error) {
    const retune_status status = on->backend->tensor_read(tensor, 0, desc->shape[0], image, error);
    return check_guard(status, image, "tensor_read", error);
}

/* Makes the tensors, and what to write to them unless `data` is NULL. */
static retune_status prepare_tensors(prepared_op *p, const case_data *data, retune_error *error) {
    const retune_backend *backend = p->on->backend;
    const op_info *info = op_info_of(p->op->kind);
    for (uint32_t s = 0; s < info->input_count; s++) {
        const retune_tensor_desc *desc = &p->op->inputs[s];
        if (!desc->rank)
            continue;
        if (data) {
            p->images[s] = allocate_bytes(desc);
            elements_encode(desc->dtype, data->inputs[s], desc_count(desc), p->images[s]);
        }
        RETUNE_TRY(backend->tensor_create(p->on->device, desc, usage_of(p->op, s), 0, &p->inputs[s],
                                          error));
    }
    for (uint32_t s = 0; s < info->output_count; s++) {
        if (!p->op->outputs[s].rank)
            continue;
        if (info->outputs[s].same_as >= 0)
            p->outputs[s] = p->inputs[info->outputs[s].same_as];
        else
            RETUNE_TRY(backend->tensor_create(p->on->device, &p->op->outputs[s],
                                              RETUNE_USAGE_OUTPUT, 0, &p->outputs[s], error));
    }
    return RETUNE_OK;
}

static retune_status prepare_program(prepared_op *p, const retune_op_desc *desc,
                                     retune_error *error) {
    retune_op op = {.struct_size = sizeof op, .desc = desc};
    const retune_op *ops[] = {&op};
    memcpy(op.inputs, p->inputs, sizeof op.inputs);
    memcpy(op.outputs, p->outputs, sizeof op.outputs);
    return p->on->backend->program_create(p->on->device, ops, 1, &p->program, error);
}

static void release(prepared_op *p) {
    const retune_backend *backend = p->on->backend;
    const op_info *info = op_info_of(p->op->kind);
    if (p->program)
        backend->program_destroy(p->program);
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        if (p->outputs[s] && info->outputs[s].same_as < 0)
            backend->tensor_destroy(p->outputs[s]);
        if (p->inputs[s])
            backend->tensor_destroy(p->inputs[s]);
        guard_free(p->images[s]);
    }
}

/* Fills an output with NaN, or an integer that is no result. A device that lets only ops write it
 * gets a fill instead; where it has none, and in an integer tensor, what is there stays. */
static retune_status spoil(prepared_op *p, uint32_t output, retune_error *error) {
    const retune_backend *backend = p->on->backend;
    const retune_tensor_desc *desc = &p->op->outputs[output];
    const bool integer = retune_dtype_epsilon(desc->dtype) <= 0;
    double *values = elements_allocate(desc_count(desc));
    void *image = allocate_bytes(desc);
    for (size_t i = 0; i < desc_count(desc); i++)
        values[i] = !integer ? (double)NAN : desc->dtype == RETUNE_U8 ? 173 : -1234567;
    elements_encode(desc->dtype, values, desc_count(desc), image);
    retune_status status = write_all(p->on, p->outputs[output], desc, image, NULL);
    const bool intact = guard_is_intact(image);
    free(values);
    guard_free(image);
    if (!intact)
        return retune_fail(error, RETUNE_INTERNAL, "tensor_write writes host memory");
    if (status == RETUNE_OK || integer)
        return RETUNE_OK;

    const retune_op_desc fill = {.struct_size = sizeof fill,
                                 .kind = RETUNE_OP_FILL,
                                 .outputs = {desc},
                                 .attributes.fill.value = NAN};
    const retune_op op = {.struct_size = sizeof op, .desc = &fill, .outputs = {p->outputs[output]}};
    const retune_op *ops[] = {&op};
    const retune_run_args args = {.struct_size = sizeof args};
    retune_backend_program *program = NULL;
    status = backend->program_create(p->on->device, ops, 1, &program, error);
    if (status == RETUNE_UNSUPPORTED)
        return RETUNE_OK;
    if (status == RETUNE_OK)
        status = backend->program_run(program, 0, 1, &args, error);
    if (status == RETUNE_OK)
        status = backend->program_wait(program, error);
    if (program)
        backend->program_destroy(program);
    return status;
}

/* Writes inputs, spoils outputs, runs, and reads the outputs into `out_outputs`. */
static retune_status run_once(prepared_op *p, void *out_outputs[RETUNE_OP_TENSORS_MAX],
                              retune_error *error) {
    const retune_backend *backend = p->on->backend;
    const op_info *info = op_info_of(p->op->kind);
    const retune_run_args args = {
        .struct_size = sizeof args, .learning_rate = p->op->learning_rate, .step = p->op->step};
    for (uint32_t s = 0; s < info->input_count; s++)
        if (p->inputs[s])
            RETUNE_TRY(write_all(p->on, p->inputs[s], &p->op->inputs[s], p->images[s], error));
    for (uint32_t s = 0; s < info->output_count; s++)
        if (p->outputs[s] && info->outputs[s].same_as < 0)
            RETUNE_TRY(spoil(p, s, error));
    RETUNE_TRY(backend->program_run(p->program, 0, 1, &args, error));
    RETUNE_TRY(backend->program_wait(p->program, error));
    for (uint32_t s = 0; s < info->output_count; s++)
        if (p->outputs[s]) {
            out_outputs[s] = allocate_bytes(&p->op->outputs[s]);
            RETUNE_TRY(read_all(p->on, p->outputs[s], &p->op->outputs[s], out_outputs[s], error));
        }
    return RETUNE_OK;
}

/* Names an input that is no longer what was written. */
static retune_status look_for_damage(prepared_op *p, op_result *result, retune_error *error) {
    const op_info *info = op_info_of(p->op->kind);
    for (uint32_t s = 0; s < info->input_count; s++) {
        if (!p->inputs[s] || updated_as(p->op, s) >= 0)
            continue;
        void *now = allocate_bytes(&p->op->inputs[s]);
        const retune_status status = read_all(p->on, p->inputs[s], &p->op->inputs[s], now, error);
        if (status == RETUNE_OK && memcmp(now, p->images[s], bytes_of(&p->op->inputs[s])) != 0)
            snprintf(result->damage, sizeof result->damage, "%s", info->inputs[s].name);
        guard_free(now);
        RETUNE_TRY(status);
    }
    return RETUNE_OK;
}

static bool same_bits(const op_case *op, void *const a[], void *const b[]) {
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        if (a[s] && memcmp(a[s], b[s], bytes_of(&op->outputs[s])) != 0)
            return false;
    return true;
}

retune_status device_under_test_query(device_under_test *device, const op_case *op,
                                      bool *out_supported, char out_reason[256],
                                      retune_error *error) {
    const retune_op_desc desc = op_case_describe(op);
    retune_op_support support = {.struct_size = sizeof support};
    *out_supported = false;
    out_reason[0] = '\0';
    RETUNE_TRY(device->backend->op_query(device->device, &desc, &support, error));
    *out_supported = support.supported != 0;
    snprintf(out_reason, 256, "%s", support.reason);
    return RETUNE_OK;
}

retune_status device_under_test_refuses(device_under_test *device, const op_case *op,
                                        bool *out_refuses, retune_error *error) {
    const retune_op_desc desc = op_case_describe(op);
    prepared_op prepared = {.on = device, .op = op};
    retune_status status = prepare_tensors(&prepared, NULL, error);
    if (status == RETUNE_OK)
        status = prepare_program(&prepared, &desc, error);
    *out_refuses = status == RETUNE_UNSUPPORTED && !prepared.program;
    release(&prepared);
    return status == RETUNE_UNSUPPORTED ? RETUNE_OK : status;
}

retune_status device_under_test_run(device_under_test *device, const op_case *op,
                                    const case_data *data, op_result *out_result,
                                    retune_error *error) {
    const retune_op_desc desc = op_case_describe(op);
    prepared_op prepared = {.on = device, .op = op};
    void *again[RETUNE_OP_TENSORS_MAX] = {NULL};
    *out_result = (op_result){0};
    retune_status status = prepare_tensors(&prepared, data, error);
    if (status == RETUNE_OK)
        status = prepare_program(&prepared, &desc, error);
    if (status == RETUNE_OK)
        status = run_once(&prepared, out_result->outputs, error);
    if (status == RETUNE_OK)
        status = look_for_damage(&prepared, out_result, error);
    if (status == RETUNE_OK)
        status = run_once(&prepared, again, error);
    if (status == RETUNE_OK)
        out_result->repeatable = same_bits(op, out_result->outputs, again);
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        guard_free(again[s]);
    release(&prepared);
    return status;
}

void op_result_free(op_result *result) {
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        guard_free(result->outputs[s]);
    *result = (op_result){0};
}
