/* conv2d and its gradients as matrix products y [M,N] = a [M,K] * b [K,N], for backends that
 * compute all three in one way. A 1x1 convolution with stride 1 and no padding is a plain product;
 * any other reads its patches in place.
 *
 * An operand is a matrix of rows that are contiguous in memory: along k (a row is an m of a, or an
 * n of b) or along the other axis (a row is a k). How a row and a column become a place in memory
 * is the operand's source. */
#ifndef RETUNE_COMMON_PRODUCT_H
#define RETUNE_COMMON_PRODUCT_H

#include "retune/backend.h"

#include <stdbool.h>

/* Numbered as in the kernels. */
typedef enum backend_operand_source {
    BACKEND_OPERAND_PLAIN = 0,   /* row * stride + column */
    BACKEND_OPERAND_PATCHES = 1, /* what the window of a pixel of the result sees of the map */
    BACKEND_OPERAND_GRAD_PATCHES =
        2,                      /* the pixels of the result whose windows see one of the map */
    BACKEND_OPERAND_FILTERS = 3 /* row: (kh, kw, o); column: c, of weights [O,Kh,Kw,C] */
} backend_operand_source;

typedef struct backend_operand {
    uint32_t slot; /* of the op's inputs */
    backend_operand_source source;
    bool along_k;   /* rows are contiguous along k */
    int64_t stride; /* elements from row to row, of a plain operand */
    int64_t run;    /* elements that are contiguous wherever a multiple of it begins */
    uint32_t dtype;
} backend_operand;

/* The convolution behind a product: map [N,height,width,channels], result [N,out_height,out_width,
 * outputs]. */
typedef struct backend_geometry {
    int64_t height, width, channels, out_height, out_width, outputs, taps, kernel_width;
    int64_t stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
} backend_geometry;

typedef struct backend_product {
    int64_t m, n, k;
    backend_operand a, b;
    backend_geometry geometry;
    uint32_t y_dtype;
    int scale_slot, bias_slot; /* inputs of the epilogue, -1: none */
    uint32_t activation;
    bool halves; /* multiplicands are narrowed to fp16 for matrix units: the backend's choice */
} backend_product;

/* y [pixels,O] = x [pixels,taps*I] * weight [O,taps*I] turned */
backend_product backend_product_conv2d(const retune_op_desc *op);

/* dx [pixels,I] = dz [pixels,taps*O] * weight [taps*O,I] */
backend_product backend_product_conv2d_grad_input(const retune_op_desc *op);

/* dw [O,taps*I] = dz [pixels,O] turned * x [pixels,taps*I] */
backend_product backend_product_conv2d_grad_weight(const retune_op_desc *op);

/* Elements of a load: 8 for halves, else 4 or 1, as many as both operands allow. */
int backend_product_width(const backend_product *product);

/* Whether matrix units can multiply it: fp16 by fp16 or f32, in eights. */
bool backend_product_can_halve(const backend_product *product);

double backend_product_flops(const backend_product *product);

/* The same product with fewer pixels, of about `flops` where it has more: along m, or along k where
 * that is what pixels are. */
backend_product backend_product_slice(const backend_product *product, double flops);

/* Elements that a and b can touch. */
int64_t backend_product_a_elements(const backend_product *product);
int64_t backend_product_b_elements(const backend_product *product);

/* The numbers that kernels take, in their order: epilogue, activation, m, n, k, the length of a
 * part of k, strides of a and b, the geometry. */
enum { BACKEND_PRODUCT_NUMBERS = 22 };
void backend_product_numbers(const backend_product *product, int64_t part_length,
                             int64_t numbers[BACKEND_PRODUCT_NUMBERS]);

/* A text that products of one speed have in common. */
enum { BACKEND_PRODUCT_KEY = 160 };
void backend_product_key(const backend_product *product, char key[BACKEND_PRODUCT_KEY]);

#endif
