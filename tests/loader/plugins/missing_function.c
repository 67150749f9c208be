/* Lacks a required function. */
#define FAKE_NAME "missing_function"
#define FAKE_RUN  NULL
#include "fake_backend.h"

FAKE_QUERY
