/* Made for a later minor version: a larger table, with functions that the host does not know. */
#define FAKE_NAME "newer_minor"
#define FAKE_ABI  (RETUNE_BACKEND_ABI + 7)
#define FAKE_SIZE (sizeof(retune_backend) + 4 * sizeof(void *))
#include "fake_backend.h"

struct newer {
    retune_backend table;
    void *more[4];
};

const retune_backend *retune_backend_query(uint32_t host_abi) {
    static const struct newer newer = {{FAKE_FIELDS}, {(void *)1, (void *)2, (void *)3, (void *)4}};
    return host_abi >> 16 == 1 ? &newer.table : NULL;
}
