#include "tile.h"

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most) {
    return value < least ? least : value > most ? most : value;
}

/* ---- Tiles ---------------------------------------------------------------------------------- */

int backend_tile_items(const backend_tile *t) {
    return (t->m / t->work_m) * (t->n / t->work_n) * (t->halves ? BACKEND_SUBGROUP : 1);
}

/* Rows of f32 have 4 elements more than the tile, rows of fp16 eight. */
uint64_t backend_tile_local_bytes(const backend_tile *t) {
    uint64_t buffers = 1 + (uint64_t)t->prefetch, k = (uint64_t)t->k,
             both = (uint64_t)(t->m + t->n);
    return t->halves ? buffers * both * (k + 8) * 2 : buffers * k * (both + 8) * sizeof(float);
}

bool backend_tile_fits(const backend_tile *t, const backend_product *p, const backend_capacity *c) {
    return t->halves == p->halves && t->cpu == c->is_cpu &&
           (uint64_t)backend_tile_items(t) <= c->group_items &&
           backend_tile_local_bytes(t) <= c->local_bytes;
}

/* Only comparing makes sense. */
static double cost_of(const backend_tile *t, const backend_product *p, const backend_capacity *c) {
    double groups =
        (double)(divide_up(p->m, t->m) * divide_up(p->n, t->n) * backend_product_parts(p, c));
    double units = c->compute_units ? (double)c->compute_units : 1;
    double rounds = groups <= units ? 1.0 : groups / units;
    return rounds * t->m * t->n / (double)t->speed;
}

size_t backend_tiles_rank(const backend_tiles *tiles, const backend_product *product,
                          const backend_capacity *capacity, size_t ranked[BACKEND_TILES_MAX]) {
    size_t count = 0;
    for (size_t n = 0; n < tiles->count; n++) {
        if (!backend_tile_fits(&tiles->list[n], product, capacity))
            continue;
        size_t place = count++;
        double cost = cost_of(&tiles->list[n], product, capacity);
        for (; place > 0; place--) {
            if (cost_of(&tiles->list[ranked[place - 1]], product, capacity) <= cost)
                break;
            ranked[place] = ranked[place - 1];
        }
        ranked[place] = n;
    }
    return count;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* k is divided for devices with more compute units than y has tiles of this size. */
enum { NOMINAL_TILE = 128, GROUPS_A_UNIT = 2, PART_LEAST = 64 };
#define PARTS_BYTES_MAX (INT64_C(256) << 20)

int64_t backend_product_part_length(const backend_product *p, const backend_capacity *c) {
    int64_t tiles = divide_up(p->m, NOMINAL_TILE) * divide_up(p->n, NOMINAL_TILE);
    int64_t wanted = c->compute_units * GROUPS_A_UNIT / tiles;
    int64_t fitting = PARTS_BYTES_MAX / (p->m * p->n * (int64_t)sizeof(float));
    int64_t parts = clamp(wanted, 1, clamp(fitting, 1, divide_up(p->k, PART_LEAST)));
    return divide_up(divide_up(p->k, parts), PART_LEAST) * PART_LEAST;
}

int64_t backend_product_parts(const backend_product *p, const backend_capacity *c) {
    return divide_up(p->k, backend_product_part_length(p, c));
}

uint64_t backend_product_workspace(const backend_product *p, const backend_capacity *c) {
    int64_t parts = backend_product_parts(p, c);
    return parts == 1 ? 0 : (uint64_t)(parts * p->m * p->n) * sizeof(float);
}
