#include "subject.h"

#include "cases.h"
#include "pattern.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>

const char *subject_format(const subject *s, char text[OP_CASE_TEXT_MAX]) {
    switch (s->type) {
    case SUBJECT_CASE:
        return op_case_format(&s->op, text);
    case SUBJECT_CHECK:
        snprintf(text, OP_CASE_TEXT_MAX, "check %s%s%s", s->check->name,
                 s->check->per_op ? " op=" : "", s->check->per_op ? op_info_of(s->kind)->name : "");
        return text;
    default:
        snprintf(text, OP_CASE_TEXT_MAX, "train mode=%s steps=%llu", chain_mode_text(s->mode),
                 (unsigned long long)s->steps);
        return text;
    }
}

op_verdict subject_run(device_under_test *device, const subject *s,
                       char out_text[VERDICT_TEXT_MAX]) {
    switch (s->type) {
    case SUBJECT_CASE:
        return conformance_run(device, &s->op, out_text);
    case SUBJECT_CHECK:
        return contract_run(device, s->check, s->kind, out_text);
    default:
        return chain_check(device, s->mode, s->steps, out_text);
    }
}

/* ---- Listing ------------------------------------------------------------------------------- */

/* Appends it if it fits the filter. */
static retune_status add(const subject_choice *choice, const subject *s, subject_list *list,
                         retune_error *error) {
    char text[OP_CASE_TEXT_MAX];
    if (choice->filter && !pattern_fits(choice->filter, subject_format(s, text)))
        return RETUNE_OK;
    RETUNE_TRY(retune_grow(&list->items, &list->capacity, list->count, sizeof *list->items,
                           "subjects", error));
    list->items[list->count++] = *s;
    return RETUNE_OK;
}

static bool is_chosen(const subject_choice *choice, uint32_t kind) {
    for (size_t k = 0; k < choice->kind_count; k++)
        if (choice->kinds[k] == kind)
            return true;
    return choice->kind_count == 0;
}

static retune_status add_op(const subject_choice *choice, uint32_t kind, subject_list *list,
                            retune_error *error) {
    case_list cases = {0};
    retune_status status = RETUNE_OK;
    cases_of(kind, choice->reduced, &cases);
    for (size_t i = 0; i < cases.count && status == RETUNE_OK; i++)
        status = add(choice, &(subject){.type = SUBJECT_CASE, .op = cases.items[i]}, list, error);
    case_list_free(&cases);
    for (size_t c = 0; c < contract_check_count && status == RETUNE_OK; c++)
        if (contract_checks[c].per_op)
            status =
                add(choice,
                    &(subject){.type = SUBJECT_CHECK, .check = &contract_checks[c], .kind = kind},
                    list, error);
    return status;
}

static retune_status add_all(const subject_choice *choice, subject_list *list,
                             retune_error *error) {
    for (size_t c = 0; c < contract_check_count; c++)
        if (!contract_checks[c].per_op)
            RETUNE_TRY(add(choice, &(subject){.type = SUBJECT_CHECK, .check = &contract_checks[c]},
                           list, error));
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        if (is_chosen(choice, kind))
            RETUNE_TRY(add_op(choice, kind, list, error));
    for (chain_mode mode = CHAIN_WHOLE; mode < CHAIN_MODE_COUNT && choice->kind_count == 0; mode++)
        RETUNE_TRY(add(choice,
                       &(subject){.type = SUBJECT_TRAINING, .mode = mode, .steps = choice->steps},
                       list, error));
    return RETUNE_OK;
}

retune_status subject_list_make(const subject_choice *choice, subject_list *out_list,
                                retune_error *error) {
    *out_list = (subject_list){0};
    retune_status status = RETUNE_OK;
    if (choice->line) {
        subject single = {.type = SUBJECT_CASE};
        status = op_case_parse(choice->line, &single.op, error);
        if (status == RETUNE_OK)
            status = add(choice, &single, out_list, error);
    } else {
        status = add_all(choice, out_list, error);
    }
    if (status != RETUNE_OK) {
        free(out_list->items);
        *out_list = (subject_list){0};
    }
    return status;
}
