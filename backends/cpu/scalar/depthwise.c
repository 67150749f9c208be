/* depthwise_conv2d and its gradients: weight [Kh,Kw,C], one filter a channel. */
#include "axis.h"
#include "scalar.h"

#include <string.h>

/* One output: the sum over the window at (ho, wo) of channel c of x [H,W,C] * weight [Kh,Kw,C]. */
static double window_sum(const cpu_axes *axes, const float *x, const float *weight, int64_t c_count,
                         int64_t ho, int64_t wo, int64_t c) {
    double sum = 0.0;
    for (int64_t kh = 0; kh < axes->rows.kernel; kh++)
        for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
            int64_t h = cpu_axis_input(&axes->rows, ho, kh);
            int64_t w = cpu_axis_input(&axes->columns, wo, kw);
            if (h >= 0 && w >= 0)
                sum += (double)x[(h * axes->columns.in + w) * c_count + c] *
                       (double)weight[(kh * axes->columns.kernel + kw) * c_count + c];
        }
    return sum;
}

void cpu_scalar_depthwise_conv2d(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0], *wd = call->op->inputs[1];
    const retune_tensor_desc *yd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_convolution(call->op, xd, yd, wd->shape);
    int64_t c_count = wd->shape[2], image = axes.rows.in * axes.columns.in * c_count;
    const float *x = call->inputs[0];      /* [N,H,W,C] */
    const float *weight = call->inputs[1]; /* [Kh,Kw,C] */
    const float *scale = call->inputs[2];  /* [C] or NULL */
    const float *bias = call->inputs[3];   /* [C] or NULL */
    float *y = call->outputs[0];           /* [N,Ho,Wo,C] */
    uint32_t activation = call->op->attributes.convolution.activation;
#pragma omp parallel for collapse(2) num_threads(call->threads)
    for (int64_t n = 0; n < yd->shape[0]; n++)
        for (int64_t ho = 0; ho < axes.rows.out; ho++)
            for (int64_t wo = 0; wo < axes.columns.out; wo++) {
                float *out = y + ((n * axes.rows.out + ho) * axes.columns.out + wo) * c_count;
                for (int64_t c = 0; c < c_count; c++) {
                    double sum = window_sum(&axes, x + n * image, weight, c_count, ho, wo, c);
                    out[c] = cpu_scalar_epilogue(sum, scale, bias, c, activation);
                }
            }
}

/* One element of dx: the sum of dz [Ho,Wo,C] * weight [Kh,Kw,C] over all windows that see it. */
static double element_gradient(const cpu_axes *axes, const float *dz, const float *weight,
                               int64_t c_count, int64_t h, int64_t w, int64_t c) {
    double sum = 0.0;
    for (int64_t kh = 0; kh < axes->rows.kernel; kh++)
        for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
            int64_t ho = cpu_axis_output(&axes->rows, h, kh);
            int64_t wo = cpu_axis_output(&axes->columns, w, kw);
            if (ho >= 0 && wo >= 0)
                sum += (double)dz[(ho * axes->columns.out + wo) * c_count + c] *
                       (double)weight[(kh * axes->columns.kernel + kw) * c_count + c];
        }
    return sum;
}

void cpu_scalar_depthwise_conv2d_grad_input(const cpu_call *call) {
    const retune_tensor_desc *zd = call->op->inputs[0], *wd = call->op->inputs[1];
    const retune_tensor_desc *xd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_convolution(call->op, xd, zd, wd->shape);
    int64_t c_count = wd->shape[2], result = axes.rows.out * axes.columns.out * c_count;
    const float *dz = call->inputs[0];     /* [N,Ho,Wo,C] */
    const float *weight = call->inputs[1]; /* [Kh,Kw,C] */
    float *dx = call->outputs[0];          /* [N,H,W,C] */
#pragma omp parallel for collapse(2) num_threads(call->threads)
    for (int64_t n = 0; n < xd->shape[0]; n++)
        for (int64_t h = 0; h < axes.rows.in; h++)
            for (int64_t w = 0; w < axes.columns.in; w++) {
                float *out = dx + ((n * axes.rows.in + h) * axes.columns.in + w) * c_count;
                for (int64_t c = 0; c < c_count; c++)
                    out[c] =
                        (float)element_gradient(&axes, dz + n * result, weight, c_count, h, w, c);
            }
}

/* The gradient of element (kh, kw) of all filters: sums [C] += x [H,W,C] * dz [Ho,Wo,C]. */
static void element_sums(const cpu_axes *axes, const float *x, const float *dz, int64_t c_count,
                         int64_t kh, int64_t kw, double *sums) {
    for (int64_t ho = 0; ho < axes->rows.out; ho++)
        for (int64_t wo = 0; wo < axes->columns.out; wo++) {
            int64_t h = cpu_axis_input(&axes->rows, ho, kh);
            int64_t w = cpu_axis_input(&axes->columns, wo, kw);
            if (h < 0 || w < 0)
                continue;
            const float *pixel = x + (h * axes->columns.in + w) * c_count;
            const float *slope = dz + (ho * axes->columns.out + wo) * c_count;
            for (int64_t c = 0; c < c_count; c++)
                sums[c] += (double)pixel[c] * (double)slope[c];
        }
}

/* Sums of the whole of dw. */
uint64_t cpu_scalar_depthwise_conv2d_grad_weight_workspace(const retune_op_desc *op, int threads) {
    (void)threads;
    return (uint64_t)cpu_scalar_elements(op->outputs[0]) * sizeof(double);
}

void cpu_scalar_depthwise_conv2d_grad_weight(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0], *zd = call->op->inputs[1];
    const retune_tensor_desc *wd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_convolution(call->op, xd, zd, wd->shape);
    int64_t c_count = wd->shape[2], n_count = xd->shape[0];
    int64_t image = axes.rows.in * axes.columns.in * c_count;
    int64_t result = axes.rows.out * axes.columns.out * c_count;
    const float *x = call->inputs[0];  /* [N,H,W,C] */
    const float *dz = call->inputs[1]; /* [N,Ho,Wo,C] */
    float *dw = call->outputs[0];      /* [Kh,Kw,C] */
    float *dbias = call->outputs[1];   /* [C] or NULL */
#pragma omp parallel for collapse(2) num_threads(call->threads)
    for (int64_t kh = 0; kh < axes.rows.kernel; kh++)
        for (int64_t kw = 0; kw < axes.columns.kernel; kw++) {
            int64_t place = (kh * axes.columns.kernel + kw) * c_count;
            double *sums = (double *)call->workspace + place;
            memset(sums, 0, (size_t)c_count * sizeof *sums);
            for (int64_t n = 0; n < n_count; n++)
                element_sums(&axes, x + n * image, dz + n * result, c_count, kh, kw, sums);
            for (int64_t c = 0; c < c_count; c++)
                dw[place + c] = (float)sums[c];
        }
    if (dbias)
        cpu_scalar_bias_gradient(dz, n_count * axes.rows.out * axes.columns.out, c_count, dbias,
                                 call->threads);
}
