/* A table that ends behind its last required function. */
#define FAKE_NAME       "short_table"
#define FAKE_SIZE       offsetof(retune_format, metadata)
#define FAKE_EXTENSIONS ".short"
#include "fake_format.h"
