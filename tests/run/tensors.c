#include "run/tensors.h"

#include "base/tensor_desc.h"
#include "model/safetensors.h"

#include <criterion/criterion.h>

#include <string.h>

typedef struct pair {
    retune_safetensors *left, *right;
} pair;

static pair pair_open(const char *left, const char *right) {
    retune_error error = RETUNE_ERROR_INIT;
    pair p = {0};
    cr_assert(retune_safetensors_open(left, &p.left, &error) == RETUNE_OK, "%s", error.message);
    cr_assert(retune_safetensors_open(right, &p.right, &error) == RETUNE_OK, "%s", error.message);
    return p;
}

static void pair_close(pair *p) {
    retune_safetensors_close(p->left);
    retune_safetensors_close(p->right);
}

static bool same(const retune_safetensors_tensor *a, const retune_safetensors_tensor *b) {
    size_t bytes = 0;
    return a && b && retune_desc_equal(&a->desc, &b->desc) &&
           retune_desc_bytes(&a->desc, &bytes, NULL) == RETUNE_OK &&
           memcmp(a->data, b->data, bytes) == 0;
}

void tensors_visit(const char *left, const char *right,
                   void (*visit)(void *user, const char *name, bool same), void *user) {
    pair p = pair_open(left, right);
    for (size_t i = 0; i < retune_safetensors_count(p.left); i++) {
        const retune_safetensors_tensor *a = retune_safetensors_tensor_at(p.left, i);
        const retune_safetensors_tensor *b = retune_safetensors_find(p.right, a->name);
        if (b)
            visit(user, a->name, same(a, b));
    }
    pair_close(&p);
}

static void count(void *user, const char *name, bool is_same) {
    (void)name;
    tensors_difference *difference = user;
    difference->shared++;
    difference->changed += !is_same;
}

tensors_difference tensors_compare(const char *left, const char *right) {
    tensors_difference difference = {0};
    tensors_visit(left, right, count, &difference);
    return difference;
}

bool tensors_same(const char *left, const char *right) {
    pair p = pair_open(left, right);
    size_t left_count = retune_safetensors_count(p.left);
    bool same_names = left_count > 0 && left_count == retune_safetensors_count(p.right);
    pair_close(&p);
    tensors_difference difference = tensors_compare(left, right);
    return same_names && difference.shared == left_count && difference.changed == 0;
}

bool tensor_same(const char *left, const char *right, const char *name) {
    pair p = pair_open(left, right);
    const retune_safetensors_tensor *a = retune_safetensors_find(p.left, name);
    const retune_safetensors_tensor *b = retune_safetensors_find(p.right, name);
    cr_assert(a && b, "%s is not in both of %s and %s", name, left, right);
    bool is_same = same(a, b);
    pair_close(&p);
    return is_same;
}
