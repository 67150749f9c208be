/* The network under test, small or whole: MobileNet V1 with a head, random values and class names.
 */
#ifndef RETUNE_TESTS_NETWORK_H
#define RETUNE_TESTS_NETWORK_H

#include "model/model.h"

#include "expect.h"

/* Classes are named "a", "b", ... (at most 26). It has no values yet. */
static inline retune_model *network_with_head(double alpha, uint32_t input, uint32_t classes,
                                              char *const *head, size_t head_count) {
    retune_model *model = NULL;
    char letters[26][2], *names[26];
    for (uint32_t c = 0; c < classes; c++) {
        letters[c][0] = (char)('a' + c);
        letters[c][1] = '\0';
        names[c] = letters[c];
    }
    assert_ok(retune_model_create("mobilenet_v1", alpha, input, &model, &error));
    assert_ok(retune_model_add_architecture(model, &error));
    assert_ok(retune_model_add_head(model, head, head_count, classes, &error));
    assert_ok(retune_model_set_classes(model, names, classes, &error));
    return model;
}

static inline retune_model *network_make(double alpha, uint32_t input, uint32_t classes) {
    char *head[] = {"average_pool", "flatten", "dense", "softmax"};
    return network_with_head(alpha, input, classes, head, 4);
}

/* A small one with values. */
static inline retune_model *network_small(uint64_t seed) {
    retune_model *model = network_make(0.0625, 32, 3);
    assert_ok(retune_model_allocate(model, seed, &error));
    return model;
}

static inline retune_parameter *network_parameter(const retune_model *model, const char *name) {
    int32_t index = retune_model_find_parameter(model, name);
    cr_assert_geq(index, 0, "there is no parameter %s", name);
    return &model->parameters[index];
}

/* The parameter of that name holds the same bits in both. */
static inline bool network_same_values(const retune_model *a, const retune_model *b,
                                       const char *name) {
    const retune_parameter *p = network_parameter(a, name), *q = network_parameter(b, name);
    return memcmp(p->values, q->values, p->elements * sizeof(float)) == 0;
}

static inline size_t network_layer(const retune_model *model, const char *name) {
    int32_t index = retune_model_find_layer(model, name);
    cr_assert_geq(index, 0, "there is no layer %s", name);
    return (size_t)index;
}

#endif
