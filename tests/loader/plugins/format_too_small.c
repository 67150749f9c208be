/* A table that ends before its last required function. */
#define FAKE_NAME "too_small"
#define FAKE_SIZE offsetof(retune_format, tensor_read)
#include "fake_format.h"
