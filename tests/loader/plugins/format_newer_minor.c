/* Made for a later minor version. */
#define FAKE_NAME       "newer_minor"
#define FAKE_ABI        (RETUNE_FORMAT_ABI + 1)
#define FAKE_EXTENSIONS ".newer"
#include "fake_format.h"
