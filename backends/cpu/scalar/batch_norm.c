/* batch_norm and batch_norm_grad. Rows are the R = N*H*W pixels: maps are [R,C]. */
#include "scalar.h"

#include <math.h>
#include <stdbool.h>

static int64_t row_count(const retune_tensor_desc *map) {
    return cpu_scalar_elements(map) / cpu_scalar_channels(map);
}

/* Mean and biased variance of channel c. */
static void batch_statistics(const float *x, int64_t rows, int64_t c_count, int64_t c, double *mean,
                             double *variance) {
    double sum = 0.0, squares = 0.0;
    for (int64_t r = 0; r < rows; r++)
        sum += (double)x[r * c_count + c];
    *mean = sum / (double)rows;
    for (int64_t r = 0; r < rows; r++) {
        double difference = (double)x[r * c_count + c] - *mean;
        squares += difference * difference;
    }
    *variance = squares / (double)rows;
}

void cpu_scalar_batch_norm(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0];
    const retune_batch_norm_attributes *a = &call->op->attributes.batch_norm;
    int64_t rows = row_count(xd), c_count = cpu_scalar_channels(xd);
    const float *x = call->inputs[0];     /* [R,C] */
    const float *gamma = call->inputs[1]; /* [C], as all below but y */
    const float *beta = call->inputs[2];
    float *y = call->outputs[0]; /* [R,C] */
    float *saved_mean = call->outputs[1];
    float *saved_inverse_std = call->outputs[2];
    float *running_mean = call->outputs[3]; /* inputs 3 and 4 are the same memory */
    float *running_variance = call->outputs[4];
#pragma omp parallel for num_threads(call->threads)
    for (int64_t c = 0; c < c_count; c++) {
        double mean = (double)running_mean[c], variance = (double)running_variance[c];
        if (a->training) {
            double momentum = (double)a->momentum;
            batch_statistics(x, rows, c_count, c, &mean, &variance);
            running_mean[c] = (float)(momentum * (double)running_mean[c] + (1.0 - momentum) * mean);
            running_variance[c] =
                (float)(momentum * (double)running_variance[c] + (1.0 - momentum) * variance);
        }
        double inverse_std = 1.0 / sqrt(variance + (double)a->epsilon);
        saved_mean[c] = (float)mean;
        saved_inverse_std[c] = (float)inverse_std;
        for (int64_t r = 0; r < rows; r++)
            y[r * c_count + c] =
                (float)((double)gamma[c] * ((double)x[r * c_count + c] - mean) * inverse_std +
                        (double)beta[c]);
    }
}

void cpu_scalar_batch_norm_grad(const cpu_call *call) {
    const retune_tensor_desc *xd = call->op->inputs[0];
    bool training = call->op->attributes.batch_norm.training;
    int64_t rows = row_count(xd), c_count = cpu_scalar_channels(xd);
    const float *x = call->inputs[0];     /* [R,C] */
    const float *dy = call->inputs[1];    /* [R,C] */
    const float *gamma = call->inputs[2]; /* [C], as all below but dx */
    const float *saved_mean = call->inputs[3];
    const float *saved_inverse_std = call->inputs[4];
    float *dx = call->outputs[0]; /* [R,C] */
    float *dgamma = call->outputs[1];
    float *dbeta = call->outputs[2];
#pragma omp parallel for num_threads(call->threads)
    for (int64_t c = 0; c < c_count; c++) {
        double mean = (double)saved_mean[c], inverse_std = (double)saved_inverse_std[c];
        double slope = 0.0, product = 0.0; /* sums of dy and of dy * normalised x */
        for (int64_t r = 0; r < rows; r++) {
            double normalised = ((double)x[r * c_count + c] - mean) * inverse_std;
            slope += (double)dy[r * c_count + c];
            product += (double)dy[r * c_count + c] * normalised;
        }
        dgamma[c] = (float)product;
        dbeta[c] = (float)slope;
        for (int64_t r = 0; r < rows; r++) {
            double normalised = ((double)x[r * c_count + c] - mean) * inverse_std;
            double through = (double)dy[r * c_count + c];
            if (training) /* the mean and the variance moved with x */
                through -= (slope + normalised * product) / (double)rows;
            dx[r * c_count + c] = (float)((double)gamma[c] * inverse_std * through);
        }
    }
}
