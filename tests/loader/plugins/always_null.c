/* Refuses every host. */
#include "retune/backend.h"

const retune_backend *retune_backend_query(uint32_t host_abi) {
    (void)host_abi;
    return NULL;
}
