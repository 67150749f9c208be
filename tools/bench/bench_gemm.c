/* Times the matrix products of training, a 1x1 convolution and its two gradients, on a device of a
 * backend plugin, side by side with OpenBLAS where the machine has it. The repetitions of the two
 * take turns, so that what else the machine does meets both alike. */
#include "blas.h"

#include <math.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPETITIONS_MOST = 1000, SIZE_MOST = 1 << 20 };

typedef struct settings {
    char *plugin, *device, *instruction_set;
    int threads, repetitions;
    bool blas;
} settings;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Threads of either library spin for a while after their work, at the cost of the other's. */
static void rest(void) {
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

static float *random_matrix(int64_t count) {
    float *values = malloc((size_t)count * sizeof *values);
    uint32_t state = 1;
    for (int64_t n = 0; values && n < count; n++) {
        state = state * 1664525u + 1013904223u;
        values[n] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    return values;
}

static float largest_difference(const float *a, const float *b, int64_t count) {
    float largest = 0.0f;
    for (int64_t n = 0; n < count; n++)
        largest = fmaxf(largest, fabsf(a[n] - b[n]));
    return largest;
}

/* Times of both, in seconds. A run that is not timed goes before each: it wakes the threads. */
static bool time_both(const settings *set, const job *j, product kind, const sizes *s,
                      const float *const operands[2], float *result, double *own, double *blas) {
    for (int r = 0; r < set->repetitions; r++) {
        rest();
        if (!job_run(j))
            return false;
        double begin = seconds();
        if (!job_run(j))
            return false;
        own[r] = seconds() - begin;
        if (!set->blas)
            continue;
        rest();
        blas_run(kind, s, operands, result);
        begin = seconds();
        blas_run(kind, s, operands, result);
        blas[r] = seconds() - begin;
    }
    return true;
}

static bool report(const settings *set, const job *j, const char *name, const sizes *s,
                   int64_t result_count, const float *result, double *own, double *blas) {
    double work = 2e-9 * (double)s->rows * (double)s->inputs * (double)s->outputs;
    double speed = work / median(own, set->repetitions);
    printf("%-12s %8lld x %5lld x %5lld  %9.1f", name, (long long)s->rows, (long long)s->inputs,
           (long long)s->outputs, speed);
    if (set->blas) {
        float *mine = malloc((size_t)result_count * sizeof *mine);
        if (!mine || !job_read(j, mine)) {
            free(mine);
            return false;
        }
        double blas_speed = work / median(blas, set->repetitions);
        printf("  %9.1f  %6.2f  %9.1e", blas_speed, speed / blas_speed,
               (double)largest_difference(mine, result, result_count));
        free(mine);
    }
    printf("\n");
    return true;
}

static bool bench_product(const settings *set, const engine *e, product kind, const sizes *s) {
    static const char *const names[] = {"forward", "grad_input", "grad_weight"};
    int64_t x = s->rows * s->inputs, weight = s->outputs * s->inputs, y = s->rows * s->outputs;
    const int64_t counts[PRODUCT_COUNT][3] = {[PRODUCT_FORWARD] = {x, weight, y},
                                              [PRODUCT_GRAD_INPUT] = {y, weight, x},
                                              [PRODUCT_GRAD_WEIGHT] = {x, y, weight}};
    float *operands[2] = {random_matrix(counts[kind][0]), random_matrix(counts[kind][1])};
    float *result = random_matrix(counts[kind][2]);
    double own[REPETITIONS_MOST], blas[REPETITIONS_MOST];
    const float *const read[2] = {operands[0], operands[1]};
    job j;
    bool ok = false;
    if (!operands[0] || !operands[1] || !result)
        fprintf(stderr, "bench_gemm: out of memory\n");
    else if (job_create(e, kind, s, read, &j)) {
        ok = time_both(set, &j, kind, s, read, result, own, blas) &&
             report(set, &j, names[kind], s, counts[kind][2], result, own, blas);
        job_destroy(&j);
    }
    free(operands[0]);
    free(operands[1]);
    free(result);
    return ok;
}

static bool parse_sizes(const char *text, sizes *out_sizes) {
    long long rows, inputs, outputs;
    char rest_of_text;
    if (sscanf(text, "%lldx%lldx%lld%c", &rows, &inputs, &outputs, &rest_of_text) != 3 ||
        rows < 1 || inputs < 1 || outputs < 1 || rows > SIZE_MOST || inputs > SIZE_MOST ||
        outputs > SIZE_MOST || (rows > inputs ? rows : inputs) * outputs > INT32_MAX ||
        rows * inputs > INT32_MAX) {
        fprintf(stderr, "bench_gemm: %s is not ROWSxINPUTSxOUTPUTS of a sensible size\n", text);
        return false;
    }
    *out_sizes = (sizes){rows, inputs, outputs};
    return true;
}

static bool bench_all(const settings *set, const engine *e, const char **texts) {
    static const char *usual[] = {"7987x1024x1024", "3136x512x512", "50176x64x128", NULL};
    printf("%d threads, median of %d, GFLOP/s\n%-12s %8s   %5s   %5s  %9s", set->threads,
           set->repetitions, "product", "rows", "in", "out", "own");
    printf(set->blas ? "   OpenBLAS   ratio  difference\n" : "\n");
    for (const char **text = texts && *texts ? texts : usual; *text; text++) {
        sizes s;
        if (!parse_sizes(*text, &s))
            return false;
        for (int kind = 0; kind < PRODUCT_COUNT; kind++)
            if (!bench_product(set, e, (product)kind, &s))
                return false;
    }
    return true;
}

static bool run(settings *set, const char **texts) {
    char path[4096], threads[16];
    const char *folder = getenv("RETUNE_PLUGIN_PATH");
    if (!set->plugin && !folder) {
        fprintf(stderr, "bench_gemm: give --plugin, or the plugins' folder in "
                        "RETUNE_PLUGIN_PATH\n");
        return false;
    }
    if (set->plugin)
        snprintf(path, sizeof path, "%s", set->plugin);
    else
        snprintf(path, sizeof path, "%s/retune_cpu.so", folder);
    snprintf(threads, sizeof threads, "%d", set->threads);
    const retune_option options[] = {
        {"threads", threads},
        {"instruction_set", set->instruction_set ? set->instruction_set : "auto"}};
    const char *device = set->device ? set->device : "cpu/simd";
    size_t option_count = strncmp(device, "cpu/", 4) == 0 ? 2 : 0; /* they are of the CPU backend */
    engine e;
    bool ok = engine_open(path, device, options, option_count, &e);
    if (ok) {
        printf("%s\n", e.name);
        set->blas = blas_open(set->threads);
        if (!set->blas)
            printf("no OpenBLAS (libopenblas.so.0) on this machine: own figures only\n");
        ok = bench_all(set, &e, texts);
    }
    engine_close(&e);
    return ok;
}

int main(int argc, const char **argv) {
    settings set = {.threads = 1, .repetitions = 9};
    struct poptOption options[] = {
        {"plugin", 'p', POPT_ARG_STRING, &set.plugin, 0,
         "plugin file (default: retune_cpu.so in RETUNE_PLUGIN_PATH)", "FILE"},
        {"device", 'd', POPT_ARG_STRING, &set.device, 0, "device (default: cpu/simd)", "ID"},
        {"instruction-set", 'i', POPT_ARG_STRING, &set.instruction_set, 0,
         "auto, avx512, avx2, neon or baseline", "NAME"},
        {"threads", 't', POPT_ARG_INT, &set.threads, 0, "threads (default: 1)", "N"},
        {"repetitions", 'r', POPT_ARG_INT, &set.repetitions, 0, "repetitions (default: 9)", "N"},
        POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext("bench_gemm", argc, argv, options, 0);
    poptSetOtherOptionHelp(context, "[OPTIONS] [ROWSxINPUTSxOUTPUTS ...]");
    int bad = poptGetNextOpt(context);
    bool ok = false;
    if (bad < -1)
        fprintf(stderr, "bench_gemm: %s: %s\n", poptBadOption(context, 0), poptStrerror(bad));
    else if (set.threads < 1 || set.threads > 1024 || set.repetitions < 1 ||
             set.repetitions > REPETITIONS_MOST)
        fprintf(stderr, "bench_gemm: threads or repetitions not in 1..1024 and 1..1000\n");
    else
        ok = run(&set, poptGetArgs(context));
    free(set.plugin);
    free(set.device);
    free(set.instruction_set);
    poptFreeContext(context);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
