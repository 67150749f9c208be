/* A library that is no plugin. */
#include "retune/types.h"

RETUNE_EXPORT int retune_fake_something(void);
int retune_fake_something(void) {
    return 1;
}
