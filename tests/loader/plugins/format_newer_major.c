/* Made for the next major version. */
#define FAKE_NAME "newer_major"
#define FAKE_ABI  (2u << 16 | 1u)
#include "fake_format.h"
