/* Batch normalisation and its gradient. Statistics are divided by channels among the threads, the
 * rest by rows (a row is the channels of one pixel). */
#include "elements.h"
#include "reduce.h"

#include <math.h>
#include <stdbool.h>

typedef struct map {
    int64_t rows, channels;
} map;

static map map_of(const retune_tensor_desc *desc) {
    int64_t channels = channel_count(desc);
    return (map){.rows = element_count(desc) / channels, .channels = channels};
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* total[c] = sum over rows of (x - center)^power, power 1 or 2, of the channels of one strip. */
SIMD_INLINE void sum_strip(const map *shape, const float *x, int64_t count, const float *center,
                           int power, double *total) {
    for (int64_t c = 0; c < count; c++)
        total[c] = 0.0;
    for (int64_t begin = 0; begin < shape->rows; begin += SUM_BLOCK) {
        int64_t end = begin + SUM_BLOCK < shape->rows ? begin + SUM_BLOCK : shape->rows;
        float sum[STRIP_MOST] = {0};
        for (int64_t row = begin; row < end; row++) {
            const float *from = x + row * shape->channels;
            for (int64_t c = 0; c < count; c++) {
                float difference = from[c] - center[c];
                sum[c] += power == 1 ? difference : difference * difference;
            }
        }
        for (int64_t c = 0; c < count; c++)
            total[c] += (double)sum[c];
    }
}

/* Mean and biased variance of `count` channels. */
static void statistics(const map *shape, const float *x, int64_t count, double *mean,
                       double *variance) {
    float center[STRIP_MOST] = {0};
    sum_strip(shape, x, count, center, 1, mean);
    for (int64_t c = 0; c < count; c++) {
        mean[c] /= (double)shape->rows;
        center[c] = (float)mean[c];
    }
    sum_strip(shape, x, count, center, 2, variance);
    for (int64_t c = 0; c < count; c++)
        variance[c] /= (double)shape->rows;
}

static void statistics_strip(const cpu_call *call, const map *shape, int64_t first, int64_t count) {
    const retune_batch_norm_attributes *a = &call->op->attributes.batch_norm;
    double mean[STRIP_MOST], variance[STRIP_MOST], momentum = (double)a->momentum;
    float *saved_mean = (float *)call->outputs[1] + first;
    float *saved_inverse_std = (float *)call->outputs[2] + first;
    float *running_mean = (float *)call->outputs[3] + first;
    float *running_variance = (float *)call->outputs[4] + first;
    if (a->training)
        statistics(shape, (const float *)call->inputs[0] + first, count, mean, variance);
    for (int64_t c = 0; c < count; c++) {
        double old_mean = (double)running_mean[c], old_variance = (double)running_variance[c];
        if (a->training) {
            running_mean[c] = (float)(momentum * old_mean + (1.0 - momentum) * mean[c]);
            running_variance[c] = (float)(momentum * old_variance + (1.0 - momentum) * variance[c]);
        } else {
            mean[c] = old_mean;
            variance[c] = old_variance;
        }
        saved_mean[c] = (float)mean[c];
        saved_inverse_std[c] = (float)(1.0 / sqrt(variance[c] + (double)a->epsilon));
    }
}

void SIMD(batch_norm)(const cpu_call *call) {
    map shape = map_of(call->op->inputs[0]);
    int64_t channels = shape.channels;
    int threads = threads_for(call, shape.rows * channels);
    int64_t width = strip_width(channels, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t first = 0; first < channels; first += width)
        statistics_strip(call, &shape, first, channels - first < width ? channels - first : width);

    const float *x = call->inputs[0], *gamma = call->inputs[1], *beta = call->inputs[2];
    const float *mean = call->outputs[1], *inverse_std = call->outputs[2];
    float *y = call->outputs[0];
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t row = 0; row < shape.rows; row++) {
        const float *from = x + row * channels;
        float *to = y + row * channels;
#pragma omp simd
        for (int64_t c = 0; c < channels; c++)
            to[c] = (from[c] - mean[c]) * (gamma[c] * inverse_std[c]) + beta[c];
    }
}

/* ---- Gradient ------------------------------------------------------------------------------- */

/* dbeta = sum of dy and dgamma = sum of dy * normalised x, of the channels of one strip. */
static void gradient_strip(const cpu_call *call, const map *shape, int64_t first, int64_t count) {
    const float *x = (const float *)call->inputs[0] + first;
    const float *dy = (const float *)call->inputs[1] + first;
    const float *mean = (const float *)call->inputs[3] + first;
    const float *inverse_std = (const float *)call->inputs[4] + first;
    float *dgamma = (float *)call->outputs[1] + first, *dbeta = (float *)call->outputs[2] + first;
    double total[STRIP_MOST] = {0}, product_total[STRIP_MOST] = {0};
    for (int64_t begin = 0; begin < shape->rows; begin += SUM_BLOCK) {
        int64_t end = begin + SUM_BLOCK < shape->rows ? begin + SUM_BLOCK : shape->rows;
        float sum[STRIP_MOST] = {0}, product[STRIP_MOST] = {0};
        for (int64_t row = begin; row < end; row++) {
            const float *gradient = dy + row * shape->channels, *from = x + row * shape->channels;
            for (int64_t c = 0; c < count; c++) {
                sum[c] += gradient[c];
                product[c] += gradient[c] * (from[c] - mean[c]);
            }
        }
        for (int64_t c = 0; c < count; c++) {
            total[c] += (double)sum[c];
            product_total[c] += (double)product[c];
        }
    }
    for (int64_t c = 0; c < count; c++) {
        dbeta[c] = (float)total[c];
        dgamma[c] = (float)(product_total[c] * (double)inverse_std[c]);
    }
}

void SIMD(batch_norm_grad)(const cpu_call *call) {
    map shape = map_of(call->op->inputs[0]);
    int64_t channels = shape.channels;
    int threads = threads_for(call, shape.rows * channels);
    int64_t width = strip_width(channels, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t first = 0; first < channels; first += width)
        gradient_strip(call, &shape, first, channels - first < width ? channels - first : width);

    const float *x = call->inputs[0], *dy = call->inputs[1], *gamma = call->inputs[2];
    const float *mean = call->inputs[3], *inverse_std = call->inputs[4];
    const float *dgamma = call->outputs[1], *dbeta = call->outputs[2];
    float *dx = call->outputs[0];
    /* Training, the mean and the variance moved with x. */
    float share = call->op->attributes.batch_norm.training ? 1.0f / (float)shape.rows : 0.0f;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t row = 0; row < shape.rows; row++) {
        int64_t at = row * channels;
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
            float normalised = (x[at + c] - mean[c]) * inverse_std[c];
            float through = dy[at + c] - share * (dbeta[c] + normalised * dgamma[c]);
            dx[at + c] = gamma[c] * inverse_std[c] * through;
        }
    }
}
