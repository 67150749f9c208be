/* Calls itself otherwise than its file. */
#define FAKE_NAME "other_name"
#include "fake_format.h"
