#include "ops/shared.h"

static void check(emu_builder *b, const emu_tensor *prediction, const emu_tensor *target,
                  const emu_tensor *weight, cl_uint arithmetic, cl_uint nan) {
    emu_arithmetic(b, arithmetic);
    emu_require(b, nan <= EMU_NAN_PROPAGATED, "an unknown treatment of NaN");
    emu_require(b, emu_same_shape(prediction, target), "prediction and target differ in shape");
    emu_require(b, !emu_present(weight) || emu_same_shape(prediction, weight),
                "prediction and weight differ in shape");
}

cl_int emu_entry_loss_forward EMU_OP(const emu_loss_forward_desc *desc, emu_tensor *prediction,
                                     emu_tensor *target, emu_tensor *weight, emu_tensor *loss) {
    const emu_use uses[] = {{prediction, EMU_READ | EMU_BATCHED},
                            {target, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ | EMU_OPTIONAL},
                            {loss, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "loss_forward", context, properties, cache, desc, uses, 4)) {
        const bool each = desc->mode == EMU_LOSS_EACH;
        check(&b, prediction, target, weight, desc->arithmetic, desc->nan);
        emu_require(&b, desc->function <= EMU_LOSS_MAE, "an unknown function");
        emu_require(&b, desc->mode <= EMU_LOSS_SUM_INSTANCE, "an unknown mode");
        emu_require(&b,
                    each ? emu_same_shape(prediction, loss)
                         : emu_has_shape(loss, prediction->n, 1, 1, 1),
                    "the loss has not the shape of the mode");
        emu_step(&b, "loss", each ? "loss_each" : "loss_instance", emu_tensor_count(loss));
        for (size_t n = 0; n < 4; n++)
            emu_tensor_argument(&b, uses[n].tensor);
        emu_int_argument(&b, (cl_int)desc->function);
        emu_float_argument(&b, emu_number(&b, desc->scaling));
    }
    return emu_end(&b, out_op);
}

/* Variant "logits": the softmax is this op's own, over the channels of each place. */
static void softmax_step(emu_builder *b, const emu_tensor *logits, const emu_tensor *output) {
    emu_step(b, "reduce", "softmax_forward", emu_group_count(logits, EMU_OVER_SPATIAL));
    emu_tensor_argument(b, logits);
    emu_tensor_argument(b, output);
    emu_int_argument(b, EMU_OVER_SPATIAL);
}

cl_int emu_entry_loss_backward EMU_OP(const emu_loss_backward_desc *desc, emu_tensor *prediction,
                                      emu_tensor *target, emu_tensor *weight,
                                      emu_tensor *prediction_grad) {
    const emu_use uses[] = {{prediction, EMU_READ | EMU_BATCHED},
                            {target, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ | EMU_OPTIONAL},
                            {prediction_grad, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin_backward(&b, "loss_backward", context, properties, cache, desc, uses, 4)) {
        const bool logits = settings.variant.logits;
        const bool softmax = logits && desc->function == EMU_LOSS_GRAD_SOFTMAX_CROSS_ENTROPY;
        check(&b, prediction, target, weight, desc->arithmetic, desc->nan);
        emu_require(&b, desc->function <= EMU_LOSS_GRAD_MAE, "an unknown function");
        emu_require(&b, emu_same_shape(prediction, prediction_grad),
                    "prediction and gradient differ in shape");
        if (softmax)
            softmax_step(&b, prediction, prediction_grad);
        emu_step(&b, "loss", "loss_backward", emu_tensor_count(prediction_grad));
        emu_tensor_argument(&b, softmax ? prediction_grad : prediction);
        for (size_t n = 1; n < 4; n++)
            emu_tensor_argument(&b, uses[n].tensor);
        emu_int_argument(&b, (cl_int)desc->function);
        emu_float_argument(&b, emu_number(&b, desc->scaling));
        emu_int_argument(&b, logits && desc->function == EMU_LOSS_GRAD_SIGMOID_CROSS_ENTROPY);
    }
    return emu_end(&b, out_op);
}
