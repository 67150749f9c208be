/* Matrix products y [M,N] = a [M,K] * b [K,N] of shaders/matrix.comp, and of
 * shaders/cooperative.comp where the device has matrix units and maps are fp16. */
#ifndef RETUNE_VULKAN_MATRIX_H
#define RETUNE_VULKAN_MATRIX_H

#include "build.h"
#include "tile.h"

/* Those of tiles.def. */
extern const backend_tiles vulkan_tiles;

backend_capacity vulkan_capacity(const retune_backend_device *device);

/* A product as this device computes it. */
backend_product vulkan_product_of(const retune_backend_device *device, backend_product product);

/* Bytes that the dispatches hand on to one another. */
uint64_t vulkan_product_workspace(const retune_backend_device *device,
                                  const backend_product *product);

/* Describes the dispatches that compute output 0 of the op. */
void vulkan_product_prepare(vulkan_build *b, const backend_product *product);

/* Describes the dispatch of the product itself, with a tile: to the workspace, in parts, or to
 * output 0. */
void vulkan_product_dispatch(vulkan_build *b, const backend_product *product,
                             const backend_tile *tile, bool to_workspace);

#endif
