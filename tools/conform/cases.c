#include "cases.h"

#include <stdio.h>
#include <stdlib.h>

/* More work than this is too much for an emulated device. */
#define REDUCED_WORK 4000.0

static void (*const tables[RETUNE_OP_KIND_COUNT])(uint32_t kind, case_list *list) = {
    [RETUNE_OP_NORMALIZE] = cases_data_movement,
    [RETUNE_OP_GATHER] = cases_data_movement,
    [RETUNE_OP_CONV2D] = cases_convolution,
    [RETUNE_OP_CONV2D_GRAD_INPUT] = cases_convolution,
    [RETUNE_OP_CONV2D_GRAD_WEIGHT] = cases_convolution,
    [RETUNE_OP_DEPTHWISE_CONV2D] = cases_convolution,
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT] = cases_convolution,
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT] = cases_convolution,
    [RETUNE_OP_ACTIVATION] = cases_activation,
    [RETUNE_OP_ACTIVATION_GRAD] = cases_activation,
    [RETUNE_OP_BATCH_NORM] = cases_batch_norm,
    [RETUNE_OP_BATCH_NORM_GRAD] = cases_batch_norm,
    [RETUNE_OP_POOL] = cases_pool,
    [RETUNE_OP_POOL_GRAD] = cases_pool,
    [RETUNE_OP_ADD] = cases_data_movement,
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY] = cases_loss,
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD] = cases_loss,
    [RETUNE_OP_SGD] = cases_optimiser,
    [RETUNE_OP_ADAM] = cases_optimiser,
    [RETUNE_OP_FILL] = cases_data_movement,
    [RETUNE_OP_CAST] = cases_data_movement,
    [RETUNE_OP_ACCUMULATE] = cases_data_movement,
};

void case_list_add(case_list *list, op_case op) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
        if (!list->items) {
            fprintf(stderr, "no memory for %zu cases\n", list->capacity);
            exit(EXIT_FAILURE);
        }
    }
    op.seed = list->count + 1;
    list->items[list->count++] = op;
}

void cases_of(uint32_t kind, bool reduced, case_list *list) {
    const size_t first = list->count;
    size_t kept = first;
    tables[kind](kind, list);
    for (size_t i = first; i < list->count; i++)
        if (!reduced || op_case_work(&list->items[i]) <= REDUCED_WORK)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

void cases_all(bool reduced, case_list *list) {
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        cases_of(kind, reduced, list);
}

void case_list_free(case_list *list) {
    free(list->items);
    *list = (case_list){0};
}
