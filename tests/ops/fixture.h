/* What the tests of plugins share: which plugins and devices they run on. For Criterion programs
 * only.
 *
 *   RETUNE_PLUGIN_PATH          folders, separated by ':', whose backends are tried
 *   RETUNE_OP_BACKEND=cpu       this backend only
 *   RETUNE_OP_DEVICE=cpu/simd   this device only
 *   RETUNE_OP_OPTIONS=threads=3 options the devices are opened with, "key=value,key=value"
 *   RETUNE_TEST_REDUCED=1       small shapes only, for emulated devices */
#ifndef RETUNE_TESTS_OPS_FIXTURE_H
#define RETUNE_TESTS_OPS_FIXTURE_H

#include "device_under_test.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#define FIXTURE_NAME_MAX 64

/* The parameter of a test: a plugin, and one of the `variants` it was asked for. */
typedef struct fixture_parameter {
    char plugin[FIXTURE_NAME_MAX]; /* its name */
    uint32_t variant;
} fixture_parameter;

/* For ParameterizedTestParameters: every plugin with every variant below `variants`. */
struct criterion_test_params fixture_parameters(uint32_t variants);

/* Calls `run` for each device of the parameter's plugin that is wanted. Skips the test when the
 * plugin is not a backend or finds no driver; fails it when it or a device does not open. */
typedef void fixture_run(device_under_test *device, const fixture_parameter *parameter);
void fixture_each_device(const fixture_parameter *parameter, fixture_run *run);

/* True when only small shapes are to run. */
bool fixture_is_reduced(void);

#endif
