/* Works, but finds no device. */
#define FAKE_NAME  "empty"
#define FAKE_COUNT empty_count
#include "fake_backend.h"

static retune_status empty_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = 0;
    return RETUNE_OK;
}

FAKE_QUERY
