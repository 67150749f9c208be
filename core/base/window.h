/* Arithmetic of sliding windows: convolutions and pools. */
#ifndef RETUNE_BASE_WINDOW_H
#define RETUNE_BASE_WINDOW_H

#include <stdint.h>

/* Positions of a window of `kernel` taps `dilation` apart that moves by `stride` over `size`
 * elements with padding before and after; 0 when it does not fit once. */
static inline int64_t retune_window_output(int64_t size, uint32_t kernel, uint32_t stride,
                                           uint32_t dilation, uint32_t pad_before,
                                           uint32_t pad_after) {
    int64_t extent = (int64_t)dilation * ((int64_t)kernel - 1) + 1;
    int64_t room = size + pad_before + pad_after - extent;
    return room < 0 || stride == 0 ? 0 : room / stride + 1;
}

/* TensorFlow's SAME padding: ceil(size / stride) positions, the odd element of padding at the end.
 */
static inline void retune_window_same(int64_t size, uint32_t kernel, uint32_t stride,
                                      uint32_t *out_before, uint32_t *out_after) {
    int64_t positions = (size + stride - 1) / stride;
    int64_t total = (positions - 1) * stride + kernel - size;
    if (total < 0)
        total = 0;
    *out_before = (uint32_t)(total / 2);
    *out_after = (uint32_t)(total - total / 2);
}

#endif
