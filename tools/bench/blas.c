#include "blas.h"

#include <dlfcn.h>

enum { ROW_MAJOR = 101, AS_IS = 111, TRANSPOSED = 112 };

typedef void sgemm_function(int order, int transpose_a, int transpose_b, int m, int n, int k,
                            float alpha, const float *a, int lda, const float *b, int ldb,
                            float beta, float *c, int ldc);

static sgemm_function *sgemm;

bool blas_open(int threads) {
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return false;
    void (*set_threads)(int) = NULL;
    *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
    *(void **)&sgemm = dlsym(library, "cblas_sgemm");
    if (!set_threads || !sgemm)
        return false;
    set_threads(threads);
    return true;
}

void blas_run(product kind, const sizes *s, const float *const operands[2], float *result) {
    int rows = (int)s->rows, inputs = (int)s->inputs, outputs = (int)s->outputs;
    switch (kind) {
    case PRODUCT_FORWARD:
        sgemm(ROW_MAJOR, AS_IS, TRANSPOSED, rows, outputs, inputs, 1.0f, operands[0], inputs,
              operands[1], inputs, 0.0f, result, outputs);
        break;
    case PRODUCT_GRAD_INPUT:
        sgemm(ROW_MAJOR, AS_IS, AS_IS, rows, inputs, outputs, 1.0f, operands[0], outputs,
              operands[1], inputs, 0.0f, result, inputs);
        break;
    default:
        sgemm(ROW_MAJOR, TRANSPOSED, AS_IS, outputs, inputs, rows, 1.0f, operands[1], outputs,
              operands[0], inputs, 0.0f, result, inputs);
    }
}
