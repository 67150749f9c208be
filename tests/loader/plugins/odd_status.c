/* Answers a number that is no status. */
#define FAKE_NAME  "odd_status"
#define FAKE_PROBE odd_probe
#include "fake_backend.h"

static retune_status odd_probe(retune_probe_report *report, retune_error *error) {
    (void)report, (void)error;
    return (retune_status)77;
}

FAKE_QUERY
