/* softmax_cross_entropy and its gradient. */
#include "groups.h"
#include "ops.h"

/* The smoothed one-hot: at the label, and elsewhere. */
static void push_targets(vulkan_build *b, int64_t classes) {
    double smoothing = (double)b->op->attributes.loss.label_smoothing;
    double elsewhere = smoothing / (double)classes;
    vulkan_push_float(b, (float)(1.0 - smoothing + elsewhere));
    vulkan_push_float(b, (float)elsewhere);
}

static void prepare_softmax_cross_entropy(vulkan_build *b) {
    const retune_tensor_desc *logits = b->op->inputs[0];
    int64_t classes = vulkan_channels(logits);
    vulkan_begin(b, "softmax_cross_entropy");
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_input(b, 2);
    vulkan_output(b, 0);
    vulkan_output(b, 1);
    push_targets(b, classes);
    vulkan_push_int(b, classes);
    vulkan_dispatch_groups(b, logits->shape[0]);
}

static void prepare_softmax_cross_entropy_grad(vulkan_build *b) {
    const retune_tensor_desc *probability = b->op->inputs[0];
    int64_t classes = vulkan_channels(probability), count = vulkan_elements(probability);
    vulkan_begin(b, "softmax_cross_entropy_grad");
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_input(b, 2);
    vulkan_input(b, 3);
    vulkan_output(b, 0);
    push_targets(b, classes);
    vulkan_push_int(b, classes);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

const vulkan_op vulkan_op_softmax_cross_entropy = {prepare_softmax_cross_entropy, NULL,
                                                   "softmax_cross_entropy"};
const vulkan_op vulkan_op_softmax_cross_entropy_grad = {prepare_softmax_cross_entropy_grad, NULL,
                                                        "softmax_cross_entropy_grad"};
