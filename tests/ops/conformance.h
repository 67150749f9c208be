/* One case on one device, judged: passed, unsupported, or failed with the line that runs it again.
 */
#ifndef RETUNE_TESTS_OPS_CONFORMANCE_H
#define RETUNE_TESTS_OPS_CONFORMANCE_H

#include "device_under_test.h"

typedef enum op_verdict {
    VERDICT_PASSED,
    VERDICT_UNSUPPORTED, /* the device refused it, and is not required to do it */
    VERDICT_FAILED
} op_verdict;

#define VERDICT_TEXT_MAX 3072

/* Runs `op` on `device` and compares with the reference. `out_text` says why a case failed or was
 * refused: expected, got, tolerance, where, and the environment that reruns it. */
op_verdict conformance_run(device_under_test *device, const op_case *op,
                           char out_text[VERDICT_TEXT_MAX]);

/* True when required.def demands this case of the device with this id. */
bool conformance_requires(const char *device_id, const op_case *op);

#endif
