/* Fails in probe and does not say why. */
#define FAKE_NAME  "mute"
#define FAKE_PROBE mute_probe
#include "fake_backend.h"

static retune_status mute_probe(retune_probe_report *report, retune_error *error) {
    (void)report, (void)error;
    return RETUNE_UNAVAILABLE;
}

FAKE_QUERY
