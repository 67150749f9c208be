/* Where the feature cache goes, and whether a device gets all of it. */
#include "train/budget.h"
#include "train/feature_cache.h"

#include "expect.h"

static int place(const char *features, uint64_t table, uint64_t available) {
    retune_option setting = {"cache.features", features};
    retune_config *config = NULL;
    assert_ok(retune_config_open(NULL, &setting, 1, &config, &error));
    int answer = retune_feature_cache_place(config, table, available);
    retune_config_close(config);
    return answer;
}

Test(placement, auto_is_memory_up_to_a_quarter_of_what_is_there) {
    const uint64_t mib = 1024 * 1024;
    cr_expect_eq(place("auto", 250 * mib, 1000 * mib), RETUNE_FEATURES_MEMORY);
    cr_expect_eq(place("auto", 250 * mib + 1, 1000 * mib), RETUNE_FEATURES_DISK);
    cr_expect_eq(place("auto", 0, 1), RETUNE_FEATURES_MEMORY);
    cr_expect_eq(place("auto", 1, 3), RETUNE_FEATURES_DISK);
    cr_expect_eq(place("auto", UINT64_MAX, UINT64_MAX), RETUNE_FEATURES_DISK);
}

Test(placement, auto_is_memory_where_nobody_knows) {
    cr_expect_eq(place("auto", UINT64_MAX, 0), RETUNE_FEATURES_MEMORY);
}

Test(placement, a_choice_is_kept) {
    cr_expect_eq(place("memory", UINT64_MAX, 1), RETUNE_FEATURES_MEMORY);
    cr_expect_eq(place("disk", 1, UINT64_MAX), RETUNE_FEATURES_DISK);
    cr_expect_eq(place("off", 1, UINT64_MAX), RETUNE_FEATURES_OFF);
}

/* ---- On the device ------------------------------------------------------------------------- */

static retune_device_info device(uint64_t memory, uint32_t features) {
    return (retune_device_info){.memory_bytes = memory, .features = features};
}

Test(placement, training_takes_seven_tenths_of_a_device) {
    retune_device_info some = device(1000, 0), unknown = device(0, 0), all = device(UINT64_MAX, 0);
    cr_expect_eq(retune_budget_bytes(&some), 700);
    cr_expect_eq(retune_budget_bytes(&unknown), 0);
    cr_expect_gt(retune_budget_bytes(&all), UINT64_MAX / 2);
}

Test(placement, a_table_goes_to_the_device_up_to_the_budget) {
    retune_device_info some = device(1000, RETUNE_FEATURE_DETERMINISTIC);
    cr_expect(retune_budget_holds_table(&some, 700));
    cr_expect_not(retune_budget_holds_table(&some, 701));
    cr_expect_not(retune_budget_holds_table(&some, UINT64_MAX));
}

Test(placement, a_device_of_unknown_memory_is_tried) {
    retune_device_info unknown = device(0, 0);
    cr_expect(retune_budget_holds_table(&unknown, UINT64_MAX));
}

Test(placement, a_table_in_place_takes_nothing) {
    retune_device_info sharing = device(1000, RETUNE_FEATURE_HOST_MEMORY);
    cr_expect(retune_budget_holds_table(&sharing, UINT64_MAX));
}
