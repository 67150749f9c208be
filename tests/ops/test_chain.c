/* A small training program on every device: right, and the same however it is cut into ranges. */
#include "chain.h"
#include "fixture.h"

#include <criterion/criterion.h>

#define STEPS 2

static void expect_right(device_under_test *device, const fixture_parameter *parameter) {
    static char text[VERDICT_TEXT_MAX];
    const chain_mode mode = (chain_mode)parameter->variant;
    const op_verdict verdict = chain_check(device, mode, STEPS, text);
    cr_expect_neq(verdict, VERDICT_FAILED, "%s, %s: %s", device->info.id, chain_mode_text(mode),
                  text);
    if (verdict == VERDICT_UNSUPPORTED)
        cr_log_warn("%s does not run the chain: %s", device->info.id, text);
}

ParameterizedTestParameters(chain, is_right) {
    return fixture_parameters(CHAIN_MODE_COUNT);
}

ParameterizedTest(fixture_parameter *parameter, chain, is_right, .timeout = 120) {
    fixture_each_device(parameter, expect_right);
}
