/* Ops that are not what ops.def says, and runs of what is not there. */
#include "contract_parts.h"

#include "base/tensor_desc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Expects op_query to say no, or to find the description invalid, with a reason. */
static void expect_refused(device_under_test *device, const retune_op_desc *desc, const char *what,
                           findings *found) {
    const char *op = desc->kind < RETUNE_OP_KIND_COUNT ? op_info_of(desc->kind)->name : "?";
    retune_op_support support = {.struct_size = sizeof support};
    retune_error error = RETUNE_ERROR_INIT;
    const retune_status status = device->backend->op_query(device->device, desc, &support, &error);
    EXPECT(!support.supported, "%s is accepted with %s", op, what);
    EXPECT(status == RETUNE_OK || status == RETUNE_INVALID, "%s with %s gives status %d", op, what,
           (int)status);
    EXPECT(status == RETUNE_OK ? support.reason[0] != '\0' : error.message[0] != '\0',
           "%s with %s is refused without a reason", op, what);
}

/* Dimensions that other tensors do not decide. */
static bool is_free(uint32_t kind, bool output, uint32_t slot, uint32_t dimension) {
    return (kind == RETUNE_OP_GATHER && !output && slot == 0 && dimension == 0) ||
           kind == RETUNE_OP_FILL;
}

/* A tensor of a case, to be described wrongly. */
typedef struct victim {
    device_under_test *device;
    findings *found;
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
    expect_refused(v->device, &desc, what, v->found);
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

CONTRACT_CHECK(refuses_malformed_tensors) {
    for (uint32_t s = 0; s < 2 * RETUNE_OP_TENSORS_MAX; s++)
        expect_wrong_descs_refused(&(victim){.device = device,
                                             .found = found,
                                             .op = contract_plain_case(kind),
                                             .output = s >= RETUNE_OP_TENSORS_MAX,
                                             .slot = s % RETUNE_OP_TENSORS_MAX});
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

/* A program of an op that op_query refuses must not come to be. */
static void expect_no_program(device_under_test *device, const op_case *op, const char *what,
                              findings *found) {
    const retune_op_desc desc = op_case_describe(op);
    const char *name = op_info_of(op->kind)->name;
    retune_op bound;
    const retune_op *list[] = {&bound};
    retune_backend_program *program = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    if (contract_bind(device, &desc, &bound, found)) {
        const retune_status status =
            device->backend->program_create(device->device, list, 1, &program, &error);
        EXPECT(status == RETUNE_UNSUPPORTED || status == RETUNE_INVALID,
               "a program of %s with %s gives status %d", name, what, (int)status);
        EXPECT(!program, "there is a program of %s with %s", name, what);
        EXPECT(error.message[0] != '\0', "%s with %s is refused without a reason", name, what);
    }
    if (program)
        device->backend->program_destroy(program);
    contract_destroy(device, &bound);
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

CONTRACT_CHECK(refuses_bad_attributes) {
    for (size_t i = 0; i < sizeof bad_attributes / sizeof bad_attributes[0]; i++) {
        char what[64];
        op_case op = contract_plain_case(kind);
        if (strcmp(op_info_of(kind)->attributes, bad_attributes[i].member) != 0)
            continue;
        set_attribute(&op, bad_attributes[i].name, bad_attributes[i].value);
        snprintf(what, sizeof what, "%s = %g", bad_attributes[i].name, bad_attributes[i].value);
        const retune_op_desc desc = op_case_describe(&op);
        expect_refused(device, &desc, what, found);
        expect_no_program(device, &op, what, found);
    }
}

CONTRACT_CHECK(refuses_unknown_ops) {
    (void)kind;
    static const uint32_t kinds[] = {RETUNE_OP_KIND_COUNT, 1000, UINT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const op_case add = contract_plain_case(RETUNE_OP_ADD);
        retune_op_desc desc = op_case_describe(&add);
        desc.kind = kinds[i];
        expect_refused(device, &desc, "an unknown kind", found);
    }
}

/* ---- Ranges -------------------------------------------------------------------------------- */

static void expect_ranges(const retune_backend *backend, retune_backend_program *program,
                          findings *found) {
    static const size_t bad[][2] = {{0, 2}, {1, 0}, {1, 2}, {2, 2}, {0, SIZE_MAX}};
    const retune_run_args args = {.struct_size = sizeof args, .learning_rate = 0.1f, .step = 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        const retune_status status =
            backend->program_run(program, bad[i][0], bad[i][1], &args, &error);
        EXPECT(status == RETUNE_INVALID, "a run of [%zu, %zu) of one op gives status %d", bad[i][0],
               bad[i][1], (int)status);
        EXPECT(error.message[0] != '\0', "a run of [%zu, %zu) is refused without a reason",
               bad[i][0], bad[i][1]);
    }
    for (size_t at = 0; at <= 1; at++) {
        retune_error error = RETUNE_ERROR_INIT;
        const retune_status status = backend->program_run(program, at, at, &args, &error);
        EXPECT(status == RETUNE_OK, "an empty run at %zu gives status %d: %s", at, (int)status,
               error.message);
    }
    retune_error error = RETUNE_ERROR_INIT;
    const retune_status status = backend->program_wait(program, &error);
    EXPECT(status == RETUNE_OK, "program_wait gives status %d: %s", (int)status, error.message);
}

CONTRACT_CHECK(refuses_ranges_outside) {
    const op_case op = contract_plain_case(kind);
    const retune_op_desc desc = op_case_describe(&op);
    retune_op bound;
    const retune_op *list[] = {&bound};
    retune_backend_program *program = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    bool supported = false;
    char reason[256];
    if (device_under_test_query(device, &op, &supported, reason, &error) != RETUNE_OK) {
        contract_add(found, "op_query: %s", error.message);
        return;
    }
    if (!supported) {
        contract_skip(found, reason);
        return;
    }
    if (contract_bind(device, &desc, &bound, found)) {
        const retune_status status =
            device->backend->program_create(device->device, list, 1, &program, &error);
        EXPECT(status == RETUNE_OK, "program_create gives status %d: %s", (int)status,
               error.message);
    }
    if (program) {
        expect_ranges(device->backend, program, found);
        device->backend->program_destroy(program);
    }
    contract_destroy(device, &bound);
}

/* ---- Later versions ------------------------------------------------------------------------ */

/* What a later minor version appends to the structs. */
#define LATER 64

static bool is_untouched(const unsigned char later[LATER], unsigned char value) {
    for (size_t i = 0; i < LATER; i++)
        if (later[i] != value)
            return false;
    return true;
}

CONTRACT_CHECK(takes_structs_of_later_versions) {
    (void)kind;
    struct {
        retune_probe_report head;
        unsigned char later[LATER];
    } report = {.head.struct_size = sizeof report};
    struct {
        retune_device_info head;
        unsigned char later[LATER];
    } info = {.head.struct_size = sizeof info};
    retune_error error = RETUNE_ERROR_INIT;
    memset(report.later, 0x5a, LATER);
    memset(info.later, 0x5a, LATER);
    EXPECT(device->backend->probe(&report.head, &error) == RETUNE_OK, "probe refuses it: %s",
           error.message);
    EXPECT(is_untouched(report.later, 0x5a), "probe writes beyond the fields it knows");
    EXPECT(device->backend->device_info(0, &info.head, &error) == RETUNE_OK,
           "device_info refuses it: %s", error.message);
    EXPECT(is_untouched(info.later, 0x5a), "device_info writes beyond the fields it knows");
    for (uint32_t k = 0; k < RETUNE_OP_KIND_COUNT; k++) {
        const op_case op = contract_plain_case(k);
        const char *name = op_info_of(k)->name;
        struct {
            retune_op_desc head;
            unsigned char later[LATER];
        } desc = {.head = op_case_describe(&op)};
        struct {
            retune_op_support head;
            unsigned char later[LATER];
        } support = {.head.struct_size = sizeof support};
        bool supported = false;
        char reason[256];
        desc.head.struct_size = sizeof desc;
        memset(support.later, 0x5a, LATER);
        device_under_test_query(device, &op, &supported, reason, NULL);
        EXPECT(device->backend->op_query(device->device, &desc.head, &support.head, &error) ==
                       RETUNE_OK &&
                   (support.head.supported != 0) == supported,
               "op_query answers otherwise about %s described with more fields", name);
        EXPECT(is_untouched(support.later, 0x5a), "op_query writes beyond the fields it knows");
    }
}

/* ---- Devices ------------------------------------------------------------------------------- */

CONTRACT_CHECK(refuses_bad_devices_and_options) {
    (void)kind;
    const retune_backend *backend = device->backend;
    const retune_option option = {"no_such_option", "1"};
    retune_device_info info = {.struct_size = sizeof info};
    retune_backend_device *opened = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    uint32_t count = 0;
    EXPECT(backend->device_open(0, &option, 1, &opened, &error) == RETUNE_INVALID,
           "device_open takes the option no_such_option");
    EXPECT(!opened, "device_open gives a device in spite of a bad option");
    EXPECT(strstr(error.message, option.key), "the reason does not name the key: %s",
           error.message);
    if (backend->device_count(&count, &error) != RETUNE_OK) {
        contract_add(found, "device_count: %s", error.message);
        return;
    }
    /* An error object is optional everywhere. */
    EXPECT(backend->device_info(count, &info, NULL) != RETUNE_OK, "device_info knows device %u",
           count);
    EXPECT(backend->device_open(count, NULL, 0, &opened, NULL) != RETUNE_OK,
           "device_open opens device %u", count);
    EXPECT(!opened, "device_open gives device %u", count);
}
