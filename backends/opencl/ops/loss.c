/* softmax_cross_entropy and its gradient. */
#include "groups.h"
#include "ops.h"

/* The smoothed one-hot: at the label, and elsewhere. */
static void arg_targets(opencl_build *b, int64_t classes) {
    double smoothing = (double)b->op->attributes.loss.label_smoothing;
    double elsewhere = smoothing / (double)classes;
    opencl_arg_float(b, (float)(1.0 - smoothing + elsewhere));
    opencl_arg_float(b, (float)elsewhere);
}

static void begin(opencl_build *b, const char *kernel) {
    opencl_begin(b, "loss", kernel, "-DGROUP=%d", OPENCL_GROUP);
}

static void prepare_softmax_cross_entropy(opencl_build *b) {
    const retune_tensor_desc *logits = b->op->inputs[0];
    int64_t classes = opencl_channels(logits);
    begin(b, "softmax_cross_entropy");
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_input(b, 2);
    opencl_arg_output(b, 0);
    opencl_arg_output(b, 1);
    arg_targets(b, classes);
    opencl_arg_int(b, classes);
    opencl_launch_groups(b, logits->shape[0]);
}

static void prepare_softmax_cross_entropy_grad(opencl_build *b) {
    const retune_tensor_desc *probability = b->op->inputs[0];
    int64_t classes = opencl_channels(probability), count = opencl_elements(probability);
    begin(b, "softmax_cross_entropy_grad");
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_input(b, 2);
    opencl_arg_input(b, 3);
    opencl_arg_output(b, 0);
    arg_targets(b, classes);
    opencl_arg_int(b, classes);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

const opencl_op opencl_op_softmax_cross_entropy = {prepare_softmax_cross_entropy, NULL,
                                                   "softmax_cross_entropy"};
const opencl_op opencl_op_softmax_cross_entropy_grad = {prepare_softmax_cross_entropy_grad, NULL,
                                                        "softmax_cross_entropy_grad"};
