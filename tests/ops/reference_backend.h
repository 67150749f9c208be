/* A backend whose kernels are the reference, with a fault to order: it shows that the suite passes
 * a device that is right and fails one that is wrong. Its device is opened with the option `fault`,
 * the name of a row of reference_faults; without it nothing is wrong. */
#ifndef RETUNE_TESTS_OPS_REFERENCE_BACKEND_H
#define RETUNE_TESTS_OPS_REFERENCE_BACKEND_H

#include "retune/backend.h"

typedef struct reference_fault {
    const char *name;
    uint32_t kind; /* the op that must be found wrong */
    /* What happens instead of reference_run. */
    void (*run)(const retune_op_desc *op, const double *const inputs[RETUNE_OP_TENSORS_MAX],
                double *const outputs[RETUNE_OP_TENSORS_MAX], const retune_run_args *args);
} reference_fault;

extern const reference_fault reference_faults[];
extern const size_t reference_fault_count;

const retune_backend *reference_backend(void);

#endif
