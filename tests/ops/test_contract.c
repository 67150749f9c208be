/* What backend.h promises beyond the results of ops: malformed ops are refused, tensors keep what
 * is written, mistakes get a status and a reason. */
#include "cases.h"
#include "fixture.h"

#include "base/tensor_desc.h"
#include "element.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Malformed ops ------------------------------------------------------------------------- */

/* The first case of an op: whole strides, no remainder, so that every shape follows from the
 * others.
 */
static op_case plain_case(uint32_t kind) {
    case_list list = {0};
    cases_of(kind, false, &list);
    const op_case op = list.items[0];
    case_list_free(&list);
    return op;
}

/* Expects op_query to say no, or to find the description invalid, with a reason. */
static void expect_refused(device_under_test *device, const retune_op_desc *desc,
                           const char *what) {
    const char *op = desc->kind < RETUNE_OP_KIND_COUNT ? op_info_of(desc->kind)->name : "?";
    retune_op_support support = {.struct_size = sizeof support};
    retune_error error = RETUNE_ERROR_INIT;
    const retune_status status = device->backend->op_query(device->device, desc, &support, &error);
    cr_expect(!support.supported, "%s: %s is accepted with %s", device->info.id, op, what);
    cr_expect(status == RETUNE_OK || status == RETUNE_INVALID, "%s: %s with %s gives status %d",
              device->info.id, op, what, (int)status);
    cr_expect(status == RETUNE_OK ? support.reason[0] != '\0' : error.message[0] != '\0',
              "%s: %s with %s is refused without a reason", device->info.id, op, what);
}

/* Dimensions that other tensors do not decide. */
static bool is_free(uint32_t kind, bool output, uint32_t slot, uint32_t dimension) {
    return (kind == RETUNE_OP_GATHER && !output && slot == 0 && dimension == 0) ||
           kind == RETUNE_OP_FILL;
}

/* A tensor of a case, to be described wrongly. */
typedef struct victim {
    device_under_test *device;
    op_case op;
    bool output;
    uint32_t slot;
} victim;

static const char *victim_name(const victim *v) {
    const op_info *info = op_info_of(v->op.kind);
    return (v->output ? info->outputs : info->inputs)[v->slot].name;
}

/* Expects the op to be refused with this description in the tensor's place. */
static void expect_desc_refused(const victim *v, const retune_tensor_desc *wrong) {
    char what[RETUNE_DESC_TEXT_MAX + 64], shape[RETUNE_DESC_TEXT_MAX];
    retune_op_desc desc = op_case_describe(&v->op);
    (v->output ? desc.outputs : desc.inputs)[v->slot] = wrong;
    snprintf(what, sizeof what, "%s %s%s", victim_name(v),
             wrong ? retune_dtype_text(wrong->dtype) : "absent",
             wrong ? retune_desc_text(wrong, shape) : "");
    expect_refused(v->device, &desc, what);
}

static void expect_dimension_refused(const victim *v, const retune_tensor_desc *good, uint32_t d) {
    const int64_t sizes[] = {0, -1, INT64_MAX, good->shape[d] + 1};
    const size_t count = is_free(v->op.kind, v->output, v->slot, d) ? 3 : 4;
    for (size_t i = 0; i < count; i++) {
        retune_tensor_desc wrong = *good;
        wrong.shape[d] = sizes[i];
        expect_desc_refused(v, &wrong);
    }
}

static void expect_wrong_descs_refused(const victim *v) {
    const op_info *info = op_info_of(v->op.kind);
    const retune_tensor_desc good = (v->output ? v->op.outputs : v->op.inputs)[v->slot];
    retune_tensor_desc strange_type = good, high_rank = good, no_rank = good;
    if (!good.rank)
        return;
    for (uint32_t d = 0; d < good.rank; d++)
        expect_dimension_refused(v, &good, d);
    strange_type.dtype = 99;
    high_rank.rank = RETUNE_RANK_MAX + 1;
    no_rank.rank = 0;
    expect_desc_refused(v, &strange_type);
    expect_desc_refused(v, &high_rank);
    expect_desc_refused(v, &no_rank);
    if (!(v->output ? info->outputs : info->inputs)[v->slot].optional)
        expect_desc_refused(v, NULL);
}

static void expect_malformed_refused(device_under_test *device,
                                     const fixture_parameter *parameter) {
    for (uint32_t s = 0; s < 2 * RETUNE_OP_TENSORS_MAX; s++)
        expect_wrong_descs_refused(&(victim){.device = device,
                                             .op = plain_case(parameter->variant),
                                             .output = s >= RETUNE_OP_TENSORS_MAX,
                                             .slot = s % RETUNE_OP_TENSORS_MAX});
}

ParameterizedTestParameters(contract, refuses_malformed_tensors) {
    return fixture_parameters(RETUNE_OP_KIND_COUNT);
}

ParameterizedTest(fixture_parameter *parameter, contract, refuses_malformed_tensors) {
    fixture_each_device(parameter, expect_malformed_refused);
}

/* Attributes out of their range, for every op that reads them. */
static const struct {
    const char *member, *name;
    double value;
} bad_attributes[] = {
    {"convolution", "stride_height", 0},
    {"convolution", "stride_width", 0},
    {"convolution", "dilation_height", 0},
    {"convolution", "dilation_width", 0},
    {"convolution", "stride_height", UINT32_MAX},
    {"convolution", "dilation_width", UINT32_MAX},
    {"convolution", "pad_top", UINT32_MAX},
    {"convolution", "pad_right", UINT32_MAX},
    {"convolution", "activation", 3},
    {"pooling", "kind", 2},
    {"pooling", "window_height", 0},
    {"pooling", "window_width", 0},
    {"pooling", "stride_height", 0},
    {"pooling", "stride_width", 0},
    {"pooling", "window_width", UINT32_MAX},
    {"pooling", "pad_left", UINT32_MAX},
    {"activation", "activation", 3},
    {"loss", "label_smoothing", -0.1},
    {"loss", "label_smoothing", 1},
    {"loss", "label_smoothing", NAN},
};

/* Makes the tensors that the op's slots ask for, and binds them. */
static void bind_tensors(device_under_test *device, const retune_op_desc *desc,
                         retune_op *out_bound) {
    const retune_backend *backend = device->backend;
    const op_info *info = op_info_of(desc->kind);
    retune_error error = RETUNE_ERROR_INIT;
    *out_bound = (retune_op){.struct_size = sizeof *out_bound, .desc = desc};
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        if (desc->inputs[s])
            cr_assert_eq(backend->tensor_create(device->device, desc->inputs[s], RETUNE_USAGE_STATE,
                                                0, &out_bound->inputs[s], &error),
                         RETUNE_OK, "%s", error.message);
        if (desc->outputs[s] && info->outputs[s].same_as >= 0)
            out_bound->outputs[s] = out_bound->inputs[info->outputs[s].same_as];
        else if (desc->outputs[s])
            cr_assert_eq(backend->tensor_create(device->device, desc->outputs[s],
                                                RETUNE_USAGE_OUTPUT, 0, &out_bound->outputs[s],
                                                &error),
                         RETUNE_OK, "%s", error.message);
    }
}

static void destroy_tensors(device_under_test *device, const retune_op *bound) {
    const op_info *info = op_info_of(bound->desc->kind);
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        if (bound->outputs[s] && info->outputs[s].same_as < 0)
            device->backend->tensor_destroy(bound->outputs[s]);
        if (bound->inputs[s])
            device->backend->tensor_destroy(bound->inputs[s]);
    }
}

/* A program of an op that op_query refuses must not come to be. */
static void expect_no_program(device_under_test *device, const op_case *op, const char *what) {
    const retune_op_desc desc = op_case_describe(op);
    const char *name = op_info_of(op->kind)->name;
    retune_op bound;
    const retune_op *list[] = {&bound};
    retune_backend_program *program = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    bind_tensors(device, &desc, &bound);
    const retune_status status =
        device->backend->program_create(device->device, list, 1, &program, &error);
    cr_expect(status == RETUNE_UNSUPPORTED || status == RETUNE_INVALID,
              "%s: a program of %s with %s gives status %d", device->info.id, name, what,
              (int)status);
    cr_expect_null(program, "%s: a program of %s with %s", device->info.id, name, what);
    cr_expect(error.message[0] != '\0', "%s: %s with %s is refused without a reason",
              device->info.id, name, what);
    if (program)
        device->backend->program_destroy(program);
    destroy_tensors(device, &bound);
}

static void set_attribute(op_case *op, const char *name, double value) {
    for (size_t a = 0; a < op_attribute_count; a++) {
        const float real = (float)value;
        if (!op_reads_attribute(op->kind, &op_attributes[a]) ||
            strcmp(op_attributes[a].name, name) != 0)
            continue;
        const uint32_t whole = op_attributes[a].real ? 0 : (uint32_t)value;
        memcpy((char *)&op->attributes + op_attributes[a].offset,
               op_attributes[a].real ? (const void *)&real : (const void *)&whole, sizeof whole);
    }
}

static void expect_attributes_refused(device_under_test *device,
                                      const fixture_parameter *parameter) {
    const uint32_t kind = parameter->variant;
    for (size_t i = 0; i < sizeof bad_attributes / sizeof bad_attributes[0]; i++) {
        char what[64];
        op_case op = plain_case(kind);
        if (strcmp(op_info_of(kind)->attributes, bad_attributes[i].member) != 0)
            continue;
        set_attribute(&op, bad_attributes[i].name, bad_attributes[i].value);
        snprintf(what, sizeof what, "%s = %g", bad_attributes[i].name, bad_attributes[i].value);
        const retune_op_desc desc = op_case_describe(&op);
        expect_refused(device, &desc, what);
        expect_no_program(device, &op, what);
    }
}

ParameterizedTestParameters(contract, refuses_bad_attributes) {
    return fixture_parameters(RETUNE_OP_KIND_COUNT);
}

ParameterizedTest(fixture_parameter *parameter, contract, refuses_bad_attributes) {
    fixture_each_device(parameter, expect_attributes_refused);
}

static void expect_unknown_refused(device_under_test *device, const fixture_parameter *parameter) {
    (void)parameter;
    static const uint32_t kinds[] = {RETUNE_OP_KIND_COUNT, 1000, UINT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const op_case add = plain_case(RETUNE_OP_ADD);
        retune_op_desc desc = op_case_describe(&add);
        desc.kind = kinds[i];
        expect_refused(device, &desc, "an unknown kind");
    }
}

ParameterizedTestParameters(contract, refuses_unknown_ops) {
    return fixture_parameters(1);
}

ParameterizedTest(fixture_parameter *parameter, contract, refuses_unknown_ops) {
    fixture_each_device(parameter, expect_unknown_refused);
}

/* ---- Tensors ------------------------------------------------------------------------------- */

#define ROWS 5
#define ROW  7

static void expect_rows_kept(device_under_test *device, retune_usage usage, uint32_t dtype) {
    const retune_backend *backend = device->backend;
    const retune_tensor_desc desc = retune_desc((retune_dtype)dtype, 2, ROWS, ROW, 0, 0);
    const size_t row = ROW * retune_dtype_size(dtype);
    unsigned char written[ROWS * ROW * 4], got[ROWS * ROW * 4] = {0};
    retune_backend_tensor *tensor = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    for (size_t i = 0; i < sizeof written; i++)
        written[i] = (unsigned char)(i % 113); /* no NaN in any type */
    cr_assert_eq(backend->tensor_create(device->device, &desc, usage, 0, &tensor, &error),
                 RETUNE_OK, "%s", error.message);
    cr_assert_eq(backend->tensor_write(tensor, 0, ROWS, written, &error), RETUNE_OK, "%s",
                 error.message);
    memset(written + row, 17, 2 * row);
    cr_assert_eq(backend->tensor_write(tensor, 1, 2, written + row, &error), RETUNE_OK, "%s",
                 error.message);
    cr_assert_eq(backend->tensor_read(tensor, 0, ROWS, got, &error), RETUNE_OK);
    cr_expect_arr_eq(got, written, ROWS * row, "%s, %s: rows are not what was written",
                     device->info.id, retune_dtype_text(dtype));
    cr_assert_eq(backend->tensor_read(tensor, 2, 3, got, &error), RETUNE_OK);
    cr_expect_arr_eq(got, written + 2 * row, 3 * row,
                     "%s, %s: rows 2 to 4 are not what was written", device->info.id,
                     retune_dtype_text(dtype));
    static const int64_t bad[][2] = {{-1, 1}, {0, ROWS + 1}, {ROWS, 1}, {1, INT64_MAX}, {0, -1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_neq(backend->tensor_write(tensor, bad[i][0], bad[i][1], written, &error),
                      RETUNE_OK, "%s: %lld rows from %lld are written", device->info.id,
                      (long long)bad[i][1], (long long)bad[i][0]);
        cr_expect_neq(backend->tensor_read(tensor, bad[i][0], bad[i][1], got, &error), RETUNE_OK,
                      "%s: %lld rows from %lld are read", device->info.id, (long long)bad[i][1],
                      (long long)bad[i][0]);
    }
    backend->tensor_destroy(tensor);
}

static void expect_tensors_keep(device_under_test *device, const fixture_parameter *parameter) {
    (void)parameter;
    static const retune_usage usages[] = {RETUNE_USAGE_INPUT, RETUNE_USAGE_CONSTANT,
                                          RETUNE_USAGE_PARAMETER, RETUNE_USAGE_STATE};
    for (size_t u = 0; u < sizeof usages / sizeof usages[0]; u++)
        for (uint32_t dtype = RETUNE_F32; dtype <= RETUNE_I32; dtype++)
            expect_rows_kept(device, usages[u], dtype);
}

ParameterizedTestParameters(contract, tensors_keep_what_is_written) {
    return fixture_parameters(1);
}

ParameterizedTest(fixture_parameter *parameter, contract, tensors_keep_what_is_written) {
    fixture_each_device(parameter, expect_tensors_keep);
}

static void expect_bad_tensors_refused(device_under_test *device,
                                       const fixture_parameter *parameter) {
    (void)parameter;
    const retune_tensor_desc good = retune_desc(RETUNE_F32, 2, 3, 4, 0, 0);
    retune_tensor_desc bad[] = {good, good, good, good, good, good};
    bad[0].rank = 0;
    bad[1].rank = RETUNE_RANK_MAX + 1;
    bad[2].dtype = 99;
    bad[3].shape[1] = 0;
    bad[4].shape[0] = -3;
    bad[5].shape[0] = bad[5].shape[1] = INT64_MAX / 2;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_backend_tensor *tensor = NULL;
        const retune_status status = device->backend->tensor_create(
            device->device, &bad[i], RETUNE_USAGE_INPUT, 0, &tensor, &error);
        cr_expect_neq(status, RETUNE_OK, "%s: bad tensor %zu is made", device->info.id, i);
        cr_expect_null(tensor);
        cr_expect(error.message[0] != '\0', "refused without a reason");
    }
}

ParameterizedTestParameters(contract, bad_tensors_are_refused) {
    return fixture_parameters(1);
}

ParameterizedTest(fixture_parameter *parameter, contract, bad_tensors_are_refused) {
    fixture_each_device(parameter, expect_bad_tensors_refused);
}

/* A wrapped table is read in place. */
static void expect_wrap_works(device_under_test *device, const fixture_parameter *parameter) {
    (void)parameter;
    static _Alignas(64) float table[ROWS * ROW];
    static const int32_t index[] = {4, 0, 4};
    float got[3 * ROW];
    const retune_backend *backend = device->backend;
    const retune_tensor_desc descs[] = {retune_desc(RETUNE_F32, 2, ROWS, ROW, 0, 0),
                                        retune_desc_vector(RETUNE_I32, 3),
                                        retune_desc(RETUNE_F32, 2, 3, ROW, 0, 0)};
    const retune_op_desc desc = {.struct_size = sizeof desc,
                                 .kind = RETUNE_OP_GATHER,
                                 .inputs = {&descs[0], &descs[1]},
                                 .outputs = {&descs[2]}};
    const retune_run_args args = {.struct_size = sizeof args};
    retune_op op = {.struct_size = sizeof op, .desc = &desc};
    const retune_op *list[] = {&op};
    retune_backend_program *program = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    if (!(device->info.features & RETUNE_FEATURE_HOST_MEMORY))
        return;
    cr_assert_not_null(backend->tensor_wrap, "%s shares host memory", device->info.id);
    for (int i = 0; i < ROWS * ROW; i++)
        table[i] = (float)i;
    cr_assert_eq(backend->tensor_wrap(device->device, &descs[0], table, &op.inputs[0], &error),
                 RETUNE_OK, "%s", error.message);
    cr_assert_eq(backend->tensor_create(device->device, &descs[1], RETUNE_USAGE_INPUT, 0,
                                        &op.inputs[1], &error),
                 RETUNE_OK, "%s", error.message);
    cr_assert_eq(backend->tensor_create(device->device, &descs[2], RETUNE_USAGE_OUTPUT, 0,
                                        &op.outputs[0], &error),
                 RETUNE_OK, "%s", error.message);
    cr_assert_eq(backend->program_create(device->device, list, 1, &program, &error), RETUNE_OK,
                 "%s", error.message);
    table[0] = 100; /* in place: the run sees it */
    cr_assert_eq(backend->tensor_write(op.inputs[1], 0, 3, index, &error), RETUNE_OK);
    cr_assert_eq(backend->program_run(program, 0, 1, &args, &error), RETUNE_OK);
    cr_assert_eq(backend->tensor_read(op.outputs[0], 0, 3, got, &error), RETUNE_OK);
    for (int i = 0; i < 3 * ROW; i++)
        cr_expect(got[i] == table[index[i / ROW] * ROW + i % ROW], "%s: element %d is %g",
                  device->info.id, i, (double)got[i]);
    backend->program_destroy(program);
    backend->tensor_destroy(op.inputs[0]);
    backend->tensor_destroy(op.inputs[1]);
    backend->tensor_destroy(op.outputs[0]);
}

ParameterizedTestParameters(contract, wrapped_memory_is_used_in_place) {
    return fixture_parameters(1);
}

ParameterizedTest(fixture_parameter *parameter, contract, wrapped_memory_is_used_in_place) {
    fixture_each_device(parameter, expect_wrap_works);
}

/* ---- Devices ------------------------------------------------------------------------------- */

static void expect_bad_opens_refused(device_under_test *device,
                                     const fixture_parameter *parameter) {
    (void)parameter;
    const retune_backend *backend = device->backend;
    const retune_option option = {"no_such_option", "1"};
    retune_device_info info = {.struct_size = sizeof info};
    retune_backend_device *opened = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    uint32_t count = 0;
    cr_expect_eq(backend->device_open(0, &option, 1, &opened, &error), RETUNE_INVALID);
    cr_expect_null(opened);
    cr_expect(strstr(error.message, option.key), "the reason does not name the key: %s",
              error.message);
    cr_assert_eq(backend->device_count(&count, &error), RETUNE_OK);
    cr_expect_neq(backend->device_info(count, &info, &error), RETUNE_OK);
    cr_expect_neq(backend->device_open(count, NULL, 0, &opened, &error), RETUNE_OK);
    cr_expect_null(opened);
}

ParameterizedTestParameters(contract, bad_devices_and_options_are_refused) {
    return fixture_parameters(1);
}

ParameterizedTest(fixture_parameter *parameter, contract, bad_devices_and_options_are_refused) {
    fixture_each_device(parameter, expect_bad_opens_refused);
}
