/* The devices of this machine, as `retune devices` lists them. */
#ifndef TESTS_RUN_DEVICES_H
#define TESTS_RUN_DEVICES_H

#include <stdbool.h>

/* Whether a device of that name, "opencl" or "cpu/simd", can be used. */
bool device_is_there(const char *name);

#endif
