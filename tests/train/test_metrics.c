/* Counting what a network gets right. */
#include "train/metrics.h"

#include "expect.h"

#include <math.h>
#include <stdbool.h>

Test(metrics, counts_and_predicts) {
    retune_metrics m = {0};
    retune_prediction predictions[4];
    float probability[] = {0.7f, 0.2f, 0.1f, 0.1f, 0.2f, 0.7f, 0.3f, 0.4f, 0.3f, 0.2f, 0.5f, 0.3f};
    float loss[] = {0.25f, 0.5f, 1.0f, 2.0f}, weight[] = {1, 1, 1, 1};
    int32_t label[] = {0, 2, 2, 1};
    cr_expect(retune_metrics_add(&m, probability, loss, label, weight, 4, 3, predictions));
    cr_expect_eq(m.correct, 3);
    cr_expect_eq(m.weight, 4.0);
    cr_expect_eq(retune_metrics_accuracy(&m), 0.75);
    cr_expect_eq(retune_metrics_loss(&m), 3.75 / 4.0);
    static const retune_prediction expected[] = {{0, 0.7f}, {2, 0.7f}, {1, 0.4f}, {1, 0.5f}};
    cr_expect_arr_eq(predictions, expected, sizeof expected);

    cr_expect(retune_metrics_add(&m, probability, loss, label, weight, 1, 3, predictions));
    cr_expect_eq(m.correct, 4);
    cr_expect_eq(m.weight, 5.0);
}

Test(metrics, nothing_counted_yet) {
    retune_metrics m = {0};
    cr_expect_eq(retune_metrics_accuracy(&m), 0.0);
    cr_expect_eq(retune_metrics_loss(&m), 0.0);
    cr_expect(retune_metrics_add(&m, NULL, NULL, NULL, NULL, 0, 3, NULL));
    cr_expect_eq(retune_metrics_loss(&m), 0.0);
}

/* Padding is passed over whatever it holds. */
Test(metrics, weight_0_counts_nowhere) {
    retune_metrics m = {0};
    retune_prediction predictions[3];
    float probability[] = {0.9f, 0.1f, NAN, NAN, 0.9f, 0.1f};
    float loss[] = {1.0f, NAN, INFINITY}, weight[] = {1, 0, 0};
    int32_t label[] = {0, 0, -1};
    cr_expect(retune_metrics_add(&m, probability, loss, label, weight, 3, 2, predictions));
    cr_expect_eq(m.correct, 1);
    cr_expect_eq(m.weight, 1.0);
    cr_expect_eq(m.loss, 1.0);
    cr_expect_eq(predictions[0].predicted, 0);
    cr_expect_eq(predictions[1].predicted, RETUNE_NOT_PREDICTED);
    cr_expect_eq(predictions[2].predicted, RETUNE_NOT_PREDICTED);
    cr_expect_eq(predictions[2].confidence, 0.0f);
}

Test(metrics, a_tie_goes_to_the_first_class) {
    retune_metrics m = {0};
    retune_prediction predictions[2];
    float probability[] = {0.4f, 0.4f, 0.2f, 0.2f, 0.4f, 0.4f};
    float loss[] = {0, 0}, weight[] = {1, 1};
    int32_t label[] = {1, 1};
    cr_expect(retune_metrics_add(&m, probability, loss, label, weight, 2, 3, predictions));
    cr_expect_eq(m.correct, 1);
    cr_expect_eq(predictions[0].predicted, 0);
    cr_expect_eq(predictions[1].predicted, 1);
}

/* ---- Numbers that are none ----------------------------------------------------------------- */

static bool add_one(float first, float second, float loss) {
    retune_metrics m = {0};
    float probability[] = {first, second}, weight = 1.0f;
    int32_t label = 0;
    return retune_metrics_add(&m, probability, &loss, &label, &weight, 1, 2, NULL);
}

Test(metrics, a_number_that_is_none_is_noticed) {
    cr_expect(add_one(0.5f, 0.5f, 3e38f));
    cr_expect_not(add_one(NAN, 0.5f, 1.0f));
    cr_expect_not(add_one(0.5f, NAN, 1.0f));
    cr_expect_not(add_one(INFINITY, 0.0f, 1.0f));
    cr_expect_not(add_one(0.5f, 0.5f, NAN));
    cr_expect_not(add_one(0.5f, 0.5f, INFINITY));
    cr_expect_not(add_one(0.5f, 0.5f, -INFINITY));
}

/* One bad image among good ones is enough, wherever it stands. */
Test(metrics, one_bad_image_spoils_a_batch) {
    for (size_t bad = 0; bad < 3; bad++) {
        retune_metrics m = {0};
        float probability[] = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
        float loss[] = {1, 1, 1}, weight[] = {1, 1, 1};
        int32_t label[] = {0, 0, 0};
        loss[bad] = NAN;
        cr_expect_not(retune_metrics_add(&m, probability, loss, label, weight, 3, 2, NULL));
    }
}
