/* Delta files: what training changed, bound to what it was changed from. */
#include "model/delta.h"
#include "model/model_file.h"

#include "network.h"
#include "temporary.h"

TestSuite(delta, .init = temporary_open, .fini = temporary_close);

Test(delta, holds_what_changed_and_names_its_base) {
    retune_model *model = network_small(1);
    retune_hash base = retune_delta_base(model);
    bool *changed = calloc(model->parameter_count, sizeof *changed);
    changed[network_parameter(model, "dense/kernel") - model->parameters] = true;
    changed[network_parameter(model, "dense/bias") - model->parameters] = true;
    network_parameter(model, "dense/bias")->values[0] = 7.0f;
    assert_ok(retune_delta_write(temporary_path("d"), model, changed, base, &error));

    retune_safetensors *file = NULL;
    retune_model *described = NULL;
    assert_ok(retune_safetensors_open(temporary_path("d"), &file, &error));
    cr_expect_eq(retune_safetensors_count(file), 2);
    const retune_safetensors_tensor *bias = retune_safetensors_find(file, "dense/bias");
    cr_assert_not_null(bias);
    cr_expect_eq(((const float *)bias->data)[0], 7.0f);
    char digits[RETUNE_HASH_TEXT_MAX], expected[64];
    snprintf(expected, sizeof expected, "{\"base\":\"%s\"}", retune_hash_text(base, digits));
    cr_expect_str_eq(retune_safetensors_metadata(file, RETUNE_DELTA_METADATA), expected);
    assert_ok(retune_model_file_describe(file, temporary_path("d"), &described, &error));
    cr_expect_eq(described->class_count, 3);
    retune_model_destroy(described);
    retune_safetensors_close(file);
    free(changed);
    retune_model_destroy(model);
}

/* The head is no part of the base: another one on the same weights takes the same deltas. */
Test(delta, the_base_is_everything_below_the_head) {
    retune_model *model = network_small(1), *wider = network_make(0.0625, 32, 5);
    assert_ok(retune_model_allocate(wider, 1, &error));
    retune_hash base = retune_delta_base(model);
    cr_expect(retune_hash_equal(base, retune_delta_base(wider)));
    network_parameter(model, "dense/kernel")->values[0] += 1.0f;
    cr_expect(retune_hash_equal(base, retune_delta_base(model)));
    for (size_t p = 0; p < model->parameter_count; p++) {
        retune_parameter *parameter = &model->parameters[p];
        float *last = &parameter->values[parameter->elements - 1], before = *last;
        *last += 0.5f;
        cr_expect_eq(retune_hash_equal(base, retune_delta_base(model)),
                     parameter->layer >= model->head_begin, "%s", parameter->name);
        *last = before;
    }
    retune_model_destroy(model);
    retune_model_destroy(wider);
}

Test(delta, values_that_change_places_make_another_base) {
    retune_model *model = network_small(1);
    retune_hash base = retune_delta_base(model);
    retune_parameter *a = network_parameter(model, "conv_pw_8/kernel");
    retune_parameter *b = network_parameter(model, "conv_pw_9/kernel");
    float *values = a->values;
    a->values = b->values;
    b->values = values;
    cr_expect_not(retune_hash_equal(base, retune_delta_base(model)));
    retune_model_destroy(model);
}

Test(delta, a_place_that_cannot_be_written) {
    retune_model *model = network_small(1);
    bool *changed = calloc(model->parameter_count, sizeof *changed);
    changed[0] = true;
    temporary_write("file", "x", 1);
    expect_refused(RETUNE_IO, "file/d",
                   retune_delta_write(temporary_path("file/d"), model, changed,
                                      retune_delta_base(model), &error));
    expect_refused(RETUNE_IO, "nowhere/d",
                   retune_delta_write(temporary_path("nowhere/d"), model, changed,
                                      retune_delta_base(model), &error));
    cr_expect_eq(temporary_count(), 1);
    free(changed);
    retune_model_destroy(model);
}
