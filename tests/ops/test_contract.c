/* What backend.h promises beyond the results of ops, on every device. */
#include "contract.h"
#include "fixture.h"

#include <criterion/criterion.h>

static void expect_kept(device_under_test *device, const fixture_parameter *parameter) {
    static char text[VERDICT_TEXT_MAX];
    const contract_check *check = &contract_checks[parameter->variant];
    for (uint32_t kind = 0; kind < (check->per_op ? RETUNE_OP_KIND_COUNT : 1); kind++)
        cr_expect_neq(contract_run(device, check, kind, text), VERDICT_FAILED, "%s: %s%s%s: %s",
                      device->info.id, check->name, check->per_op ? " " : "",
                      check->per_op ? op_info_of(kind)->name : "", text);
}

ParameterizedTestParameters(contract, is_kept) {
    return fixture_parameters((uint32_t)contract_check_count);
}

ParameterizedTest(fixture_parameter *parameter, contract, is_kept, .timeout = 120) {
    fixture_each_device(parameter, expect_kept);
}
