/* Made for another major version, and refuses a host of this one as it should. */
#include "retune/backend.h"

const retune_backend *retune_backend_query(uint32_t host_abi) {
    static const uint32_t table[64] = {sizeof table, 4u << 16 | 2u};
    return host_abi >> 16 == 4 ? (const retune_backend *)(const void *)table : NULL;
}
