/* What the driver refuses, op_query refuses with the reason, or another op of the extension does.
 */
#include "backends/support.h"

#include "cases.h"
#include "conformance.h"
#include "device_under_test.h"

#include <stdio.h>
#include <stdlib.h>

TestSuite(clml_refusals, .timeout = 120);

static const char *micro_batch = "1";

static device_under_test open_device(void) {
    device_under_test device = {.backend = target_backend(),
                                .device = target_open("micro_batch", micro_batch, NULL)};
    device.info.struct_size = sizeof device.info;
    assert_ok(device.backend->device_info(0, &device.info, &error));
    return device;
}

/* The first case of an op that has only f32 and i32 tensors and whose pooling is of this kind. */
static op_case case_of(uint32_t kind, uint32_t pooling) {
    case_list list = {0};
    cases_of(kind, true, &list);
    size_t n = 0;
    bool is_pool = kind == RETUNE_OP_POOL || kind == RETUNE_OP_POOL_GRAD;
    while (is_pool && (list.items[n].attributes.pooling.kind != pooling ||
                       list.items[n].outputs[1].rank || list.items[n].inputs[1].rank))
        cr_assert_lt(++n, list.count);
    op_case found = list.items[n];
    case_list_free(&list);
    return found;
}

/* The case is refused, with each text in the reason, and so is a program of it. */
static void expect_op_refused(const op_case *op, const char *text, const char *other) {
    device_under_test device = open_device();
    char reason[256];
    bool supported = true;
    assert_ok(device_under_test_query(&device, op, &supported, reason, &error));
    cr_expect_not(supported, "%s is accepted", op_info_of(op->kind)->name);
    cr_expect(strstr(reason, text) && strstr(reason, other), "no '%s' and '%s' in: %s", text, other,
              reason);
    device_under_test_close(&device);
}

static void expect_right(const op_case *op) {
    static char text[VERDICT_TEXT_MAX];
    device_under_test device = open_device();
    cr_expect_eq(conformance_run(&device, op, text), VERDICT_PASSED, "%s: %s",
                 op_info_of(op->kind)->name, text);
    device_under_test_close(&device);
}

/* What the emulator calls an op of the extension, and an op of ours that cannot do without. */
static const struct {
    const char *theirs;
    uint32_t kind;
} needs[] = {
    {"convolution", RETUNE_OP_CONV2D},
    {"convolution", RETUNE_OP_DEPTHWISE_CONV2D},
    {"convolution_backward", RETUNE_OP_CONV2D_GRAD_INPUT},
    {"convolution_backward", RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT},
    {"convolution_param_gradients", RETUNE_OP_CONV2D_GRAD_WEIGHT},
    {"convolution_param_gradients", RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT},
    {"binary", RETUNE_OP_ADD},
    {"binary", RETUNE_OP_ACCUMULATE},
    {"pooling", RETUNE_OP_POOL},
    {"copy", RETUNE_OP_ACTIVATION}, /* its first case is none */
    {"fill", RETUNE_OP_FILL},
    {"update_sgd", RETUNE_OP_SGD},
    {"update_adam", RETUNE_OP_ADAM},
};

Test(clml_refusals, ops_by_name) {
    target_backend();
    for (size_t n = 0; n < sizeof needs / sizeof needs[0]; n++) {
        char value[64];
        const op_case op = case_of(needs[n].kind, RETUNE_POOL_AVERAGE);
        unsetenv("CLML_EMULATOR_REFUSE");
        expect_right(&op);
        snprintf(value, sizeof value, "%s=-1102", needs[n].theirs);
        setenv("CLML_EMULATOR_REFUSE", value, 1);
        expect_op_refused(&op, "not accelerated (-1102)", op_info_of(op.kind)->name);
        snprintf(value, sizeof value, "%s=-1103", needs[n].theirs);
        setenv("CLML_EMULATOR_REFUSE", value, 1);
        expect_op_refused(&op, "layout not taken (-1103)", op_info_of(op.kind)->name);
    }
}

Test(clml_refusals, gradients_of_activations_by_name) {
    target_backend();
    op_case op = case_of(RETUNE_OP_ACTIVATION_GRAD, 0);
    op.attributes.activation.activation = RETUNE_ACTIVATION_RELU6;
    expect_right(&op);
    setenv("CLML_EMULATOR_REFUSE", "activation_backward=-1102", 1);
    expect_op_refused(&op, "-1102", "activation backward");
}

Test(clml_refusals, ops_by_shape) {
    target_backend();
    op_case op = case_of(RETUNE_OP_CONV2D, 0), other = case_of(RETUNE_OP_DEPTHWISE_CONV2D, 0);
    const int64_t *x = op.inputs[0].shape;
    char value[64];
    cr_assert_neq(x[3], other.inputs[0].shape[3]);
    snprintf(value, sizeof value, "convolution:1x%dx%dx%d=-1102", (int)x[3], (int)x[1], (int)x[2]);
    setenv("CLML_EMULATOR_REFUSE", value, 1);
    expect_op_refused(&op, "convolution", "-1102");
    expect_right(&other);
}

/* The depthwise convolution stands in for what is not accelerated, where it can. */
Test(clml_refusals, the_gradient_of_averages) {
    target_backend();
    op_case op = case_of(RETUNE_OP_POOL_GRAD, RETUNE_POOL_AVERAGE);
    expect_right(&op);
    setenv("CLML_EMULATOR_REFUSE", "pooling_backward=-1102", 1);
    expect_right(&op);
    case_list list = {0};
    cases_of(RETUNE_OP_POOL_GRAD, true, &list);
    bool padded = false;
    for (size_t n = 0; n < list.count && !padded; n++) {
        const retune_pooling_attributes *a = &list.items[n].attributes.pooling;
        padded = a->kind == RETUNE_POOL_AVERAGE && a->pad_bottom > 0 &&
                 list.items[n].inputs[0].dtype == RETUNE_F32;
        if (padded)
            expect_op_refused(&list.items[n], "pooling backward", "-1102");
    }
    cr_expect(padded);
    case_list_free(&list);
    setenv("CLML_EMULATOR_REFUSE", "pooling_backward=-1102 convolution_backward=-1102", 1);
    expect_op_refused(&op, "convolution backward", "-1102");
}

/* A fused op that is refused is two. */
Test(clml_refusals, fused_convolutions) {
    target_backend();
    op_case op = case_of(RETUNE_OP_CONV2D, 0);
    op.attributes.convolution.activation = RETUNE_ACTIVATION_RELU6;
    expect_right(&op);
    setenv("CLML_EMULATOR_REFUSE", "convolution_activation=-1102", 1);
    expect_right(&op);
    setenv("CLML_EMULATOR_REFUSE", "convolution_activation=-1102 activation=-1102", 1);
    expect_op_refused(&op, "activation", "-1102");
}

/* A driver that takes one sample at a time is given one at a time. */
Test(clml_refusals, batches) {
    case_list list = {0};
    size_t n = 0;
    target_backend();
    setenv("CLML_EMULATOR_STRICT", "batch1", 1);
    cases_of(RETUNE_OP_CONV2D, true, &list);
    while (list.items[n].inputs[0].shape[0] != 3 || list.items[n].inputs[0].dtype != RETUNE_F32)
        n++;
    expect_right(&list.items[n]);
    micro_batch = "3";
    expect_op_refused(&list.items[n], "convolution", "-1102");
    unsetenv("CLML_EMULATOR_STRICT");
    expect_right(&list.items[n]);
    case_list_free(&list);
}

/* Without a size there is no memory to give. */
Test(clml_refusals, sizes_that_are_not_told) {
    target_backend();
    const op_case op = case_of(RETUNE_OP_ADD, 0), mine = case_of(RETUNE_OP_CAST, 0);
    setenv("CLML_EMULATOR_FAIL", "size=-59", 1);
    expect_op_refused(&op, "size", "-59");
    expect_right(&mine);
}

Test(clml_refusals, tensors_of_the_private_layout) {
    target_backend();
    const op_case op = case_of(RETUNE_OP_ADD, 0);
    setenv("CLML_EMULATOR_REFUSE_LAYOUT", "tensor:optimal", 1);
    expect_op_refused(&op, "a tensor", "-1103");
}

/* No way across is left. */
Test(clml_refusals, host_data_where_there_are_no_linear_tensors) {
    retune_backend_device *device = NULL;
    target_backend();
    setenv("CLML_EMULATOR_REFUSE_LAYOUT", "tensor:nchw host:nchw", 1);
    expect_refused(RETUNE_UNAVAILABLE, "-1103",
                   target_backend()->device_open(0, NULL, 0, &device, &error));
    cr_expect_null(device);
}

/* A command that fails is an error of the run. */
Test(clml_refusals, commands_that_fail) {
    static char text[VERDICT_TEXT_MAX];
    const op_case op = case_of(RETUNE_OP_ADD, 0);
    target_backend();
    setenv("CLML_EMULATOR_FAIL", "enqueue=-5", 1);
    device_under_test device = open_device();
    cr_expect_eq(conformance_run(&device, &op, text), VERDICT_FAILED);
    cr_expect_not_null(strstr(text, "CL_OUT_OF_RESOURCES"), "%s", text);
    device_under_test_close(&device);
}

/* What the extension has no op for runs all the same, but maps are f32. */
Test(clml_refusals, ops_that_the_extension_has_not) {
    static const uint32_t kinds[] = {RETUNE_OP_BATCH_NORM, RETUNE_OP_BATCH_NORM_GRAD,
                                     RETUNE_OP_GATHER, RETUNE_OP_NORMALIZE,
                                     RETUNE_OP_SOFTMAX_CROSS_ENTROPY};
    target_backend();
    setenv("CLML_EMULATOR_REFUSE", "*=-1102", 1);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        const op_case op = case_of(kinds[k], 0);
        expect_right(&op);
    }
    case_list list = {0};
    cases_of(RETUNE_OP_POOL, true, &list);
    size_t n = 0;
    while (!list.items[n].outputs[1].rank)
        n++;
    expect_right(&list.items[n]);
    case_list_free(&list);
    op_case narrow = case_of(RETUNE_OP_NORMALIZE, 0);
    narrow.outputs[0].dtype = RETUNE_F16;
    expect_op_refused(&narrow, "f16", "normalize");
}
