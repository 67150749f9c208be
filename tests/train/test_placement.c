/* Where the feature cache goes. */
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
