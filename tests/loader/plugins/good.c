/* A backend with nothing wrong and two devices; the second has a score beyond all others. */
#define FAKE_NAME  "good"
#define FAKE_COUNT good_count
#define FAKE_INFO  good_info
#include "fake_backend.h"

static retune_status good_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = 2;
    return RETUNE_OK;
}

static retune_status good_info(uint32_t index, retune_device_info *out_info, retune_error *error) {
    (void)error;
    return index == 0 ? fake_device("good/one", 10, out_info)
                      : fake_device("good/two", UINT32_MAX, out_info);
}

FAKE_QUERY
