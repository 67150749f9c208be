/* What the files of the contract share. */
#ifndef RETUNE_CONFORM_CONTRACT_PARTS_H
#define RETUNE_CONFORM_CONTRACT_PARTS_H

#include "contract.h"

/* Adds a finding, or gives the reason why there is nothing to check. */
void contract_add(findings *found, const char *format, ...) __attribute__((format(printf, 2, 3)));
void contract_skip(findings *found, const char *reason);

/* Adds a finding, made of the arguments that follow, unless `condition` holds. */
#define EXPECT(condition, ...) ((condition) ? (void)0 : contract_add(found, __VA_ARGS__))

/* The first case of an op: whole strides, no remainder, so that every shape follows from the
 * others. */
op_case contract_plain_case(uint32_t kind);

/* Makes the tensors that the op's slots ask for, and binds them; false after adding a finding.
 * Destroy them in both cases. */
bool contract_bind(device_under_test *device, const retune_op_desc *desc, retune_op *out_bound,
                   findings *found);
void contract_destroy(device_under_test *device, const retune_op *bound);

/* The checks. */
#define CONTRACT_CHECK(name)                                                                       \
    void contract_##name(device_under_test *device, uint32_t kind, findings *found)
CONTRACT_CHECK(refuses_malformed_tensors);
CONTRACT_CHECK(refuses_bad_attributes);
CONTRACT_CHECK(refuses_ranges_outside);
CONTRACT_CHECK(refuses_unknown_ops);
CONTRACT_CHECK(takes_structs_of_later_versions);
CONTRACT_CHECK(tensors_keep_what_is_written);
CONTRACT_CHECK(refuses_bad_tensors);
CONTRACT_CHECK(uses_wrapped_memory_in_place);
CONTRACT_CHECK(refuses_bad_devices_and_options);
CONTRACT_CHECK(refuses_impossible_tensors);
CONTRACT_CHECK(says_when_memory_ends);
CONTRACT_CHECK(gives_memory_back);

#endif
