#include "reduce.h"

void SIMD(column_sums)(const float *x, int64_t rows, int64_t columns, float *out, int threads) {
    int64_t width = strip_width(columns, threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t first = 0; first < columns; first += width) {
        float total[STRIP_MOST] = {0};
        int64_t count = columns - first < width ? columns - first : width;
        for (int64_t begin = 0; begin < rows; begin += SUM_BLOCK) {
            int64_t end = begin + SUM_BLOCK < rows ? begin + SUM_BLOCK : rows;
            float sum[STRIP_MOST] = {0};
            for (int64_t row = begin; row < end; row++) {
                const float *from = x + row * columns + first;
                for (int64_t c = 0; c < count; c++)
                    sum[c] += from[c];
            }
            for (int64_t c = 0; c < count; c++)
                total[c] += sum[c];
        }
        memcpy(out + first, total, (size_t)count * sizeof *out);
    }
}
