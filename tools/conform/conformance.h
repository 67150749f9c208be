/* One case on one device, judged. */
#ifndef RETUNE_CONFORM_CONFORMANCE_H
#define RETUNE_CONFORM_CONFORMANCE_H

#include "device_under_test.h"

typedef enum op_verdict {
    VERDICT_PASSED,
    VERDICT_UNSUPPORTED, /* op_query refuses it, and so does program_create */
    VERDICT_FAILED
} op_verdict;

#define VERDICT_TEXT_MAX 2048

/* Runs `op` on `device` and compares with the reference. `out_text` says why a case failed or was
 * refused: expected, got, tolerance, where. */
op_verdict conformance_run(device_under_test *device, const op_case *op,
                           char out_text[VERDICT_TEXT_MAX]);

#endif
