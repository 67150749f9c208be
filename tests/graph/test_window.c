/* Sliding windows against counting by hand. */
#include "base/window.h"

#include <criterion/criterion.h>

/* Positions p for which every tap of the window lies in the padded elements. */
static int64_t count_positions(int64_t padded, uint32_t kernel, uint32_t stride,
                               uint32_t dilation) {
    int64_t count = 0;
    for (int64_t at = 0; at < padded; at += stride) {
        int64_t last = at + (int64_t)dilation * (kernel - 1);
        count += last < padded;
    }
    return count;
}

Test(window, outputs) {
    for (int64_t size = 1; size <= 20; size++)
        for (uint32_t kernel = 1; kernel <= 7; kernel++)
            for (uint32_t stride = 1; stride <= 4; stride++)
                for (uint32_t dilation = 1; dilation <= 3; dilation++)
                    for (uint32_t before = 0; before <= 3; before++)
                        for (uint32_t after = 0; after <= 3; after++)
                            cr_assert_eq(
                                retune_window_output(size, kernel, stride, dilation, before, after),
                                count_positions(size + before + after, kernel, stride, dilation),
                                "size %d kernel %u stride %u dilation %u padding %u %u", (int)size,
                                kernel, stride, dilation, before, after);
}

/* The least padding that gives ceil(size / stride) positions, found by trying. */
static uint32_t least_padding(int64_t size, uint32_t kernel, uint32_t stride) {
    int64_t wanted = (size + stride - 1) / stride;
    uint32_t total = 0;
    while (count_positions(size + total, kernel, stride, 1) < wanted)
        total++;
    return total;
}

Test(window, same_padding) {
    for (int64_t size = 1; size <= 40; size++)
        for (uint32_t kernel = 1; kernel <= 7; kernel++)
            for (uint32_t stride = 1; stride <= 4; stride++) {
                uint32_t before = 99, after = 99;
                retune_window_same(size, kernel, stride, &before, &after);
                cr_assert_eq(before + after, least_padding(size, kernel, stride),
                             "size %d kernel %u stride %u: %u + %u", (int)size, kernel, stride,
                             before, after);
                cr_assert(after == before || after == before + 1,
                          "size %d kernel %u stride %u: %u before, %u after", (int)size, kernel,
                          stride, before, after);
                /* Surplus elements are left out at the end, so padding is all that can differ. */
                cr_assert_eq(retune_window_output(size, kernel, stride, 1, before, after),
                             (size + stride - 1) / stride);
            }
}

/* What TensorFlow does with MobileNet's maps. */
Test(window, known_padding) {
    uint32_t before, after;
    retune_window_same(224, 3, 2, &before, &after);
    cr_expect(before == 0 && after == 1);
    retune_window_same(7, 3, 2, &before, &after);
    cr_expect(before == 1 && after == 1);
    retune_window_same(14, 3, 1, &before, &after);
    cr_expect(before == 1 && after == 1);
    retune_window_same(1, 3, 2, &before, &after);
    cr_expect(before == 1 && after == 1);
}

Test(window, what_does_not_fit_has_no_position) {
    cr_expect_eq(retune_window_output(4, 5, 1, 1, 0, 0), 0);
    cr_expect_eq(retune_window_output(4, 3, 1, 2, 0, 0), 0);
    cr_expect_eq(retune_window_output(4, 3, 0, 1, 0, 0), 0);
    cr_expect_eq(retune_window_output(1, UINT32_MAX, 1, 1000, 0, 0), 0);
    cr_expect_eq(retune_window_output(4, 5, 1, 1, 0, 1), 1);
}
