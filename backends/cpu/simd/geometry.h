/* The positions a convolution visits, one axis at a time.
 *
 * A convolution and its transpose are the same walk: at each position of a grid, look at a few taps
 * of a source map. Position p sees, at tap t, the source element
 *     first + p * step + t * tap_step
 * and multiplies it by the kernel element weight_first + t * weight_step. What the walk computes
 * at p goes to element out_first + p * out_step of the result. Elements outside the map are zero.
 */
#ifndef RETUNE_CPU_SIMD_GEOMETRY_H
#define RETUNE_CPU_SIMD_GEOMETRY_H

#include "retune/backend.h"

typedef struct simd_axis {
    int64_t extent; /* elements of the source map */
    int64_t count;  /* positions of the grid */
    int64_t first, step;
    int64_t taps, tap_step; /* tap_step > 0 */
    int64_t weight_first, weight_step;
    int64_t out_first, out_step;
} simd_axis;

/* One axis of a convolution. */
typedef struct simd_span {
    int64_t in, out, kernel; /* sizes of x, of y and of the kernel */
    int64_t stride, dilation, pad;
} simd_span;

typedef struct simd_convolution {
    int64_t batch, inputs, outputs; /* depthwise: inputs = outputs = channels */
    simd_span height, width;
} simd_convolution;

/* The shapes of x, weight and y or their gradients, in whichever slots the op has them. */
simd_convolution simd_convolution_of(const retune_op_desc *op, const retune_tensor_desc *x,
                                     const retune_tensor_desc *weight, const retune_tensor_desc *y);

/* y from x: a position an element of y. */
simd_axis simd_axis_forward(const simd_span *span);

/* dx from dz: the elements of dx that have the remainder `phase` when divided by the stride, which
 * are those that the same taps reach. There may be none of either. */
simd_axis simd_axis_backward(const simd_span *span, int64_t phase);

/* The taps [out_begin, out_end) that fall on the source map, at a position. */
static inline void simd_axis_clip(const simd_axis *axis, int64_t position, int64_t *out_begin,
                                  int64_t *out_end) {
    int64_t start = axis->first + position * axis->step, begin = 0, end = axis->taps;
    while (begin < end && start + begin * axis->tap_step < 0)
        begin++;
    while (end > begin && start + (end - 1) * axis->tap_step >= axis->extent)
        end--;
    *out_begin = begin;
    *out_end = end;
}

#endif
