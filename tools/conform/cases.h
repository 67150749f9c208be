/* All cases: every op over the odd shapes, with and without its optional tensors, for every
 * attribute and element type that matters. */
#ifndef RETUNE_CONFORM_CASES_H
#define RETUNE_CONFORM_CASES_H

#include "op_case.h"

typedef struct case_list {
    op_case *items;
    size_t count, capacity;
} case_list;

/* Appends the cases of one op, or of all. `reduced` leaves out what takes more than a few thousand
 * multiply-adds, for devices that are emulated. Free the list with case_list_free. */
void cases_of(uint32_t kind, bool reduced, case_list *list);
void cases_all(bool reduced, case_list *list);
void case_list_free(case_list *list);

/* Appends one case; its seed is its place in the list. For the tables in cases_*.c. */
void case_list_add(case_list *list, op_case op);

/* The tables. Each appends the cases of one op. */
void cases_convolution(uint32_t kind, case_list *list);
void cases_activation(uint32_t kind, case_list *list);
void cases_batch_norm(uint32_t kind, case_list *list);
void cases_pool(uint32_t kind, case_list *list);
void cases_loss(uint32_t kind, case_list *list);
void cases_optimiser(uint32_t kind, case_list *list);
void cases_data_movement(uint32_t kind, case_list *list);

#endif
