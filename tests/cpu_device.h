/* A device of the CPU backend, found by the ladder as a job finds it. */
#ifndef RETUNE_TESTS_CPU_DEVICE_H
#define RETUNE_TESTS_CPU_DEVICE_H

#include "device/ladder.h"

#include "expect.h"

/* One thread: on small shapes several mostly wait for each other, and for a busy machine. */
static inline const retune_option *cpu_device_options(void *user, const char *backend,
                                                      size_t *out_count) {
    static const retune_option one_thread = {"threads", "1"};
    (void)user, (void)backend;
    *out_count = 1;
    return &one_thread;
}

/* `id` is "cpu/scalar", "cpu/simd". Close it with retune_device_close. */
static inline retune_device *cpu_device_open(const char *id) {
    char *order[] = {(char *)(uintptr_t)id};
    retune_ladder_options options = {
        .order = order, .order_count = 1, .backend_options = cpu_device_options};
    retune_refusals refusals;
    retune_device *device = NULL;
    assert_ok(retune_ladder_choose(&options, &device, &refusals, &error));
    retune_refusals_free(&refusals);
    cr_assert_str_eq(device->info.id, id);
    return device;
}

#endif
