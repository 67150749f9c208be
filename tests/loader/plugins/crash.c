/* Crashes in probe, as a broken driver does. */
#define FAKE_NAME  "crash"
#define FAKE_PROBE crash_probe
#include "fake_backend.h"

#include <signal.h>

static retune_status crash_probe(retune_probe_report *report, retune_error *error) {
    (void)report, (void)error;
    raise(SIGSEGV); /* a wild access would be stopped by the sanitizers before it crashes */
    return RETUNE_OK;
}

FAKE_QUERY
