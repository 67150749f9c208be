/* A device of a backend, and one op run on it: open, make tensors, run, read back. */
#ifndef RETUNE_CONFORM_DEVICE_UNDER_TEST_H
#define RETUNE_CONFORM_DEVICE_UNDER_TEST_H

#include "case_data.h"

typedef struct device_under_test {
    const retune_backend *backend;
    retune_backend_device *device;
    retune_device_info info;
} device_under_test;

/* Probes the backend and counts its devices. UNAVAILABLE is the probe's answer. */
retune_status backend_count_devices(const retune_backend *backend, uint32_t *out_count,
                                    retune_error *error);

/* Opens device `index` of a backend whose devices were counted; `options` as "key=value,key=value"
 * or NULL. Close it with device_under_test_close. */
retune_status device_under_test_open(const retune_backend *backend, uint32_t index,
                                     const char *options, device_under_test *out_device,
                                     retune_error *error);
void device_under_test_close(device_under_test *device);

/* Asks op_query about a case. `out_reason` says why it is refused. */
retune_status device_under_test_query(device_under_test *device, const op_case *op,
                                      bool *out_supported, char out_reason[256],
                                      retune_error *error);

/* Tries to prepare a case that op_query refuses. `out_refuses`: program_create is of the same mind,
 * or tensor_create was. Another failure than UNSUPPORTED is passed on. */
retune_status device_under_test_refuses(device_under_test *device, const op_case *op,
                                        bool *out_refuses, retune_error *error);

/* What came out of an op. */
typedef struct op_result {
    void *outputs[RETUNE_OP_TENSORS_MAX]; /* dense data, as the output's dtype */
    bool repeatable;                      /* a second run gave the same bits */
    char damage[OP_SLOT_NAME_MAX];        /* an input that the run changed, or "" */
} op_result;

/* Runs a case that op_query accepts on `data`, twice. Before each run the inputs are written and
 * the outputs filled with NaN, so that whatever is not computed shows. INTERNAL when the backend
 * wrote beside the host memory it was given. Free the result with op_result_free, also after an
 * error. */
retune_status device_under_test_run(device_under_test *device, const op_case *op,
                                    const case_data *data, op_result *out_result,
                                    retune_error *error);
void op_result_free(op_result *result);

#endif
