#include "ops/shared.h"

/* ---- Checks and steps ----------------------------------------------------------------------- */

static void check_vector(emu_builder *b, const emu_tensor *vector, cl_uint channels) {
    emu_require(b, !vector || emu_is_channel_vector(vector, channels), "a vector is not (1,C,1,1)");
}

void emu_check_batch_norm(emu_builder *b, const emu_batch_norm *desc, cl_uint channels,
                          const emu_norm_tensors *t) {
    emu_arithmetic(b, desc->arithmetic);
    emu_require(b, desc->mode == 0, "an unknown mode");
    emu_require(b, b->has_epsilon || !settings.strict.defaults,
                "strict defaults: no epsilon (property 4)");
    check_vector(b, t->mean, channels);
    check_vector(b, t->variance, channels);
    check_vector(b, t->scale, channels);
    check_vector(b, t->bias, channels);
    emu_describe(b, &b->epsilon, sizeof b->epsilon);
}

void emu_batch_norm_step(emu_builder *b, const emu_tensor *input, const emu_norm_tensors *t,
                         const emu_tensor *output) {
    emu_step(b, "batch_norm", "batch_norm_forward", emu_tensor_count(output));
    emu_tensor_argument(b, input);
    emu_tensor_argument(b, t->mean);
    emu_tensor_argument(b, t->variance);
    emu_tensor_argument(b, t->scale);
    emu_tensor_argument(b, t->bias);
    emu_tensor_argument(b, output);
    emu_float_argument(b, b->epsilon);
}

cl_int emu_entry_batch_norm_forward EMU_OP(const emu_batch_norm *desc, emu_tensor *input,
                                           emu_tensor *mean, emu_tensor *variance,
                                           emu_tensor *scale, emu_tensor *bias,
                                           emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {mean, EMU_READ},
                            {variance, EMU_READ},
                            {scale, EMU_READ},
                            {bias, EMU_READ},
                            {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "batch_norm_forward", context, properties, cache, desc, uses, 6)) {
        const emu_norm_tensors t = {mean, variance, scale, bias};
        emu_check_batch_norm(&b, desc, input->c, &t);
        emu_require(&b, emu_same_shape(input, output), "input and output differ in shape");
        emu_batch_norm_step(&b, input, &t, output);
    }
    return emu_end(&b, out_op);
}

/* ---- Statistics ----------------------------------------------------------------------------- */

cl_int emu_entry_batch_norm_accumulate_statistics EMU_OP(const emu_batch_norm *desc, cl_uint batch,
                                                         emu_tensor *input, emu_tensor *mean,
                                                         emu_tensor *variance) {
    const emu_use uses[] = {
        {input, EMU_READ | EMU_BATCHED}, {mean, EMU_UPDATE}, {variance, EMU_UPDATE}};
    emu_builder b;
    if (emu_begin_backward(&b, "batch_norm_accumulate_statistics", context, properties, cache, desc,
                           uses, 3)) {
        const emu_norm_tensors t = {.mean = mean, .variance = variance};
        emu_check_batch_norm(&b, desc, input->c, &t);
        emu_require(&b, batch == input->n, "the increment is not the input's batch");
        emu_step(&b, "batch_norm", "batch_norm_accumulate", (size_t)input->c * EMU_GROUP);
        emu_tensor_argument(&b, input);
        emu_tensor_argument(&b, mean);
        emu_tensor_argument(&b, variance);
        emu_float_argument(&b, settings.variant.running_average
                                   ? 1.0f / ((float)input->h * (float)input->w)
                                   : 1.0f);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_batch_norm_finalize_statistics EMU_OP(const emu_batch_norm *desc, cl_uint batch,
                                                       emu_tensor *input, emu_tensor *mean,
                                                       emu_tensor *variance) {
    const emu_use uses[] = {
        {input, EMU_BOUND | EMU_BATCHED}, {mean, EMU_UPDATE}, {variance, EMU_UPDATE}};
    emu_builder b;
    if (emu_begin_backward(&b, "batch_norm_finalize_statistics", context, properties, cache, desc,
                           uses, 3)) {
        const emu_norm_tensors t = {.mean = mean, .variance = variance};
        const float map = (float)input->h * (float)input->w, m = (float)batch * map;
        emu_check_batch_norm(&b, desc, input->c, &t);
        emu_require(&b, batch > 0, "a batch of 0");
        emu_step(&b, "batch_norm", "batch_norm_finalize", input->c);
        emu_tensor_argument(&b, mean);
        emu_tensor_argument(&b, variance);
        emu_float_argument(&b, settings.variant.running_average ? (float)batch : m);
        emu_float_argument(&b, settings.variant.unbiased && m > 1.0f ? m / (m - 1.0f) : 1.0f);
    }
    return emu_end(&b, out_op);
}

/* ---- Gradients ------------------------------------------------------------------------------ */

static void check_gradients(emu_builder *b, const emu_batch_norm *desc, cl_uint batch,
                            const emu_tensor *input, const emu_tensor *output_grad,
                            const emu_norm_tensors *t) {
    emu_check_batch_norm(b, desc, input->c, t);
    emu_require(b, emu_same_shape(input, output_grad), "input and gradient differ in shape");
    emu_require(b, batch >= input->n, "a batch smaller than the input's");
}

/* The step of one of the gradients: all tensors in the order of uses, then epsilon. */
static void gradient_step(emu_builder *b, const char *kernel, size_t count) {
    emu_step(b, "batch_norm", kernel, count);
    for (size_t n = 0; n < b->op->use_count; n++)
        if (b->op->uses[n].role != EMU_BOUND)
            emu_tensor_argument(b, b->op->uses[n].tensor);
    emu_float_argument(b, b->epsilon);
}

cl_int emu_entry_batch_norm_variance_gradient EMU_OP(const emu_batch_norm *desc, emu_tensor *input,
                                                     emu_tensor *output_grad, emu_tensor *mean,
                                                     emu_tensor *variance, emu_tensor *scale,
                                                     emu_tensor *variance_grad) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {output_grad, EMU_READ | EMU_BATCHED},
                            {mean, EMU_READ},
                            {variance, EMU_READ},
                            {scale, EMU_READ},
                            {variance_grad, EMU_WRITE}};
    emu_builder b;
    if (emu_begin_backward(&b, "batch_norm_variance_gradient", context, properties, cache, desc,
                           uses, 6)) {
        const emu_norm_tensors t = {mean, variance, scale, NULL};
        check_gradients(&b, desc, input->n, input, output_grad, &t);
        check_vector(&b, variance_grad, input->c);
        gradient_step(&b, "batch_norm_variance_gradient", (size_t)input->c * EMU_GROUP);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_batch_norm_mean_gradient EMU_OP(const emu_batch_norm *desc, cl_uint batch,
                                                 emu_tensor *input, emu_tensor *output_grad,
                                                 emu_tensor *mean, emu_tensor *variance,
                                                 emu_tensor *scale, emu_tensor *variance_grad,
                                                 emu_tensor *mean_grad) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {output_grad, EMU_READ | EMU_BATCHED},
                            {mean, EMU_READ},
                            {variance, EMU_READ},
                            {scale, EMU_READ},
                            {variance_grad, EMU_READ},
                            {mean_grad, EMU_WRITE}};
    emu_builder b;
    if (emu_begin_backward(&b, "batch_norm_mean_gradient", context, properties, cache, desc, uses,
                           7)) {
        const emu_norm_tensors t = {mean, variance, scale, NULL};
        check_gradients(&b, desc, batch, input, output_grad, &t);
        check_vector(&b, variance_grad, input->c);
        check_vector(&b, mean_grad, input->c);
        gradient_step(&b, "batch_norm_mean_gradient", (size_t)input->c * EMU_GROUP);
        emu_float_argument(&b, (float)batch * (float)input->h * (float)input->w);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_batch_norm_backward EMU_OP(const emu_batch_norm *desc, cl_uint batch,
                                            emu_tensor *input, emu_tensor *output_grad,
                                            emu_tensor *mean, emu_tensor *variance,
                                            emu_tensor *scale, emu_tensor *variance_grad,
                                            emu_tensor *mean_grad, emu_tensor *input_grad) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {output_grad, EMU_READ | EMU_BATCHED},
                            {mean, EMU_READ},
                            {variance, EMU_READ},
                            {scale, EMU_READ},
                            {variance_grad, EMU_READ},
                            {mean_grad, EMU_READ},
                            {input_grad, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin_backward(&b, "batch_norm_backward", context, properties, cache, desc, uses, 8)) {
        const emu_norm_tensors t = {mean, variance, scale, NULL};
        check_gradients(&b, desc, batch, input, output_grad, &t);
        check_vector(&b, variance_grad, input->c);
        check_vector(&b, mean_grad, input->c);
        emu_require(&b, emu_same_shape(input, input_grad), "input and gradient differ in shape");
        gradient_step(&b, "batch_norm_backward", emu_tensor_count(input));
        emu_float_argument(&b, (float)batch * (float)input->h * (float)input->w);
    }
    return emu_end(&b, out_op);
}

cl_int emu_entry_batch_norm_param_gradients EMU_OP(const emu_batch_norm *desc, emu_tensor *input,
                                                   emu_tensor *output_grad, emu_tensor *mean,
                                                   emu_tensor *variance, emu_tensor *scale_grad,
                                                   emu_tensor *bias_grad, emu_tensor *scale,
                                                   emu_tensor *bias) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {output_grad, EMU_READ | EMU_BATCHED},
                            {mean, EMU_READ},
                            {variance, EMU_READ},
                            {scale_grad, EMU_WRITE},
                            {bias_grad, EMU_WRITE},
                            {scale, EMU_BOUND},
                            {bias, EMU_BOUND}};
    emu_builder b;
    if (emu_begin_backward(&b, "batch_norm_param_gradients", context, properties, cache, desc, uses,
                           8)) {
        const emu_norm_tensors t = {mean, variance, scale, bias};
        check_gradients(&b, desc, input->n, input, output_grad, &t);
        check_vector(&b, scale_grad, input->c);
        check_vector(&b, bias_grad, input->c);
        gradient_step(&b, "batch_norm_param_gradients", (size_t)input->c * EMU_GROUP);
    }
    return emu_end(&b, out_op);
}
