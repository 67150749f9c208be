/* Ends the process in probe. */
#define FAKE_NAME  "quits"
#define FAKE_PROBE quits_probe
#include "fake_backend.h"

#include <unistd.h>

static retune_status quits_probe(retune_probe_report *report, retune_error *error) {
    (void)report, (void)error;
    _exit(3);
}

FAKE_QUERY
