/* What backend.h promises beyond the results of ops: malformed ops are refused, tensors keep what
 * is written, mistakes get a status and a reason, memory ends without a crash. */
#ifndef RETUNE_CONFORM_CONTRACT_H
#define RETUNE_CONFORM_CONTRACT_H

#include "conformance.h"

typedef struct findings {
    size_t count;
    char text[VERDICT_TEXT_MAX]; /* as many as fit */
    char skipped[256];           /* why the device is not asked for this; "" when it is */
} findings;

typedef struct contract_check {
    const char *name;
    bool per_op; /* once for each op; the others ignore `kind` */
    void (*run)(device_under_test *device, uint32_t kind, findings *found);
} contract_check;

extern const contract_check contract_checks[];
extern const size_t contract_check_count;

/* Runs one of them. `out_text` says what was found, or why it was skipped (VERDICT_UNSUPPORTED). */
op_verdict contract_run(device_under_test *device, const contract_check *check, uint32_t kind,
                        char out_text[VERDICT_TEXT_MAX]);

#endif
