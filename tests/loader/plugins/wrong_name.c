/* Calls itself otherwise than its file. */
#define FAKE_NAME "other_name"
#include "fake_backend.h"

FAKE_QUERY
