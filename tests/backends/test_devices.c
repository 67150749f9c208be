/* What a backend says of its devices. */
#include "backends/support.h"

Test(backend_devices, there_is_an_end_to_the_devices) {
    uint32_t count = 0;
    retune_backend_device *device = NULL;
    retune_device_info info = {.struct_size = sizeof info};
    assert_ok(target_backend()->device_count(&count, &error));
    cr_assert_gt(count, 0);
    expect_refused(RETUNE_INVALID, "device",
                   target_backend()->device_open(count, NULL, 0, &device, &error));
    expect_refused(RETUNE_INVALID, "device", target_backend()->device_info(count, &info, &error));
}

/* Better devices come first: the plain name of a backend means the first. */
Test(backend_devices, devices_are_sorted_by_score) {
    uint32_t count = 0;
    assert_ok(target_backend()->device_count(&count, &error));
    for (uint32_t d = 1; d < count; d++) {
        retune_device_info a = {.struct_size = sizeof a}, b = {.struct_size = sizeof b};
        assert_ok(target_backend()->device_info(d - 1, &a, &error));
        assert_ok(target_backend()->device_info(d, &b, &error));
        cr_expect_geq(a.score, b.score);
    }
}
