/* pool and pool_grad. */
#include "axis.h"
#include "scalar.h"

#include <stdbool.h>

/* Number of positions of a window that lie on the map. */
static int64_t covered(const cpu_axis *axis, int64_t out) {
    int64_t count = 0;
    for (int64_t k = 0; k < axis->kernel; k++)
        count += cpu_axis_input(axis, out, k) >= 0;
    return count;
}

static float average(const cpu_axes *axes, const float *x, int64_t c_count, int64_t ho, int64_t wo,
                     int64_t c) {
    double sum = 0.0;
    for (int64_t kh = 0; kh < axes->rows.kernel; kh++)
        for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
            int64_t h = cpu_axis_input(&axes->rows, ho, kh);
            int64_t w = cpu_axis_input(&axes->columns, wo, kw);
            if (h >= 0 && w >= 0)
                sum += (double)x[(h * axes->columns.in + w) * c_count + c];
        }
    return (float)(sum / (double)(covered(&axes->rows, ho) * covered(&axes->columns, wo)));
}

/* The offset in the map of the first maximum of a window; one that holds a NaN gives the NaN. */
static int64_t maximum(const cpu_axes *axes, const float *x, int64_t c_count, int64_t ho,
                       int64_t wo, int64_t c) {
    int64_t best = -1;
    for (int64_t kh = 0; kh < axes->rows.kernel; kh++)
        for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
            int64_t h = cpu_axis_input(&axes->rows, ho, kh);
            int64_t w = cpu_axis_input(&axes->columns, wo, kw);
            if (h < 0 || w < 0)
                continue;
            int64_t offset = h * axes->columns.in + w;
            float value = x[offset * c_count + c];
            if (best < 0 || value > x[best * c_count + c] || value != value)
                best = offset;
            if (value != value)
                return best;
        }
    return best;
}

void cpu_scalar_pool(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0], *yd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_pooling(call->op, xd, yd);
    int64_t c_count = xd->shape[3], image = axes.rows.in * axes.columns.in * c_count;
    const float *x = call->inputs[0];   /* [N,H,W,C] */
    float *y = call->outputs[0];        /* [N,Ho,Wo,C] */
    int32_t *argmax = call->outputs[1]; /* [N,Ho,Wo,C] or NULL */
    bool max = call->op->attributes.pooling.kind == RETUNE_POOL_MAX;
#pragma omp parallel for collapse(2) num_threads(call->threads)
    for (int64_t n = 0; n < yd->shape[0]; n++)
        for (int64_t ho = 0; ho < axes.rows.out; ho++)
            for (int64_t wo = 0; wo < axes.columns.out; wo++)
                for (int64_t c = 0; c < c_count; c++) {
                    int64_t out = ((n * axes.rows.out + ho) * axes.columns.out + wo) * c_count + c;
                    const float *map = x + n * image; /* [H,W,C] */
                    if (!max) {
                        y[out] = average(&axes, map, c_count, ho, wo, c);
                        continue;
                    }
                    int64_t best = maximum(&axes, map, c_count, ho, wo, c);
                    y[out] = map[best * c_count + c];
                    if (argmax)
                        argmax[out] = (int32_t)best;
                }
}

/* One element of dx: the sum of dy [Ho,Wo,C] over the windows that see it, divided by what they
 * cover, or only where argmax [Ho,Wo,C] points to it. */
static double element_gradient(const cpu_axes *axes, const float *dy, const int32_t *argmax,
                               int64_t c_count, int64_t h, int64_t w, int64_t c) {
    double sum = 0.0;
    for (int64_t kh = 0; kh < axes->rows.kernel; kh++)
        for (int64_t kw = 0; kw < axes->columns.kernel; kw++) {
            int64_t ho = cpu_axis_output(&axes->rows, h, kh);
            int64_t wo = cpu_axis_output(&axes->columns, w, kw);
            if (ho < 0 || wo < 0)
                continue;
            int64_t out = (ho * axes->columns.out + wo) * c_count + c;
            if (!argmax)
                sum += (double)dy[out] /
                       (double)(covered(&axes->rows, ho) * covered(&axes->columns, wo));
            else if (argmax[out] == h * axes->columns.in + w)
                sum += (double)dy[out];
        }
    return sum;
}

void cpu_scalar_pool_grad(const cpu_call *call) {
    const retune_tensor_desc *yd = call->op->inputs[0], *xd = call->op->outputs[0];
    cpu_axes axes = cpu_axes_of_pooling(call->op, xd, yd);
    int64_t c_count = xd->shape[3], result = axes.rows.out * axes.columns.out * c_count;
    const float *dy = call->inputs[0];       /* [N,Ho,Wo,C] */
    const int32_t *argmax = call->inputs[1]; /* [N,Ho,Wo,C], NULL for averages */
    float *dx = call->outputs[0];            /* [N,H,W,C] */
#pragma omp parallel for collapse(2) num_threads(call->threads)
    for (int64_t n = 0; n < xd->shape[0]; n++)
        for (int64_t h = 0; h < axes.rows.in; h++)
            for (int64_t w = 0; w < axes.columns.in; w++)
                for (int64_t c = 0; c < c_count; c++)
                    dx[((n * axes.rows.in + h) * axes.columns.in + w) * c_count + c] =
                        (float)element_gradient(&axes, dy + n * result,
                                                argmax ? argmax + n * result : NULL, c_count, h, w,
                                                c);
}
