/* Crashes in probe, as a broken driver does. */
#define FAKE_NAME  "crash"
#define FAKE_PROBE crash_probe
#include "fake_backend.h"

static retune_status crash_probe(retune_probe_report *report, retune_error *error) {
    (void)error;
    volatile uint32_t *nowhere = NULL;
    report->reserved = *nowhere;
    return RETUNE_OK;
}

FAKE_QUERY
