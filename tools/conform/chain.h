/* A program of many ops: steps of training a network of four layers, on a device or by the
 * reference. It shows what single ops cannot: tensors that only ops touch, shared memory, ranges.
 */
#ifndef RETUNE_CONFORM_CHAIN_H
#define RETUNE_CONFORM_CHAIN_H

#include "conformance.h"

/* How a step runs its ops. */
typedef enum chain_mode {
    CHAIN_WHOLE,  /* one range */
    CHAIN_SINGLE, /* one op a range, waiting for each */
    CHAIN_RANGES, /* forward, backward and update ranges */
    CHAIN_SHARED, /* one range, with slots for tensors that are never alive together */
    CHAIN_MODE_COUNT
} chain_mode;

/* The values of all tensors that outlive a step, one after the other. */
typedef struct chain_result {
    double *values;
    size_t count;
    bool supported; /* false: the device refuses an op; `reason` says which and why */
    char reason[512];
} chain_result;

/* Free the result with free(values). */
retune_status chain_run(device_under_test *device, chain_mode mode, uint64_t steps,
                        chain_result *out_result, retune_error *error);
void chain_reference(uint64_t steps, chain_result *out_result);

/* Compares a device's run with the reference's, and, where the device is deterministic, with its
 * own run as a whole. `out_text` says what differs, or which op the device refuses. */
op_verdict chain_check(device_under_test *device, chain_mode mode, uint64_t steps,
                       char out_text[VERDICT_TEXT_MAX]);

/* The name of the tensor that value `index` of a result belongs to. */
const char *chain_tensor_at(size_t index);

/* "whole", "single", ... */
const char *chain_mode_text(chain_mode mode);

#endif
