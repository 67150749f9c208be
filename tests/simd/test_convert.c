/* Ops that change the element type. Conversions are exact, or round as the scalar ones. */
#include "trial.h"

static const retune_dtype dtypes[] = {RETUNE_F32, RETUNE_F16, RETUNE_BF16, RETUNE_U8, RETUNE_I32};
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static int converts(retune_dtype from, retune_dtype to) {
    return from == to || (from != RETUNE_I32 && to != RETUNE_I32 && to != RETUNE_U8);
}

Test(gather, every_pair_of_types) {
    static const int64_t rows[][3] = {{1, 1, 1}, {7, 3, 17}, {5, 200, 33}, {40, 9, 1030}};
    for (int n = 0; n < 4 * DTYPES * DTYPES; n++) {
        retune_dtype from = dtypes[n % DTYPES], to = dtypes[n / DTYPES % DTYPES];
        const int64_t *r = rows[n / DTYPES / DTYPES];
        if (!converts(from, to))
            continue;
        trial t = trial_begin(RETUNE_OP_GATHER);
        trial_input(&t, 0, from, 1000, DIMS(r[0], 2, r[2]));
        trial_input(&t, 1, RETUNE_I32, (int32_t)r[0], DIMS(r[1]));
        trial_output(&t, 0, to, DIMS(r[1], 2, r[2]));
        trial_end(&t);
    }
}

/* All 65536 halves: subnormals, infinities and values that are not numbers among them. */
Test(gather, every_half) {
    for (int n = 1; n < 3; n++) {
        trial t = trial_begin(RETUNE_OP_GATHER);
        trial_input(&t, 0, dtypes[n], 0, DIMS(2, 32768));
        for (uint32_t half = 0; half < 65536; half++)
            ((uint16_t *)(void *)t.inputs[0].data)[half] = (uint16_t)half;
        trial_input(&t, 1, RETUNE_I32, 2, DIMS(5));
        for (int row = 0; row < 5; row++)
            ((int32_t *)(void *)t.inputs[1].data)[row] = row % 2;
        trial_output(&t, 0, RETUNE_F32, DIMS(5, 32768));
        trial_end(&t);
    }
}

Test(cast, every_pair_of_types) {
    static const int64_t counts[] = {1, 15, 257, 4097, 30001};
    for (int n = 0; n < 5 * DTYPES * DTYPES; n++) {
        retune_dtype from = dtypes[n % DTYPES], to = dtypes[n / DTYPES % DTYPES];
        if (!converts(from, to))
            continue;
        trial t = trial_begin(RETUNE_OP_CAST);
        trial_input(&t, 0, from, 1000, DIMS(counts[n / DTYPES / DTYPES]));
        if (from == RETUNE_F32)
            trial_poison(&t, 0);
        trial_output(&t, 0, to, DIMS(counts[n / DTYPES / DTYPES]));
        trial_end(&t);
    }
}

Test(normalize, any_number_of_channels) {
    static const int64_t maps[][4] = {{1, 1, 1, 1},   {1, 5, 7, 3},    {2, 9, 4, 4},
                                      {1, 3, 3, 5},   {1, 2, 2, 33},   {2, 64, 65, 3},
                                      {1, 96, 96, 2}, {1, 150, 149, 1}};
    for (size_t n = 0; n < sizeof maps / sizeof maps[0]; n++) {
        const int64_t *m = maps[n];
        trial t = trial_begin(RETUNE_OP_NORMALIZE);
        trial_input(&t, 0, RETUNE_U8, 0, DIMS(m[0], m[1], m[2], m[3]));
        trial_input(&t, 1, RETUNE_F32, 0, DIMS(m[3]));
        trial_input(&t, 2, RETUNE_F32, 0, DIMS(m[3]));
        trial_output(&t, 0, RETUNE_F32, DIMS(m[0], m[1], m[2], m[3]));
        t.terms = 1000; /* 255 * scale is rounded before the offset */
        trial_end(&t);
    }
}
