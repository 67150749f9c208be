/* Matrix products y [M,N] = a [M,K] * b [K,N] of kernels/matrix.cl: which tiles, in how many parts.
 */
#ifndef RETUNE_OPENCL_MATRIX_H
#define RETUNE_OPENCL_MATRIX_H

#include "build.h"

/* Numbered as in the kernel. */
typedef enum opencl_operand_source {
    OPENCL_OPERAND_PLAIN = 0,
    OPENCL_OPERAND_PATCHES = 1,
    OPENCL_OPERAND_GRAD_PATCHES = 2,
    OPENCL_OPERAND_FILTERS = 3
} opencl_operand_source;

typedef struct opencl_operand {
    uint32_t slot; /* of the op's inputs */
    opencl_operand_source source;
    bool along_k;   /* rows are contiguous along k */
    int64_t stride; /* elements from row to row, of a plain operand */
    int64_t run;    /* elements that are contiguous wherever a multiple of it begins */
    uint32_t dtype;
} opencl_operand;

/* What the convolution behind a product looks like; kernels/matrix.cl says what for. */
typedef struct opencl_geometry {
    int64_t height, width, channels, out_height, out_width, outputs, taps, kernel_width;
    int64_t stride_height, stride_width, dilation_height, dilation_width, pad_top, pad_left;
} opencl_geometry;

typedef struct opencl_product {
    int64_t m, n, k;
    opencl_operand a, b;
    opencl_geometry geometry;
    uint32_t y_dtype;
    int scale_slot, bias_slot; /* inputs of the epilogue, -1: none */
    uint32_t activation;
} opencl_product;

/* A row of tiles.def. */
typedef struct opencl_tile {
    int m, n, k, work_m, work_n, vector, prefetch;
    bool cpu;    /* for the host's cores rather than a GPU */
    float speed; /* as a share of the best, while the device is full */
} opencl_tile;

extern const opencl_tile opencl_tiles[];
extern const size_t opencl_tile_count;

/* True when the device can run it for this product. */
bool opencl_tile_fits(const retune_backend_device *device, const opencl_tile *tile);

/* What the product costs with a tile, by a simple model; only comparing makes sense. */
double opencl_tile_cost(const retune_backend_device *device, const opencl_product *product,
                        const opencl_tile *tile);

/* Parts that k is divided into. It depends on shapes and the device alone, never on what tuning
 * found: the order of sums does not either. */
int64_t opencl_product_parts(const retune_backend_device *device, const opencl_product *product);

/* Bytes of the parts of sums; 0 when k is not divided. */
uint64_t opencl_product_workspace(const retune_backend_device *device,
                                  const opencl_product *product);

/* Describes the launches that compute output 0 of the op. */
void opencl_product_prepare(opencl_build *b, const opencl_product *product);

/* The options, work items and plain numbers of a launch with a tile, shared with tuning. */
void opencl_product_options(const opencl_product *product, const opencl_tile *tile, bool parts,
                            char text[512]);
void opencl_product_items(const opencl_product *product, const opencl_tile *tile, int64_t parts,
                          size_t global[3], size_t local[3]);
enum { OPENCL_PRODUCT_NUMBERS = 22 };
void opencl_product_numbers(const retune_backend_device *device, const opencl_product *product,
                            int64_t numbers[OPENCL_PRODUCT_NUMBERS]);

#endif
