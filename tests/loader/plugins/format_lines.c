/* A format with nothing wrong and two extensions. */
#define FAKE_NAME       "lines"
#define FAKE_EXTENSIONS ".lines .ln"
#include "fake_format.h"
