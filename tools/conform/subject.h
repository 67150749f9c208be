/* One thing that is tried on a device: a case of an op, a check of the contract, or some steps of
 * training. Each has a line of text that names it, and that line leads back to it. */
#ifndef RETUNE_CONFORM_SUBJECT_H
#define RETUNE_CONFORM_SUBJECT_H

#include "chain.h"
#include "contract.h"

typedef struct subject {
    enum { SUBJECT_CASE, SUBJECT_CHECK, SUBJECT_TRAINING } type;
    op_case op;                  /* of a case */
    const contract_check *check; /* of a check, */
    uint32_t kind;               /* and the op it is about, when it is per op */
    chain_mode mode;             /* of training */
    uint64_t steps;
} subject;

typedef struct subject_list {
    subject *items;
    size_t count, capacity;
} subject_list;

/* What is to be listed. */
typedef struct subject_choice {
    const uint32_t *kinds; /* ops; none: all of them, and training */
    size_t kind_count;
    bool reduced;       /* small shapes only */
    const char *filter; /* a pattern (pattern.h) that the line must fit, or NULL */
    const char *line;   /* this case and nothing else, or NULL */
    uint64_t steps;     /* of training */
} subject_choice;

/* Free the list with free(items). INVALID: `line` is no case. */
retune_status subject_list_make(const subject_choice *choice, subject_list *out_list,
                                retune_error *error);

/* "conv2d x=f32[1,7,7,3] ...", "check refuses_bad_attributes op=conv2d", "train mode=whole
 * steps=8"; returns `text`. */
const char *subject_format(const subject *s, char text[OP_CASE_TEXT_MAX]);

/* `out_text` says why it failed, or why the device does not do it. */
op_verdict subject_run(device_under_test *device, const subject *s,
                       char out_text[VERDICT_TEXT_MAX]);

#endif
