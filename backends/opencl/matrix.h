/* Matrix products y [M,N] = a [M,K] * b [K,N] of kernels/matrix.cl. */
#ifndef RETUNE_OPENCL_MATRIX_H
#define RETUNE_OPENCL_MATRIX_H

#include "build.h"
#include "tile.h"

/* Those of tiles.def. */
extern const backend_tiles opencl_tiles;

backend_capacity opencl_capacity(const retune_backend_device *device);

/* Bytes of the parts of sums; 0 when k is not divided. */
uint64_t opencl_product_workspace(const retune_backend_device *device,
                                  const backend_product *product);

/* Describes the launches that compute output 0 of the op. */
void opencl_product_prepare(opencl_build *b, const backend_product *product);

/* The options and work items of a launch with a tile, shared with tuning. */
void opencl_product_options(const backend_product *product, const backend_tile *tile, bool parts,
                            char text[512]);
void opencl_product_items(const backend_product *product, const backend_tile *tile, int64_t parts,
                          size_t global[3], size_t local[3]);

#endif
