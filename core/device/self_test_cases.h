/* Ops with known answers: the cases of the self-test, what they are fed with and what must come
 * out. Pure data and functions; self_test.h runs them on a device. */
#ifndef RETUNE_DEVICE_SELF_TEST_CASES_H
#define RETUNE_DEVICE_SELF_TEST_CASES_H

#include "base/status.h"
#include "retune/backend.h"

typedef struct retune_self_test_case {
    retune_op_kind kind;
    retune_tensor_desc inputs[RETUNE_OP_TENSORS_MAX]; /* rank 0: absent */
    retune_tensor_desc outputs[RETUNE_OP_TENSORS_MAX];
    retune_op_attributes attributes;
    int terms; /* of the longest sum behind an element, where that is above 64 */
} retune_self_test_case;

/* Every op has at least one case. */
extern const retune_self_test_case retune_self_test_cases[];
extern const size_t retune_self_test_case_count;

/* Learning rate and step of every run. */
extern const retune_run_args retune_self_test_args;

/* The description a backend gets. It points into `test`. */
retune_op_desc retune_self_test_describe(const retune_self_test_case *test);

/* Fills the inputs, dense arrays slot by slot, NULL where a tensor is absent. The same values on
 * every machine. */
void retune_self_test_fill(const retune_self_test_case *test,
                           void *const inputs[RETUNE_OP_TENSORS_MAX]);

/* An output is known by a few sums of its elements, each with weights of its own: stored so, an
 * answer takes 32 bytes whatever its size, and an element that is wrong by more than rounding shows
 * in one of them. */
#define RETUNE_SELF_TEST_SUMS 4
typedef struct retune_self_test_answer {
    uint32_t test, output; /* index of the case, and slot */
    double sums[RETUNE_SELF_TEST_SUMS];
} retune_self_test_answer;

/* The sums of `count` elements, and for each the sum of |weight * element| and of |weight|. */
typedef struct retune_self_test_sums {
    double of[RETUNE_SELF_TEST_SUMS], magnitude[RETUNE_SELF_TEST_SUMS];
    double weight[RETUNE_SELF_TEST_SUMS];
} retune_self_test_sums;
void retune_self_test_add_up(const double *elements, size_t count, retune_self_test_sums *out_sums);

/* What must come out, by case and slot; NULL: there is none. */
const retune_self_test_answer *retune_self_test_find_answer(size_t test, uint32_t output);

#endif
