/* Does not say which files it reads. */
#define FAKE_NAME       "no_extensions"
#define FAKE_EXTENSIONS NULL
#include "fake_format.h"
