/* Products of matrices, and fully connected layers. */
#include "ops/shared.h"

static void product_step(emu_builder *b, const emu_gemm *d, float alpha, float beta,
                         const emu_tensor *left, const emu_tensor *right, const emu_tensor *bias,
                         const emu_tensor *c) {
    emu_step(b, "matrix", "matrix_product", (size_t)d->m * d->n);
    emu_tensor_argument(b, left);
    emu_tensor_argument(b, right);
    emu_tensor_argument(b, bias);
    emu_tensor_argument(b, c);
    emu_int_argument(b, (cl_int)d->m);
    emu_int_argument(b, (cl_int)d->n);
    emu_int_argument(b, (cl_int)d->k);
    emu_int_argument(b, (cl_int)d->transpose_a);
    emu_int_argument(b, (cl_int)d->transpose_b);
    emu_float_argument(b, alpha);
    emu_float_argument(b, beta);
}

/* ---- Gemm ----------------------------------------------------------------------------------- */

int emu_gemm_role(const emu_gemm *desc) {
    return desc && emu_is_zero(&desc->beta) ? EMU_WRITE : EMU_UPDATE;
}

void emu_gemm_step(emu_builder *b, const emu_gemm *d, const emu_tensor *left,
                   const emu_tensor *right, const emu_tensor *c) {
    const float alpha = emu_number(b, d->alpha), beta = emu_number(b, d->beta);
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, c->type != CL_SIGNED_INT32, "int32 elements");
    emu_require(b, d->m && d->n && d->k, "a size of 0");
    emu_require(b, d->transpose_a <= 1 && d->transpose_b <= 1, "an unknown transform");
    emu_require(b, emu_tensor_count(left) == (uint64_t)d->m * d->k, "a has not m x k elements");
    emu_require(b, emu_tensor_count(right) == (uint64_t)d->k * d->n, "b has not k x n elements");
    emu_require(b, emu_tensor_count(c) == (uint64_t)d->m * d->n, "c has not m x n elements");
    product_step(b, d, alpha, beta, left, right, NULL, c);
}

cl_int emu_entry_gemm EMU_OP(const emu_gemm *desc, emu_tensor *a, emu_tensor *b, emu_tensor *c) {
    const emu_use uses[] = {{a, EMU_READ}, {b, EMU_READ}, {c, emu_gemm_role(desc)}};
    emu_builder builder;
    if (emu_begin(&builder, "gemm", context, properties, cache, desc, uses, 3))
        emu_gemm_step(&builder, desc, a, b, c);
    return emu_end(&builder, out_op);
}

cl_int emu_entry_gemm_activation EMU_OP(const emu_gemm *desc, const emu_activation *activation,
                                        emu_tensor *a, emu_tensor *b, emu_tensor *param,
                                        emu_tensor *c) {
    const emu_use uses[] = {{a, EMU_READ},
                            {b, EMU_READ},
                            {param, EMU_READ | EMU_OPTIONAL | EMU_NULLABLE},
                            {c, emu_gemm_role(desc)}};
    emu_builder builder;
    if (emu_begin(&builder, "gemm_activation", context, properties, cache, desc && activation, uses,
                  4)) {
        emu_gemm_step(&builder, desc, a, b, c);
        emu_fused_activation(&builder, activation, param, c);
    }
    return emu_end(&builder, out_op);
}

/* ---- Fully connected ------------------------------------------------------------------------ */

/* Images are flattened: input (N,C,H,W) is N rows of C H W, output (N,O,1,1); weight (1,1,C H W,O),
 * or (1,1,O,C H W) transposed. */
void emu_fully_connected_step(emu_builder *b, const emu_fully_connected *d, const emu_tensor *input,
                              const emu_tensor *weight, const emu_tensor *bias,
                              const emu_tensor *output) {
    const cl_uint inputs = input->c * input->h * input->w, outputs = output->c;
    const emu_gemm product = {
        .m = input->n, .n = outputs, .k = inputs, .transpose_b = d->transposed};
    emu_arithmetic(b, d->arithmetic);
    emu_require(b, d->flatten_axis == 1, "only axis 1 is flattened from");
    emu_require(b, d->transposed <= 1, "an unknown transform");
    emu_require(b, emu_has_shape(output, input->n, outputs, 1, 1), "the output is not (N,O,1,1)");
    emu_require(b,
                emu_has_shape(weight, 1, 1, d->transposed ? outputs : inputs,
                              d->transposed ? inputs : outputs),
                "the weight has not the shape of the transform");
    emu_require(b, !emu_present(bias) || emu_is_channel_vector(bias, outputs),
                "the bias is not (1,O,1,1)");
    product_step(b, &product, 1.0f, 0.0f, input, weight, bias, output);
}

cl_int emu_entry_fully_connected EMU_OP(const emu_fully_connected *desc, emu_tensor *input,
                                        emu_tensor *weight, emu_tensor *bias, emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ},
                            {bias, EMU_READ | EMU_OPTIONAL},
                            {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "fully_connected", context, properties, cache, desc, uses, 4))
        emu_fully_connected_step(&b, desc, input, weight, bias, output);
    return emu_end(&b, out_op);
}

cl_int emu_entry_fully_connected_activation EMU_OP(const emu_fully_connected *desc,
                                                   const emu_activation *activation,
                                                   emu_tensor *input, emu_tensor *weight,
                                                   emu_tensor *bias, emu_tensor *param,
                                                   emu_tensor *output) {
    const emu_use uses[] = {{input, EMU_READ | EMU_BATCHED},
                            {weight, EMU_READ},
                            {bias, EMU_READ | EMU_OPTIONAL},
                            {param, EMU_READ | EMU_OPTIONAL | EMU_NULLABLE},
                            {output, EMU_WRITE | EMU_BATCHED}};
    emu_builder b;
    if (emu_begin(&b, "fully_connected_activation", context, properties, cache, desc && activation,
                  uses, 5)) {
        emu_fully_connected_step(&b, desc, input, weight, bias, output);
        emu_fused_activation(&b, activation, param, output);
    }
    return emu_end(&b, out_op);
}
