/* Claims more devices than there can be. */
#define FAKE_NAME  "crowd"
#define FAKE_COUNT crowd_count
#include "fake_backend.h"

static retune_status crowd_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = 4000000000u;
    return RETUNE_OK;
}

FAKE_QUERY
