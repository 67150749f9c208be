#include "contract.h"

#include "cases.h"
#include "contract_parts.h"

#include "base/tensor_desc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Findings ------------------------------------------------------------------------------ */

void contract_add(findings *found, const char *format, ...) {
    const size_t used = strlen(found->text);
    va_list arguments;
    found->count++;
    if (used + 3 >= sizeof found->text)
        return;
    if (used > 0)
        memcpy(found->text + used, "; ", 3);
    va_start(arguments, format);
    vsnprintf(found->text + strlen(found->text), sizeof found->text - strlen(found->text), format,
              arguments);
    va_end(arguments);
}

void contract_skip(findings *found, const char *reason) {
    snprintf(found->skipped, sizeof found->skipped, "%s", reason);
}

op_case contract_plain_case(uint32_t kind) {
    case_list list = {0};
    cases_of(kind, false, &list);
    const op_case op = list.items[0];
    case_list_free(&list);
    return op;
}

/* ---- Tensors of an op ---------------------------------------------------------------------- */

static bool make(device_under_test *device, const retune_tensor_desc *desc, retune_usage usage,
                 retune_backend_tensor **out_tensor, findings *found) {
    retune_error error = RETUNE_ERROR_INIT;
    const retune_status status =
        device->backend->tensor_create(device->device, desc, usage, 0, out_tensor, &error);
    EXPECT(status == RETUNE_OK, "tensor_create gives status %d: %s", (int)status, error.message);
    return status == RETUNE_OK;
}

bool contract_bind(device_under_test *device, const retune_op_desc *desc, retune_op *out_bound,
                   findings *found) {
    const op_info *info = op_info_of(desc->kind);
    bool made = true;
    *out_bound = (retune_op){.struct_size = sizeof *out_bound, .desc = desc};
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX && made; s++)
        if (desc->inputs[s])
            made = make(device, desc->inputs[s], RETUNE_USAGE_STATE, &out_bound->inputs[s], found);
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX && made; s++) {
        if (!desc->outputs[s])
            continue;
        if (info->outputs[s].same_as >= 0)
            out_bound->outputs[s] = out_bound->inputs[info->outputs[s].same_as];
        else
            made =
                make(device, desc->outputs[s], RETUNE_USAGE_OUTPUT, &out_bound->outputs[s], found);
    }
    return made;
}

void contract_destroy(device_under_test *device, const retune_op *bound) {
    const op_info *info = op_info_of(bound->desc->kind);
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        if (bound->outputs[s] && info->outputs[s].same_as < 0)
            device->backend->tensor_destroy(bound->outputs[s]);
        if (bound->inputs[s])
            device->backend->tensor_destroy(bound->inputs[s]);
    }
}

/* ---- The table ----------------------------------------------------------------------------- */

#define PER_OP(name)                                                                               \
    { #name, true, contract_##name }
#define ONCE(name)                                                                                 \
    { #name, false, contract_##name }

const contract_check contract_checks[] = {
    PER_OP(refuses_malformed_tensors),
    PER_OP(refuses_bad_attributes),
    PER_OP(refuses_ranges_outside),
    ONCE(refuses_unknown_ops),
    ONCE(takes_structs_of_later_versions),
    ONCE(tensors_keep_what_is_written),
    ONCE(refuses_bad_tensors),
    ONCE(uses_wrapped_memory_in_place),
    ONCE(refuses_bad_devices_and_options),
    ONCE(refuses_impossible_tensors),
    ONCE(says_when_memory_ends),
    ONCE(gives_memory_back),
};
const size_t contract_check_count = sizeof contract_checks / sizeof contract_checks[0];

op_verdict contract_run(device_under_test *device, const contract_check *check, uint32_t kind,
                        char out_text[VERDICT_TEXT_MAX]) {
    findings found = {0};
    check->run(device, kind, &found);
    if (found.count > 0) {
        memcpy(out_text, found.text, sizeof found.text);
        return VERDICT_FAILED;
    }
    snprintf(out_text, VERDICT_TEXT_MAX, "%s", found.skipped);
    return found.skipped[0] ? VERDICT_UNSUPPORTED : VERDICT_PASSED;
}
