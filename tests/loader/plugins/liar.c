/* Lies about its devices: one is good, one has the same id, one calls itself a device of another
 * backend, one fills every field without an end, and one is not there. */
#define FAKE_NAME  "liar"
#define FAKE_COUNT liar_count
#define FAKE_INFO  liar_info
#include "fake_backend.h"

static retune_status liar_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = 5;
    return RETUNE_OK;
}

static retune_status liar_info(uint32_t index, retune_device_info *out_info, retune_error *error) {
    switch (index) {
    case 0:
    case 1:
        return fake_device("liar/0", 5, out_info);
    case 2:
        return fake_device("good/one", 100, out_info);
    case 3:
        fake_device("liar/3", 5, out_info);
        memset(out_info->name, 'n', sizeof out_info->name);
        out_info->vendor[1] = '\n';
        return RETUNE_OK;
    default:
        return fake_fail(error, RETUNE_DEVICE_LOST, "fell off the bus");
    }
}

FAKE_QUERY
