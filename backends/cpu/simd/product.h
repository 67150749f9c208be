/* The matrix product behind every convolution: result[m][n] = sum over k of left[m][k] right[k][n].
 *
 * Sums run over k in an order that depends on the sizes and the instruction set alone, so that the
 * bits are the same for any number of threads. */
#ifndef RETUNE_CPU_SIMD_PRODUCT_H
#define RETUNE_CPU_SIMD_PRODUCT_H

#include "epilogue.h"
#include "matrix.h"

/* Where rows of the result go: row (image, y, x) of a grid starts at data + image * image_step
 * + y * row_step + x * column_step floats, and is dense. */
typedef struct simd_result {
    float *data;
    int64_t height, width;
    int64_t image_step, row_step, column_step;
} simd_result;

typedef struct simd_product {
    int64_t rows, columns, depth;
    simd_matrix left, right; /* rows x depth, depth x columns */
    simd_result result;
    simd_epilogue epilogue; /* over columns */
} simd_product;

/* rows x columns in memory, one row after the other. */
static inline simd_result simd_dense_result(float *data, int64_t rows, int64_t columns) {
    return (simd_result){.data = data, .height = 1, .width = rows, .column_step = columns};
}

/* Bytes of `workspace`, which is aligned to 64. */
uint64_t SIMD(product_workspace)(int64_t rows, int64_t columns, int64_t depth, int threads);
void SIMD(product)(const simd_product *product, void *workspace, int threads);

#endif
