/* conv2d as a porter writes it first: the formula of ops.def in loops, f32, sums in double. */
#include "ops.h"

#include <stdint.h>

static double activate(uint32_t activation, double value) {
    if (activation != RETUNE_ACTIVATION_NONE && value < 0)
        value = 0;
    return activation == RETUNE_ACTIVATION_RELU6 && value > 6 ? 6 : value;
}

void tiny_conv2d(const tiny_call *call) {
    const retune_convolution_attributes *a = &call->op->attributes.convolution;
    const int64_t *xs = call->op->inputs[0]->shape;  /* [N,H,W,I] */
    const int64_t *ws = call->op->inputs[1]->shape;  /* [O,Kh,Kw,I] */
    const int64_t *ys = call->op->outputs[0]->shape; /* [N,Ho,Wo,O] */
    const float *x = call->inputs[0], *weight = call->inputs[1];
    const float *scale = call->inputs[2], *bias = call->inputs[3]; /* [O], or NULL */
    float *y = call->outputs[0];
    for (int64_t at = 0; at < ys[0] * ys[1] * ys[2] * ys[3]; at++) {
        const int64_t o = at % ys[3], wo = at / ys[3] % ys[2], ho = at / ys[3] / ys[2] % ys[1];
        const int64_t n = at / ys[3] / ys[2] / ys[1];
        double sum = 0;
        for (int64_t kh = 0; kh < ws[1]; kh++)
            for (int64_t kw = 0; kw < ws[2]; kw++) {
                const int64_t h = ho * a->stride_height + kh * a->dilation_height - a->pad_top;
                const int64_t w = wo * a->stride_width + kw * a->dilation_width - a->pad_left;
                if (h < 0 || h >= xs[1] || w < 0 || w >= xs[2])
                    continue;
                for (int64_t i = 0; i < xs[3]; i++)
                    sum += (double)x[((n * xs[1] + h) * xs[2] + w) * xs[3] + i] *
                           (double)weight[((o * ws[1] + kh) * ws[2] + kw) * xs[3] + i];
            }
        sum = sum * (scale ? (double)scale[o] : 1) + (bias ? (double)bias[o] : 0);
        y[at] = (float)activate(a->activation, sum);
    }
}
