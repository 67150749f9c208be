#include "tune.h"

#include "cache.h"
#include "compiler.h"
#include "error.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_LENGTH = 160, CANDIDATES_AUTO = 3 };

/* Products below this are not worth measuring; large ones are measured on a slice that keeps the
 * device busy for a few milliseconds. */
#define FLOPS_LEAST_CPU 2e8
#define FLOPS_LEAST_GPU 1e6
#define FLOPS_SLICE_CPU 5e8
#define FLOPS_SLICE_GPU 2e10

/* What was found for a product. */
typedef struct finding {
    char key[KEY_LENGTH];
    size_t tile;
} finding;

struct opencl_tuning {
    finding *findings;
    size_t count, capacity;
    char file_name[64];
};

/* ---- Findings ------------------------------------------------------------------------------- */

static retune_status add_finding(opencl_tuning *t, const char *key, size_t tile,
                                 retune_error *error) {
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 16;
        finding *findings = realloc(t->findings, capacity * sizeof *findings);
        if (!findings)
            return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: tuned sizes");
        t->findings = findings;
        t->capacity = capacity;
    }
    finding *f = &t->findings[t->count++];
    snprintf(f->key, sizeof f->key, "%s", key);
    f->tile = tile;
    return RETUNE_OK;
}

static const finding *find(const opencl_tuning *t, const char *key) {
    for (size_t n = 0; n < t->count; n++)
        if (strcmp(t->findings[n].key, key) == 0)
            return &t->findings[n];
    return NULL;
}

/* Lines of "tile key". A line that cannot be is passed over. */
static retune_status read_findings(opencl_tuning *t, char *text, retune_error *error) {
    char *rest = NULL;
    retune_status status = RETUNE_OK;
    for (char *line = strtok_r(text, "\n", &rest); line && status == RETUNE_OK;
         line = strtok_r(NULL, "\n", &rest)) {
        char *key = NULL;
        unsigned long tile = strtoul(line, &key, 10);
        if (key != line && *key == ' ' && tile < opencl_tile_count && strlen(key) < KEY_LENGTH)
            status = add_finding(t, key + 1, tile, error);
    }
    return status;
}

static void save_findings(const retune_backend_device *device) {
    const opencl_tuning *t = device->tuning;
    size_t size = t->count * (KEY_LENGTH + 16), used = 0;
    char *text = size && device->options.cache[0] ? malloc(size) : NULL;
    if (!text)
        return;
    for (size_t n = 0; n < t->count; n++)
        used += (size_t)snprintf(text + used, size - used, "%zu %s\n", t->findings[n].tile,
                                 t->findings[n].key);
    backend_cache_write(device->options.cache, t->file_name, text, used);
    free(text);
}

retune_status opencl_tuning_open(retune_backend_device *device, retune_error *error) {
    char identity[33];
    size_t bytes = 0;
    opencl_tuning *t = calloc(1, sizeof *t);
    if (!t)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: tuned sizes");
    device->tuning = t;
    opencl_compiler_identity(device, identity);
    snprintf(t->file_name, sizeof t->file_name, "%s.%s", identity,
             device->options.tune == OPENCL_TUNE_FULL ? "tuned_full" : "tuned");
    char *content = backend_cache_read(device->options.cache, t->file_name, &bytes);
    char *text = content ? calloc(1, bytes + 1) : NULL;
    retune_status status = RETUNE_OK;
    if (text) {
        memcpy(text, content, bytes);
        status = read_findings(t, text, error);
    }
    free(content);
    free(text);
    return status;
}

void opencl_tuning_close(retune_backend_device *device) {
    if (!device->tuning)
        return;
    free(device->tuning->findings);
    free(device->tuning);
    device->tuning = NULL;
}

/* ---- Slices --------------------------------------------------------------------------------- */

static double flops_of(const opencl_product *p) {
    return 2.0 * (double)p->m * (double)p->n * (double)p->k;
}

/* Fewer pixels of the same product: along m, or along k where that is what pixels are. Whole
 * images, so that patches stay as they are. */
static opencl_product slice_of(const retune_backend_device *device, const opencl_product *p) {
    opencl_product slice = *p;
    double share = (device->is_cpu ? FLOPS_SLICE_CPU : FLOPS_SLICE_GPU) / flops_of(p);
    int64_t *pixels = p->a.along_k ? &slice.m : &slice.k;
    int64_t least = 256;
    if (share < 1.0 && (int64_t)((double)*pixels * share) > least)
        *pixels = (int64_t)((double)*pixels * share) / 64 * 64;
    return slice;
}

/* Elements that an operand of a slice can touch. */
static int64_t operand_elements(const opencl_product *p, const opencl_operand *o, int64_t outer) {
    const opencl_geometry *g = &p->geometry;
    int64_t rows = o->along_k ? outer : p->k, map = g->height * g->width;
    int64_t result = g->out_height * g->out_width;
    switch (o->source) {
    case OPENCL_OPERAND_PATCHES:
        return (rows / result + 1) * map * g->channels;
    case OPENCL_OPERAND_GRAD_PATCHES:
        return (rows / map + 1) * result * g->outputs;
    case OPENCL_OPERAND_FILTERS:
        return g->outputs * g->taps * g->channels;
    default:
        return rows * o->stride;
    }
}

/* ---- Measuring ------------------------------------------------------------------------------ */

/* Memory that a trial reads and writes. What it holds does not matter. */
typedef struct trial {
    const opencl_product *product;
    cl_mem a, b, y;
    size_t a_bytes, b_bytes, y_bytes;
} trial;

static void close_trial(retune_backend_device *device, trial *t) {
    opencl_device_give_back(device, t->a, t->a_bytes);
    opencl_device_give_back(device, t->b, t->b_bytes);
    opencl_device_give_back(device, t->y, t->y_bytes);
}

static retune_status open_trial(retune_backend_device *device, const opencl_product *p, trial *t,
                                retune_error *error) {
    int64_t parts = opencl_product_parts(device, p);
    *t = (trial){.product = p,
                 .a_bytes = (size_t)operand_elements(p, &p->a, p->m) * sizeof(float),
                 .b_bytes = (size_t)operand_elements(p, &p->b, p->n) * sizeof(float),
                 .y_bytes = (size_t)(parts * p->m * p->n) * sizeof(float)};
    retune_status status = opencl_device_take(device, t->a_bytes, "a trial", &t->a, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->b_bytes, "a trial", &t->b, error);
    if (status == RETUNE_OK)
        status = opencl_device_take(device, t->y_bytes, "a trial", &t->y, error);
    if (status != RETUNE_OK)
        close_trial(device, t);
    return status;
}

static cl_int set_arguments(const retune_backend_device *device, const trial *t, cl_kernel kernel) {
    int64_t numbers[OPENCL_PRODUCT_NUMBERS];
    const cl_mem memory[] = {t->a, t->b, t->y, device->nothing, device->nothing};
    cl_uint index = 0;
    cl_int code = CL_SUCCESS;
    opencl_product_numbers(device, t->product, numbers);
    numbers[0] = 0; /* a trial has no epilogue */
    for (size_t n = 0; n < sizeof memory / sizeof memory[0] && code == CL_SUCCESS; n++)
        code = cl.clSetKernelArg(kernel, index++, sizeof memory[n], &memory[n]);
    for (size_t n = 0; n < OPENCL_PRODUCT_NUMBERS && code == CL_SUCCESS; n++) {
        cl_int word = (cl_int)numbers[n];
        code = cl.clSetKernelArg(kernel, index++, sizeof word, &word);
    }
    return code;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Seconds of `count` runs after the queue was empty. */
static cl_int time_runs(retune_backend_device *device, cl_kernel kernel, const size_t *global,
                        const size_t *local, int count, double *out_seconds) {
    cl_int code = cl.clFinish(device->queue);
    double began = now();
    for (int n = 0; n < count && code == CL_SUCCESS; n++)
        code =
            cl.clEnqueueNDRangeKernel(device->queue, kernel, 3, NULL, global, local, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        code = cl.clFinish(device->queue);
    *out_seconds = now() - began;
    return code;
}

/* Runs that together take long enough to be measured, when one takes `seconds`. */
static int run_count(double seconds) {
    const double wanted = 1e-3;
    return seconds > wanted ? 1 : seconds > wanted / 50 ? (int)(wanted / seconds) + 1 : 50;
}

/* Seconds of one run with a tile: the least of a few, after one that warms up. */
static retune_status measure(retune_backend_device *device, const trial *t, const opencl_tile *tile,
                             double *out_seconds, retune_error *error) {
    enum { REPETITIONS = 3 };
    char options[512];
    size_t global[3], local[3];
    cl_kernel kernel;
    int64_t parts = opencl_product_parts(device, t->product);
    double seconds = 0.0;
    opencl_product_options(t->product, tile, parts > 1, options);
    opencl_product_items(t->product, tile, parts, global, local);
    retune_status status =
        opencl_compiler_kernel(device, "matrix", "matrix_product", options, &kernel, error);
    if (status != RETUNE_OK)
        return status;
    *out_seconds = 1e30;
    if (local[0] <= opencl_compiler_group_items(device, kernel)) {
        cl_int code = set_arguments(device, t, kernel);
        if (code == CL_SUCCESS)
            code = time_runs(device, kernel, global, local, 1, &seconds);
        int runs = run_count(seconds);
        for (int r = 0; r < REPETITIONS && code == CL_SUCCESS; r++) {
            code = time_runs(device, kernel, global, local, runs, &seconds);
            if (seconds / runs < *out_seconds)
                *out_seconds = seconds / runs;
        }
        status = opencl_device_note(device, opencl_check_wait(code, "a trial of a tile", error));
    }
    cl.clReleaseKernel(kernel);
    return status;
}

/* ---- Choosing ------------------------------------------------------------------------------- */

/* Tiles that fit, those that the model likes best first. Returns how many. */
static size_t rank_tiles(const retune_backend_device *device, const opencl_product *p,
                         size_t *ranked) {
    size_t count = 0;
    for (size_t n = 0; n < opencl_tile_count; n++) {
        if (!opencl_tile_fits(device, &opencl_tiles[n]))
            continue;
        size_t place = count++;
        double cost = opencl_tile_cost(device, p, &opencl_tiles[n]);
        for (; place > 0; place--) {
            if (opencl_tile_cost(device, p, &opencl_tiles[ranked[place - 1]]) <= cost)
                break;
            ranked[place] = ranked[place - 1];
        }
        ranked[place] = n;
    }
    return count;
}

static retune_status search(retune_backend_device *device, const opencl_product *p,
                            const size_t *tiles, size_t count, size_t *out_tile,
                            retune_error *error) {
    trial t;
    double best = 1e30;
    *out_tile = tiles[0];
    /* No room for a trial is no reason not to run. */
    if (open_trial(device, p, &t, NULL) != RETUNE_OK)
        return RETUNE_OK;
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < count && status == RETUNE_OK; n++) {
        double seconds = 0.0;
        status = measure(device, &t, &opencl_tiles[tiles[n]], &seconds, error);
        if (status == RETUNE_OK && seconds < best) {
            best = seconds;
            *out_tile = tiles[n];
        }
    }
    close_trial(device, &t);
    return status;
}

static void make_key(const opencl_product *p, char key[KEY_LENGTH]) {
    const opencl_geometry *g = &p->geometry;
    bool plain = p->a.source == OPENCL_OPERAND_PLAIN && p->b.source == OPENCL_OPERAND_PLAIN;
    int used = snprintf(key, KEY_LENGTH, "%lldx%lldx%lld a%d%d%s b%d%d%s y%s", (long long)p->m,
                        (long long)p->n, (long long)p->k, p->a.source, p->a.along_k,
                        opencl_type_name(p->a.dtype), p->b.source, p->b.along_k,
                        opencl_type_name(p->b.dtype), opencl_type_name(p->y_dtype));
    if (!plain)
        snprintf(key + used, KEY_LENGTH - (size_t)used, " %lldx%lldx%lld s%lld",
                 (long long)g->height, (long long)g->width, (long long)g->taps,
                 (long long)g->stride_height);
}

retune_status opencl_tuning_tile(retune_backend_device *device, const opencl_product *product,
                                 const opencl_tile **out_tile, retune_error *error) {
    char key[KEY_LENGTH];
    size_t ranked[64], tile;
    opencl_product slice = slice_of(device, product);
    size_t count = rank_tiles(device, product, ranked);
    *out_tile = NULL;
    if (count == 0)
        return backend_fail(error, RETUNE_UNSUPPORTED,
                            "this device has too little local memory for a matrix product");
    *out_tile = &opencl_tiles[ranked[0]];
    if (device->options.tune == OPENCL_TUNE_OFF ||
        flops_of(product) < (device->is_cpu ? FLOPS_LEAST_CPU : FLOPS_LEAST_GPU))
        return RETUNE_OK;
    make_key(&slice, key);
    const finding *known = find(device->tuning, key);
    if (known && opencl_tile_fits(device, &opencl_tiles[known->tile])) {
        *out_tile = &opencl_tiles[known->tile];
        return RETUNE_OK;
    }
    if (device->options.tune == OPENCL_TUNE_AUTO && count > CANDIDATES_AUTO)
        count = CANDIDATES_AUTO;
    retune_status status = search(device, &slice, ranked, count, &tile, error);
    if (status == RETUNE_OK)
        status = add_finding(device->tuning, key, tile, error);
    if (status != RETUNE_OK)
        return status;
    save_findings(device);
    *out_tile = &opencl_tiles[tile];
    return RETUNE_OK;
}
