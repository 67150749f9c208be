/* One op, run by the vector kernels of every instruction set the processor has and compared with
 * the scalar kernels, on random tensors. Every mismatch fails the running test and prints the op,
 * its shapes, the instruction set, the number of threads and the element. */
#ifndef TESTS_SIMD_TRIAL_H
#define TESTS_SIMD_TRIAL_H

#include "kernels.h"

#include <criterion/criterion.h>

typedef struct trial_tensor {
    retune_tensor_desc desc;
    size_t bytes;
    char *data; /* inputs: what the kernels read; outputs: what the scalar kernel computed */
} trial_tensor;

typedef struct trial {
    retune_op_desc op;
    trial_tensor inputs[RETUNE_OP_TENSORS_MAX], outputs[RETUNE_OP_TENSORS_MAX];
    int64_t terms; /* of the longest sum behind an element: bounds the rounding */
    float learning_rate;
    uint64_t step;
} trial;

trial trial_begin(retune_op_kind kind);

/* Gives a slot a tensor: floats in -1..1, bytes and halves of any bits, integers in 0..limit-1.
 * Dimensions end with 0. Slots of outputs that update an input need none. */
void trial_input(trial *t, uint32_t slot, retune_dtype dtype, int32_t limit, const int64_t *shape);
void trial_output(trial *t, uint32_t slot, retune_dtype dtype, const int64_t *shape);
#define DIMS(...)                                                                                  \
    (const int64_t[]) {                                                                            \
        __VA_ARGS__, 0                                                                             \
    }

/* Replaces some floats of an input by infinities, zeros of both signs and values that are not
 * numbers. */
void trial_poison(trial *t, uint32_t slot);

/* Runs and compares, then frees the tensors. */
void trial_end(trial *t);

/* The instruction sets this processor has, ending with NULL. */
const char *const *trial_instruction_sets(void);

#endif
