/* Needs a driver that is not there. The message has a line break, which it must not. */
#define FAKE_NAME  "no_driver"
#define FAKE_PROBE no_driver_probe
#include "fake_backend.h"

static retune_status no_driver_probe(retune_probe_report *report, retune_error *error) {
    if (report->struct_size >= sizeof *report)
        snprintf(report->advice, sizeof report->advice, "install\nlibfake1");
    return fake_fail(error, RETUNE_UNAVAILABLE, "libFake.so.1 not found\nin /usr/lib");
}

FAKE_QUERY
