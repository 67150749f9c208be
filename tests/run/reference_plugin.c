/* The reference backend as a plugin: it does every op and measures none. */
#include "ops/reference_backend.h"

const retune_backend *retune_backend_query(uint32_t host_abi) {
    return host_abi >> 16 == RETUNE_BACKEND_ABI_MAJOR ? reference_backend() : NULL;
}
