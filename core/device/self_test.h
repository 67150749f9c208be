/* The self-test: a second of ops with known answers, on an opened device. */
#ifndef RETUNE_DEVICE_SELF_TEST_H
#define RETUNE_DEVICE_SELF_TEST_H

#include "device/device.h"
#include "device/verdict.h"

/* Tries every case the device says it does. A wrong answer, a changed input, a second run with
 * other bits on a device that calls itself deterministic, or an op that op_query promised and
 * program_create refuses: the op fails. Any other failure of a call (DEVICE_LOST, INTERNAL) ends
 * the test and is the verdict's `fault`; for lack of memory nothing is known either, since it may
 * be there another time. `on_op`, which may be NULL, is told before each case. */
void retune_self_test_run(const retune_device *device,
                          void (*on_op)(void *user, retune_op_kind kind), void *user,
                          retune_verdict *out_verdict);

#endif
