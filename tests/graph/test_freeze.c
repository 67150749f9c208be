/* Which parameters a policy trains, and where the frozen prefix ends. */
#include "graph/freeze.h"

#include "network.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct policy {
    char *globs[3];
    retune_norm_mode norms;
    uint64_t trained;     /* scalars */
    const char *frontier; /* first layer above it */
} policy;

static size_t glob_count(const policy *p) {
    size_t count = 0;
    while (count < COUNT(p->globs) && p->globs[count])
        count++;
    return count;
}

static bool trains(const retune_model *model, const retune_freeze *freeze, const char *name) {
    return freeze->trained[network_parameter(model, name) - model->parameters];
}

/* Parameters counted by hand: a pointwise kernel has in * out, a batch norm's gamma and beta two a
 * channel, the head 1024 * 5 + 5. */
static const policy policies[] = {
    {{"conv_pw_13", "dense"}, RETUNE_NORM_FROZEN, 1048576 + 5125, "conv_pw_13"},
    {{"dense"}, RETUNE_NORM_FULL, 5125, "dense"},
    {{"dense", "dense", "d*e"}, RETUNE_NORM_FROZEN, 5125, "dense"},
    {{"conv_pw_13", "dense"}, RETUNE_NORM_AFFINE, 1048576 + 2048 + 5125, "conv_pw_13"},
    {{"conv_pw_13", "dense"}, RETUNE_NORM_FULL, 1048576 + 2048 + 5125, "conv_pw_13"},
    {{"conv_pw_1[23]", "dense"}, RETUNE_NORM_FROZEN, 524288 + 1048576 + 5125, "conv_pw_12"},
    {{"conv_pw_?"},
     RETUNE_NORM_FROZEN,
     2048 + 8192 + 16384 + 32768 + 65536 + 131072 + 3 * 262144,
     "conv_pw_1"},
    {{"conv_dw_13_bn"}, RETUNE_NORM_AFFINE, 2048, "conv_dw_13_bn"},
    {{"conv_dw_13_bn", "conv_dw_13_relu"}, RETUNE_NORM_FULL, 2048, "conv_dw_13_bn"},
    {{"conv_dw_13_bn", "dense"}, RETUNE_NORM_FROZEN, 5125, "dense"},
    {{"conv_dw_13"}, RETUNE_NORM_AFFINE, 9216 + 2048, "conv_dw_13"},
    {{"conv1"}, RETUNE_NORM_FROZEN, 864, "conv1"},
    {{"*"}, RETUNE_NORM_FROZEN, 3233989 - 4 * 10944, "conv1"},
    {{"*"}, RETUNE_NORM_AFFINE, 3233989 - 2 * 10944, "conv1"},
    {{"*"}, RETUNE_NORM_FULL, 3233989 - 2 * 10944, "conv1"},
};

Test(freeze, trained_totals_and_frontier) {
    retune_model *model = network_make(1.0, 224, 5);
    cr_assert_eq(retune_model_parameter_total(model), 3233989);
    for (size_t i = 0; i < COUNT(policies); i++) {
        const policy *p = &policies[i];
        retune_freeze freeze;
        assert_ok(retune_freeze_make(model, p->globs, glob_count(p), p->norms, &freeze, &error));
        cr_expect_eq(freeze.trained_total, p->trained, "%zu: %s: %zu instead of %zu", i,
                     p->globs[0], (size_t)freeze.trained_total, (size_t)p->trained);
        cr_expect_str_eq(model->layers[freeze.frontier].name, p->frontier);
        uint64_t marked = 0;
        for (size_t q = 0; q < model->parameter_count; q++)
            marked += freeze.trained[q] ? model->parameters[q].elements : 0;
        cr_expect_eq(marked, freeze.trained_total, "%zu", i);
        retune_freeze_release(&freeze);
    }
    retune_model_destroy(model);
}

Test(freeze, the_seed_job) {
    retune_model *model = network_make(1.0, 224, 5);
    char *globs[] = {"conv_pw_13", "dense"};
    retune_freeze freeze;
    assert_ok(retune_freeze_make(model, globs, 2, RETUNE_NORM_FROZEN, &freeze, &error));
    cr_expect_eq(freeze.trained_total, 1053701);
    cr_expect_eq(retune_model_parameter_total(model) - freeze.trained_total, 2180288);
    cr_expect_str_eq(model->layers[freeze.frontier - 1].name, "conv_dw_13_relu");
    cr_expect(trains(model, &freeze, "conv_pw_13/kernel"));
    cr_expect(trains(model, &freeze, "dense/kernel"));
    cr_expect(trains(model, &freeze, "dense/bias"));
    cr_expect_not(trains(model, &freeze, "conv_pw_13_bn/gamma"));
    cr_expect_not(trains(model, &freeze, "conv_dw_13/kernel"));
    retune_freeze_release(&freeze);
    cr_expect_null(freeze.trained);
    retune_freeze_release(&freeze);
    retune_model_destroy(model);
}

/* A batch norm belongs to the layer before it: it is not named, yet it follows what is trained. */
Test(freeze, batch_norms_follow_the_layer_before_them) {
    retune_model *model = network_make(1.0, 224, 5);
    char *globs[] = {"conv_pw_12", "conv_dw_13", "dense"};
    static const retune_norm_mode modes[] = {RETUNE_NORM_FROZEN, RETUNE_NORM_AFFINE,
                                             RETUNE_NORM_FULL};
    for (size_t m = 0; m < COUNT(modes); m++) {
        retune_freeze freeze;
        assert_ok(retune_freeze_make(model, globs, 3, modes[m], &freeze, &error));
        size_t changed = 0;
        for (size_t l = 0; l < model->layer_count; l++)
            changed += freeze.norms[l] != RETUNE_NORM_FROZEN;
        cr_expect_eq(changed, modes[m] == RETUNE_NORM_FROZEN ? 0 : 2);
        cr_expect_eq(freeze.norms[network_layer(model, "conv_pw_12_bn")], modes[m]);
        cr_expect_eq(freeze.norms[network_layer(model, "conv_dw_13_bn")], modes[m]);
        bool affine = modes[m] != RETUNE_NORM_FROZEN;
        cr_expect_eq(trains(model, &freeze, "conv_pw_12_bn/gamma"), affine);
        cr_expect_eq(trains(model, &freeze, "conv_dw_13_bn/beta"), affine);
        cr_expect_not(trains(model, &freeze, "conv_pw_12_bn/moving_mean"));
        cr_expect_not(trains(model, &freeze, "conv_dw_13_bn/moving_variance"));
        cr_expect_not(trains(model, &freeze, "conv_pw_13_bn/gamma"));
        retune_freeze_release(&freeze);
    }
    retune_model_destroy(model);
}

Test(freeze, all_frozen) {
    retune_model *model = network_make(0.25, 32, 2);
    retune_freeze freeze;
    assert_ok(retune_freeze_all(model, &freeze, &error));
    cr_expect_eq(freeze.frontier, model->layer_count);
    cr_expect_eq(freeze.trained_total, 0);
    for (size_t p = 0; p < model->parameter_count; p++)
        cr_expect_not(freeze.trained[p]);
    retune_freeze_release(&freeze);
    retune_model_destroy(model);
}

/* ---- Refused ------------------------------------------------------------------------------- */

static void expect_policy_refused(char *const *globs, size_t count, retune_norm_mode norms,
                                  const char *part) {
    retune_model *model = network_make(0.25, 32, 2);
    retune_freeze freeze;
    memset(&freeze, 0xff, sizeof freeze);
    expect_refused(RETUNE_INVALID, part,
                   retune_freeze_make(model, globs, count, norms, &freeze, &error));
    cr_expect_null(freeze.trained);
    cr_expect_null(freeze.norms);
    cr_expect_eq(freeze.trained_total, 0);
    retune_model_destroy(model);
}

Test(freeze, a_glob_that_matches_nothing_is_refused) {
    expect_policy_refused((char *[]){"conv_pw_14"}, 1, RETUNE_NORM_FROZEN, "'conv_pw_14'");
    expect_policy_refused((char *[]){"dense", "con_pw_*"}, 2, RETUNE_NORM_FROZEN, "'con_pw_*'");
    expect_policy_refused((char *[]){"Dense"}, 1, RETUNE_NORM_FROZEN, "'Dense'");
    expect_policy_refused((char *[]){"dens"}, 1, RETUNE_NORM_FULL, "`retune inspect`");
    expect_policy_refused((char *[]){""}, 1, RETUNE_NORM_FULL, "''");
    expect_policy_refused((char *[]){"conv_pw_[13"}, 1, RETUNE_NORM_FULL, "[freeze] train");
}

Test(freeze, a_policy_that_trains_nothing_is_refused) {
    const char *part = "something to train";
    expect_policy_refused(NULL, 0, RETUNE_NORM_FULL, part);
    expect_policy_refused((char *[]){"*_relu"}, 1, RETUNE_NORM_FULL, part);
    expect_policy_refused((char *[]){"softmax", "flatten"}, 2, RETUNE_NORM_AFFINE, part);
    expect_policy_refused((char *[]){"*_bn"}, 1, RETUNE_NORM_FROZEN, part);
}
