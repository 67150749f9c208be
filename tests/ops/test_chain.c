/* A small training program on every device: right, and the same however it is cut into ranges. */
#include "chain.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* Errors add up over layers and steps; the tolerance of single ops does not apply. */
#define CHAIN_TOLERANCE 1e-4

static void run(device_under_test *device, chain_mode mode, chain_result *out_result) {
    retune_error error = RETUNE_ERROR_INIT;
    const retune_status status = chain_run(device, mode, out_result, &error);
    cr_assert_eq(status, RETUNE_OK, "%s, %s: status %d: %s", device->info.id, chain_mode_text(mode),
                 (int)status, error.message);
    if (!out_result->supported)
        cr_log_warn("%s does not run the chain: %s", device->info.id, out_result->reason);
}

static void expect_reference(device_under_test *device, const fixture_parameter *parameter) {
    const chain_mode mode = (chain_mode)parameter->variant;
    chain_result got, expected;
    run(device, mode, &got);
    chain_reference(&expected);
    for (size_t i = 0; i < got.count; i++) {
        const double tolerance = CHAIN_TOLERANCE * (1 + fabs(expected.values[i]));
        cr_expect(fabs(got.values[i] - expected.values[i]) <= tolerance,
                  "%s, %s: %s: expected %.9g, got %.9g", device->info.id, chain_mode_text(mode),
                  chain_tensor_at(i), expected.values[i], got.values[i]);
    }
    free(got.values);
    free(expected.values);
}

ParameterizedTestParameters(chain, is_right) {
    return fixture_parameters(CHAIN_MODE_COUNT);
}

ParameterizedTest(fixture_parameter *parameter, chain, is_right, .timeout = 120) {
    fixture_each_device(parameter, expect_reference);
}

static void expect_whole(device_under_test *device, const fixture_parameter *parameter) {
    const chain_mode mode = (chain_mode)parameter->variant;
    chain_result whole, cut;
    if (!(device->info.features & RETUNE_FEATURE_DETERMINISTIC))
        return;
    run(device, CHAIN_WHOLE, &whole);
    run(device, mode, &cut);
    cr_assert_eq(whole.count, cut.count);
    for (size_t i = 0; i < whole.count; i++)
        cr_expect(whole.values[i] == cut.values[i], "%s, %s: %s: %.9g became %.9g", device->info.id,
                  chain_mode_text(mode), chain_tensor_at(i), whole.values[i], cut.values[i]);
    free(whole.values);
    free(cut.values);
}

ParameterizedTestParameters(chain, is_the_same_in_any_ranges) {
    return fixture_parameters(CHAIN_MODE_COUNT);
}

ParameterizedTest(fixture_parameter *parameter, chain, is_the_same_in_any_ranges, .timeout = 120) {
    fixture_each_device(parameter, expect_whole);
}
