/* A table that ends before its last required function. */
#define FAKE_NAME "too_small"
#define FAKE_SIZE offsetof(retune_backend, program_wait)
#include "fake_backend.h"

FAKE_QUERY
