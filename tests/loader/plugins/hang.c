/* Never comes back from probe. */
#define FAKE_NAME  "hang"
#define FAKE_PROBE hang_probe
#include "fake_backend.h"

#include <unistd.h>

static retune_status hang_probe(retune_probe_report *report, retune_error *error) {
    (void)report, (void)error;
    volatile int for_ever = 1;
    while (for_ever)
        pause();
    return RETUNE_OK;
}

FAKE_QUERY
