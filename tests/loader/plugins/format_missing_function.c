/* Lacks a required function. */
#define FAKE_NAME "missing_function"
#define FAKE_READ NULL
#include "fake_format.h"
