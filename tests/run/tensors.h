/* Comparing safetensors files, bit by bit. */
#ifndef TESTS_RUN_TENSORS_H
#define TESTS_RUN_TENSORS_H

#include <stdbool.h>

/* Whether both files hold the same tensors with the same bits, whatever their metadata. */
bool tensors_same(const char *left, const char *right);

/* Whether a tensor has the same bits in both; it must be in both. */
bool tensor_same(const char *left, const char *right, const char *name);

/* How many tensors the files share, and how many of those differ in their bits. */
typedef struct tensors_difference {
    unsigned shared, changed;
} tensors_difference;
tensors_difference tensors_compare(const char *left, const char *right);

/* Calls `visit` for each shared tensor. */
void tensors_visit(const char *left, const char *right,
                   void (*visit)(void *user, const char *name, bool same), void *user);

#endif
