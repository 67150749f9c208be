/* Writes a byte to the file named by RETUNE_FAKE_LOG for each probe, whatever process it runs in.
 */
#define FAKE_NAME  "counts"
#define FAKE_PROBE counts_probe
#include "fake_backend.h"

static retune_status counts_probe(retune_probe_report *report, retune_error *error) {
    const char *path = getenv("RETUNE_FAKE_LOG");
    FILE *log = path ? fopen(path, "a") : NULL;
    (void)report;
    if (!log)
        return fake_fail(error, RETUNE_IO, "no log");
    fputc('.', log);
    return fclose(log) == 0 ? RETUNE_OK : fake_fail(error, RETUNE_IO, "log");
}

FAKE_QUERY
