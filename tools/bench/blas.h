/* OpenBLAS, found at run time: the yardstick, never a dependency. */
#ifndef RETUNE_BENCH_BLAS_H
#define RETUNE_BENCH_BLAS_H

#include "engine.h"

/* False when the machine has no libopenblas.so.0. */
bool blas_open(int threads);

/* The same product as the engine's. */
void blas_run(product kind, const sizes *s, const float *const operands[2], float *result);

#endif
