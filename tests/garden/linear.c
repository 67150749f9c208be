#include "linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RATE     0.01f
#define MOMENTUM 0.9f
#define DECAY    0.01f

static void standardise_column(struct samples *train, struct samples *test, size_t column) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < train->count; i++) {
        double value = (double)train->rows[i * train->width + column];
        sum += value;
        squares += value * value;
    }
    double mean = sum / (double)train->count;
    double deviation = sqrt(fmax(squares / (double)train->count - mean * mean, 1e-12));
    struct samples *const both[] = {train, test};
    for (int b = 0; b < 2; b++)
        for (size_t i = 0; i < both[b]->count; i++) {
            float *value = &both[b]->rows[i * both[b]->width + column];
            *value = (float)(((double)*value - mean) / deviation);
        }
}

/* Probabilities of the classes; the weights are [classes][width + 1], the last one a bias. */
static void predict(const float *weights, const struct samples *samples, size_t index, float *out) {
    const float *row = samples->rows + index * samples->width;
    float highest = -INFINITY, sum = 0;
    for (int c = 0; c < samples->classes; c++) {
        const float *weight = weights + (size_t)c * (samples->width + 1);
        float dot = weight[samples->width];
        for (size_t j = 0; j < samples->width; j++)
            dot += weight[j] * row[j];
        out[c] = dot;
        highest = fmaxf(highest, dot);
    }
    for (int c = 0; c < samples->classes; c++)
        sum += out[c] = expf(out[c] - highest);
    for (int c = 0; c < samples->classes; c++)
        out[c] /= sum;
}

static double accuracy(const float *weights, const struct samples *samples) {
    size_t right = 0;
    float shares[64];
    for (size_t i = 0; i < samples->count; i++) {
        int best = 0;
        predict(weights, samples, i, shares);
        for (int c = 1; c < samples->classes; c++)
            if (shares[c] > shares[best])
                best = c;
        right += best == samples->labels[i];
    }
    return (double)right / (double)samples->count;
}

static void add_gradient(const float *weights, const struct samples *samples, size_t index,
                         float *gradient) {
    const float *row = samples->rows + index * samples->width;
    float shares[64];
    predict(weights, samples, index, shares);
    for (int c = 0; c < samples->classes; c++) {
        float error =
            (shares[c] - (samples->labels[index] == c ? 1.0f : 0.0f)) / (float)samples->count;
        float *into = gradient + (size_t)c * (samples->width + 1);
        for (size_t j = 0; j < samples->width; j++)
            into[j] += error * row[j];
        into[samples->width] += error;
    }
}

double linear_best_accuracy(struct samples *train, struct samples *test, int passes) {
    for (size_t column = 0; column < train->width; column++)
        standardise_column(train, test, column);
    size_t size = (size_t)train->classes * (train->width + 1);
    float *weights = calloc(size, sizeof *weights), *speed = calloc(size, sizeof *speed);
    float *gradient = calloc(size, sizeof *gradient);
    double best = 0;
    for (int pass = 0; pass < passes; pass++) {
        memset(gradient, 0, size * sizeof *gradient);
        for (size_t i = 0; i < train->count; i++)
            add_gradient(weights, train, i, gradient);
        for (size_t w = 0; w < size; w++) {
            speed[w] = MOMENTUM * speed[w] - RATE * (gradient[w] + DECAY * weights[w]);
            weights[w] += speed[w];
        }
        best = fmax(best, accuracy(weights, test));
    }
    free(gradient);
    free(speed);
    free(weights);
    return best;
}
