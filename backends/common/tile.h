/* Sizes that kernels of matrix products are compiled with, and what a product costs with them. */
#ifndef RETUNE_COMMON_TILE_H
#define RETUNE_COMMON_TILE_H

#include "product.h"

#include <stddef.h>

/* A group computes m x n of the result in steps of k, an item work_m x work_n of that; a subgroup
 * of BACKEND_SUBGROUP items where matrix units multiply. */
enum { BACKEND_SUBGROUP = 32 };
typedef struct backend_tile {
    int m, n, k, work_m, work_n, vector, prefetch;
    bool cpu;    /* for the host's cores rather than a GPU */
    float speed; /* as a share of the best, while the device is full */
    bool halves; /* multiplies fp16 on matrix units: for products with `halves`, and no others */
} backend_tile;

/* A backend's tiles, at most BACKEND_TILES_MAX. */
enum { BACKEND_TILES_MAX = 64 };
typedef struct backend_tiles {
    const backend_tile *list;
    size_t count;
} backend_tiles;

/* What counts of a device. */
typedef struct backend_capacity {
    bool is_cpu;
    int64_t compute_units;
    uint64_t group_items; /* of a work group, at most */
    uint64_t local_bytes; /* likewise */
} backend_capacity;

/* Items of a work group, and bytes of its local memory. */
int backend_tile_items(const backend_tile *tile);
uint64_t backend_tile_local_bytes(const backend_tile *tile);

/* Whether the device has room for the tile, and the tile is of the product's kind. */
bool backend_tile_fits(const backend_tile *tile, const backend_product *product,
                       const backend_capacity *capacity);

/* Numbers of the tiles that fit, those that a simple model likes best first. Returns how many. */
size_t backend_tiles_rank(const backend_tiles *tiles, const backend_product *product,
                          const backend_capacity *capacity, size_t ranked[BACKEND_TILES_MAX]);

/* Elements of a part of k, a multiple of every tile's. It depends on shapes and the device alone,
 * never on what tuning found: the order of sums does not either. */
int64_t backend_product_part_length(const backend_product *product,
                                    const backend_capacity *capacity);
int64_t backend_product_parts(const backend_product *product, const backend_capacity *capacity);

/* Bytes of the parts of sums; 0 when k is not divided. */
uint64_t backend_product_workspace(const backend_product *product,
                                   const backend_capacity *capacity);

#endif
