#include "device/ladder.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/* ---- Refusals -------------------------------------------------------------------------------- */

void retune_refusals_free(retune_refusals *refusals) {
    for (size_t i = 0; i < refusals->count; i++) {
        free((char *)refusals->items[i].backend);
        free((char *)refusals->items[i].reason);
    }
    free(refusals->items);
    *refusals = (retune_refusals){0};
}

static const char *rung_name(const retune_rung *rung) {
    return rung->info.id[0] != '\0' ? rung->info.id : rung->backend;
}

retune_status retune_refusals_add(retune_refusals *refusals, const char *name, const char *text,
                                  retune_error *error) {
    char *backend = NULL, *reason = NULL;
    retune_status status = retune_grow(&refusals->items, &refusals->capacity, refusals->count,
                                       sizeof *refusals->items, "refusals", error);
    if (status == RETUNE_OK)
        status = retune_copy_text(name, &backend, error);
    if (status == RETUNE_OK)
        status = retune_copy_text(text, &reason, error);
    if (status == RETUNE_OK)
        refusals->items[refusals->count++] = (retune_refusal){backend, reason};
    else
        free(backend);
    return status;
}

/* The reason, and what to do about it. */
static retune_status refuse_rung(retune_refusals *refusals, const retune_rung *rung,
                                 retune_error *error) {
    char text[sizeof rung->reason + sizeof rung->advice + 2];
    snprintf(text, sizeof text, "%s%s%s", rung->reason, rung->advice[0] ? "; " : "", rung->advice);
    return retune_refusals_add(refusals, rung_name(rung), text, error);
}

static retune_status fail_refused(const retune_refusals *refusals, retune_error *error) {
    retune_status status = retune_fail(error, RETUNE_UNAVAILABLE, "no usable device");
    for (size_t i = 0; error && i < refusals->count; i++) {
        size_t used = strlen(error->message);
        snprintf(error->message + used, sizeof error->message - used, "%s%s: %s", i ? "; " : ": ",
                 refusals->items[i].backend, refusals->items[i].reason);
    }
    return status;
}

/* ---- Deciding -------------------------------------------------------------------------------- */

retune_status retune_ladder_check(const retune_ladder_options *options, retune_error *error) {
    if (options->order_count == 0)
        return retune_fail(error, RETUNE_INVALID, "[backend] order: names no backend");
    for (size_t i = 0; i < options->order_count; i++) {
        if (!retune_snapshot_name_valid(options->order[i]))
            return retune_fail(error, RETUNE_INVALID,
                               "[backend] order: '%s' is not auto, <backend> or "
                               "<backend>/<device>",
                               options->order[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(options->order[i], options->order[j]) == 0)
                return retune_fail(error, RETUNE_INVALID,
                                   "[backend] order: '%s' stands there twice", options->order[i]);
    }
    return retune_pins_check(&options->look.pins, error);
}

/* Whether a name other than "auto" stands for a rung. A device's name also stands for its backend
 * when that cannot be used as a whole. */
static bool stands_for(const char *name, const retune_rung *rung) {
    size_t length = strlen(rung->backend);
    if (strcmp(name, rung->backend) == 0 || strcmp(name, rung->info.id) == 0)
        return true;
    return rung->info.id[0] == '\0' && strncmp(name, rung->backend, length) == 0 &&
           name[length] == '/';
}

/* Whether "auto" tries `a` before `b`, which stands behind it. */
static bool auto_before(const retune_rung *a, const retune_rung *b) {
    bool a_whole = a->info.id[0] == '\0', b_whole = b->info.id[0] == '\0';
    return a_whole != b_whole ? a_whole : a->info.score >= b->info.score;
}

static bool contains(const size_t *items, size_t count, size_t item) {
    for (size_t i = 0; i < count; i++)
        if (items[i] == item)
            return true;
    return false;
}

void retune_ladder_sequence(const retune_ladder_options *options, const retune_rung *rungs,
                            size_t rung_count, size_t *out_sequence, size_t *out_length) {
    size_t names = options->order_count, length = 0;
    if (options->fallback == RETUNE_LADDER_NONE && names > 1)
        names = 1;
    for (size_t n = 0; n < names; n++) {
        bool automatic = strcmp(options->order[n], "auto") == 0;
        size_t first = length;
        for (size_t i = 0; i < rung_count; i++) {
            if (contains(out_sequence, length, i) ||
                !(automatic || stands_for(options->order[n], &rungs[i])))
                continue;
            size_t place = length++;
            for (; automatic && place > first; place--) {
                if (auto_before(&rungs[out_sequence[place - 1]], &rungs[i]))
                    break;
                out_sequence[place] = out_sequence[place - 1];
            }
            out_sequence[place] = i;
        }
    }
    *out_length = length;
}

retune_status retune_ladder_decide(const retune_ladder_options *options, const retune_rung *rungs,
                                   size_t rung_count, size_t *out_index,
                                   retune_refusals *out_refusals, retune_error *error) {
    size_t *sequence = NULL, length = 0;
    *out_index = 0;
    *out_refusals = (retune_refusals){0};
    RETUNE_TRY(retune_allocate(rung_count, sizeof *sequence, "a sequence", &sequence, error));
    retune_ladder_sequence(options, rungs, rung_count, sequence, &length);
    retune_status status = RETUNE_OK;
    for (size_t i = 0; i < length; i++) {
        if (rungs[sequence[i]].taken)
            continue;
        if (rungs[sequence[i]].status == RETUNE_OK) {
            *out_index = sequence[i];
            goto done;
        }
        status = refuse_rung(out_refusals, &rungs[sequence[i]], error);
        if (status != RETUNE_OK)
            goto done;
    }
    status = fail_refused(out_refusals, error);
done:
    free(sequence);
    return status;
}

/* ---- Choosing -------------------------------------------------------------------------------- */

/* Opens a rung's device and asks the caller; a refusal is written into the rung. The status is not
 * OK only where the ladder must end. */
static retune_status try_rung(const retune_ladder_options *options, retune_rung *rung,
                              retune_device **out_device, retune_error *error) {
    for (size_t i = 0; i < options->excluded_count; i++)
        if (strcmp(options->excluded[i].backend, rung->info.id) == 0) {
            rung->status = RETUNE_UNAVAILABLE;
            snprintf(rung->reason, sizeof rung->reason, "%s", options->excluded[i].reason);
            return RETUNE_OK;
        }
    retune_snapshot_test(rung, options->look.contact.self_test);
    if (rung->status != RETUNE_OK)
        return RETUNE_OK;
    size_t option_count = 0;
    const retune_option *backend_options =
        options->backend_options
            ? options->backend_options(options->user, rung->backend, &option_count)
            : NULL;
    retune_error fault = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    char reason[256] = "";
    rung->status = retune_device_open(retune_plugin_backend(rung->plugin), rung->index,
                                      backend_options, option_count, &device, &fault);
    if (rung->status == RETUNE_INVALID)
        return retune_fail(error, RETUNE_INVALID, "[backend.%s]: %s", rung->backend, fault.message);
    if (rung->status != RETUNE_OK) {
        snprintf(rung->reason, sizeof rung->reason, "%s", fault.message);
        return RETUNE_OK;
    }
    device->verdict = rung->verdict;
    if (options->accept && !options->accept(device, options->user, reason)) {
        retune_device_close(device);
        retune_plugin_text(reason, sizeof reason);
        rung->status = RETUNE_UNSUPPORTED;
        snprintf(rung->reason, sizeof rung->reason, "%s", reason[0] ? reason : "not accepted");
        return RETUNE_OK;
    }
    *out_device = device;
    return RETUNE_OK;
}

/* Whether the chosen devices will do; `reason` says why not. */
static bool is_enough(const retune_ladder_options *options, const retune_device *chosen,
                      char reason[256]) {
    reason[0] = '\0';
    return chosen && (!options->enough || options->enough(options->user, reason));
}

/* Tries the rungs known so far, best first, until one holds, or several hold together. */
static retune_status climb(const retune_ladder_options *options, retune_snapshot *snapshot,
                           retune_device **out_device, retune_refusals *out_refusals,
                           retune_error *error) {
    char missing[256];
    while (!is_enough(options, *out_device, missing)) {
        size_t index = 0;
        retune_device **end = out_device;
        while (*end)
            end = &(*end)->next;
        retune_refusals_free(out_refusals);
        RETUNE_TRY(retune_ladder_decide(options, snapshot->rungs, snapshot->count, &index,
                                        out_refusals, error));
        RETUNE_TRY(try_rung(options, &snapshot->rungs[index], end, error));
        snapshot->rungs[index].taken = *end != NULL;
    }
    return RETUNE_OK;
}

/* Nobody is left, and those that were chosen do not suffice: they are refused as well. */
static retune_status refuse_chosen(const retune_ladder_options *options, retune_snapshot *snapshot,
                                   retune_device **chosen, retune_refusals *out_refusals,
                                   retune_error *error) {
    char missing[256];
    size_t index = 0;
    is_enough(options, *chosen, missing);
    for (size_t i = 0; i < snapshot->count; i++) {
        retune_rung *rung = &snapshot->rungs[i];
        if (!rung->taken)
            continue;
        rung->taken = false;
        rung->status = RETUNE_UNSUPPORTED;
        snprintf(rung->reason, sizeof rung->reason, "%s", missing);
    }
    retune_device_close(*chosen);
    *chosen = NULL;
    retune_refusals_free(out_refusals);
    return retune_ladder_decide(options, snapshot->rungs, snapshot->count, &index, out_refusals,
                                error);
}

retune_status retune_ladder_choose(const retune_ladder_options *options, retune_device **out_device,
                                   retune_refusals *out_refusals, retune_error *error) {
    retune_snapshot snapshot = {0};
    *out_device = NULL;
    *out_refusals = (retune_refusals){0};
    RETUNE_TRY(retune_ladder_check(options, error));
    retune_ladder_options known = *options;
    known.look.best_only = true;
    size_t names = options->fallback == RETUNE_LADDER_NONE ? 1 : options->order_count;
    retune_status status = RETUNE_UNAVAILABLE;
    for (size_t n = 1; n <= names && status == RETUNE_UNAVAILABLE; n++) {
        known.order_count = n;
        status = retune_snapshot_add(&snapshot, options->order[n - 1], &known.look, error);
        if (status == RETUNE_OK)
            status = climb(&known, &snapshot, out_device, out_refusals, error);
    }
    if (status == RETUNE_UNAVAILABLE && *out_device)
        status = refuse_chosen(&known, &snapshot, out_device, out_refusals, error);
    if (status != RETUNE_OK) {
        retune_device_close(*out_device);
        *out_device = NULL;
    }
    retune_snapshot_free(&snapshot);
    return status;
}
