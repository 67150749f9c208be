/* conv2d and its gradients. */
#include "axis.h"
#include "scalar.h"

#include <omp.h>
#include <string.h>

/* One output: the sum over the window at (ho, wo) of x [H,W,I] * weight [Kh,Kw,I]. */
static double window_sum(const cpu_axes *axes, const float *x, const float *weight, int64_t i_count,
                         int64_t ho, int64_t wo) {
    double sum = 0.0;
    for (int64_t kh = 0; kh < axes->rows.kernel; kh++) {
        int64_t h = cpu_axis_input(&axes->rows, ho, kh);
        if (h < 0)
            continue;
        for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
            int64_t w = cpu_axis_input(&axes->columns, wo, kw);
            if (w < 0)
                continue;
            const float *pixel = x + (h * axes->columns.in + w) * i_count;
            const float *filter = weight + (kh * axes->columns.kernel + kw) * i_count;
            for (int64_t i = 0; i < i_count; i++)
                sum += (double)pixel[i] * (double)filter[i];
        }
    }
    return sum;
}

void cpu_scalar_conv2d(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0], *wd = call->op->inputs[1];
    const retune_tensor_desc *yd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_convolution(call->op, xd, yd, wd->shape + 1);
    int64_t i_count = wd->shape[3], o_count = wd->shape[0];
    int64_t image = axes.rows.in * axes.columns.in * i_count;
    int64_t filter = axes.rows.kernel * axes.columns.kernel * i_count;
    const float *x = call->inputs[0];      /* [N,H,W,I] */
    const float *weight = call->inputs[1]; /* [O,Kh,Kw,I] */
    const float *scale = call->inputs[2];  /* [O] or NULL */
    const float *bias = call->inputs[3];   /* [O] or NULL */
    float *y = call->outputs[0];           /* [N,Ho,Wo,O] */
    uint32_t activation = call->op->attributes.convolution.activation;
#pragma omp parallel for collapse(2) num_threads(call->threads)
    for (int64_t n = 0; n < yd->shape[0]; n++)
        for (int64_t ho = 0; ho < axes.rows.out; ho++)
            for (int64_t wo = 0; wo < axes.columns.out; wo++) {
                float *out = y + ((n * axes.rows.out + ho) * axes.columns.out + wo) * o_count;
                for (int64_t o = 0; o < o_count; o++) {
                    double sum =
                        window_sum(&axes, x + n * image, weight + o * filter, i_count, ho, wo);
                    out[o] = cpu_scalar_epilogue(sum, scale, bias, o, activation);
                }
            }
}

/* One pixel of dx: sums [I] of dz [Ho,Wo,O] * weight [O,Kh,Kw,I] over all windows that see (h, w).
 */
static void pixel_gradient(const cpu_axes *axes, const float *dz, const float *weight,
                           int64_t o_count, int64_t i_count, int64_t h, int64_t w, double *sums) {
    memset(sums, 0, (size_t)i_count * sizeof *sums);
    for (int64_t kh = 0; kh < axes->rows.kernel; kh++) {
        int64_t ho = cpu_axis_output(&axes->rows, h, kh);
        if (ho < 0)
            continue;
        for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
            int64_t wo = cpu_axis_output(&axes->columns, w, kw);
            if (wo < 0)
                continue;
            const float *slope = dz + (ho * axes->columns.out + wo) * o_count;
            for (int64_t o = 0; o < o_count; o++) {
                const float *filter =
                    weight + ((o * axes->rows.kernel + kh) * axes->columns.kernel + kw) * i_count;
                for (int64_t i = 0; i < i_count; i++)
                    sums[i] += (double)slope[o] * (double)filter[i];
            }
        }
    }
}

/* Sums of one pixel [I] for each thread. */
uint64_t cpu_scalar_conv2d_grad_input_workspace(const retune_op_desc *op, int threads) {
    return (uint64_t)op->inputs[1]->shape[3] * sizeof(double) * (uint64_t)threads;
}

void cpu_scalar_conv2d_grad_input(const cpu_call *call) {
    const retune_tensor_desc *zd = call->op->inputs[0], *wd = call->op->inputs[1];
    const retune_tensor_desc *xd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_convolution(call->op, xd, zd, wd->shape + 1);
    int64_t i_count = wd->shape[3], o_count = wd->shape[0];
    int64_t result = axes.rows.out * axes.columns.out * o_count;
    const float *dz = call->inputs[0];     /* [N,Ho,Wo,O] */
    const float *weight = call->inputs[1]; /* [O,Kh,Kw,I] */
    float *dx = call->outputs[0];          /* [N,H,W,I] */
#pragma omp parallel for collapse(2) num_threads(call->threads)
    for (int64_t n = 0; n < xd->shape[0]; n++)
        for (int64_t h = 0; h < axes.rows.in; h++) {
            double *sums = (double *)call->workspace + omp_get_thread_num() * i_count;
            for (int64_t w = 0; w < axes.columns.in; w++) {
                pixel_gradient(&axes, dz + n * result, weight, o_count, i_count, h, w, sums);
                float *out = dx + ((n * axes.rows.in + h) * axes.columns.in + w) * i_count;
                for (int64_t i = 0; i < i_count; i++)
                    out[i] = (float)sums[i];
            }
        }
}

/* The gradient of one filter: sums [Kh,Kw,I] += x [H,W,I] * dz [Ho,Wo,O] at channel `o`. */
static void filter_gradient(const cpu_axes *axes, const float *x, const float *dz, int64_t i_count,
                            int64_t o_count, int64_t o, double *sums) {
    for (int64_t ho = 0; ho < axes->rows.out; ho++)
        for (int64_t wo = 0; wo < axes->columns.out; wo++) {
            double slope = (double)dz[(ho * axes->columns.out + wo) * o_count + o];
            for (int64_t kh = 0; kh < axes->rows.kernel; kh++)
                for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
                    int64_t h = cpu_axis_input(&axes->rows, ho, kh);
                    int64_t w = cpu_axis_input(&axes->columns, wo, kw);
                    if (h < 0 || w < 0)
                        continue;
                    const float *pixel = x + (h * axes->columns.in + w) * i_count;
                    double *sum = sums + (kh * axes->columns.kernel + kw) * i_count;
                    for (int64_t i = 0; i < i_count; i++)
                        sum[i] += (double)pixel[i] * slope;
                }
        }
}

/* Sums of the whole of dw. */
uint64_t cpu_scalar_conv2d_grad_weight_workspace(const retune_op_desc *op, int threads) {
    (void)threads;
    return (uint64_t)cpu_scalar_elements(op->outputs[0]) * sizeof(double);
}

void cpu_scalar_conv2d_grad_weight(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0], *zd = call->op->inputs[1];
    const retune_tensor_desc *wd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_convolution(call->op, xd, zd, wd->shape + 1);
    int64_t i_count = wd->shape[3], o_count = wd->shape[0], n_count = xd->shape[0];
    int64_t image = axes.rows.in * axes.columns.in * i_count;
    int64_t result = axes.rows.out * axes.columns.out * o_count;
    int64_t filter = axes.rows.kernel * axes.columns.kernel * i_count;
    const float *x = call->inputs[0];  /* [N,H,W,I] */
    const float *dz = call->inputs[1]; /* [N,Ho,Wo,O] */
    float *dw = call->outputs[0];      /* [O,Kh,Kw,I] */
    float *dbias = call->outputs[1];   /* [O] or NULL */
#pragma omp parallel for num_threads(call->threads)
    for (int64_t o = 0; o < o_count; o++) {
        double *sums = (double *)call->workspace + o * filter;
        memset(sums, 0, (size_t)filter * sizeof *sums);
        for (int64_t n = 0; n < n_count; n++)
            filter_gradient(&axes, x + n * image, dz + n * result, i_count, o_count, o, sums);
        for (int64_t e = 0; e < filter; e++)
            dw[o * filter + e] = (float)sums[e];
    }
    if (dbias)
        cpu_scalar_bias_gradient(dz, n_count * axes.rows.out * axes.columns.out, o_count, dbias,
                                 call->threads);
}

void cpu_scalar_bias_gradient(const float *dz, int64_t rows, int64_t o_count, float *dbias,
                              int threads) {
#pragma omp parallel for num_threads(threads)
    for (int64_t o = 0; o < o_count; o++) {
        double sum = 0.0;
        for (int64_t r = 0; r < rows; r++)
            sum += (double)dz[r * o_count + o];
        dbias[o] = (float)sum;
    }
}
