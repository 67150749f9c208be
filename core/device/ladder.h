/* Choosing a device: the names of `[backend] order` are tried one after the other, every refusal is
 * kept with its reason, and nothing happens silently. */
#ifndef RETUNE_DEVICE_LADDER_H
#define RETUNE_DEVICE_LADDER_H

#include "retune/retune.h"

#include "device/device.h"
#include "device/snapshot.h"

/* The numbers are those of the setting `[backend] fallback`. */
typedef enum retune_ladder_fallback {
    RETUNE_LADDER_NONE = 0,   /* the first name or an error */
    RETUNE_LADDER_DEVICE = 1, /* the next name */
    RETUNE_LADDER_OP = 2      /* the next name too, for what the devices before it do not do */
} retune_ladder_fallback;

typedef struct retune_ladder_options {
    char *const *order; /* "cpu", "vulkan/0" or "auto" */
    size_t order_count;
    retune_ladder_fallback fallback;
    retune_snapshot_options look;   /* how backends are looked at */
    const retune_refusal *excluded; /* devices passed over, by id, and why: lost, for example */
    size_t excluded_count;

    /* Optional: the options of [backend.<name>]. */
    const retune_option *(*backend_options)(void *user, const char *backend, size_t *out_count);

    /* Optional: whether an opened device will do, or with OP, whether it is of use. On false,
     * `reason` says why not and the ladder goes on. */
    bool (*accept)(const retune_device *device, void *user, char reason[256]);

    /* Optional: whether the devices accepted so far will do together. On false, `reason` says what
     * is missing; with OP the ladder goes on and adds to them. */
    bool (*enough)(void *user, char reason[256]);

    void *user; /* handed to these functions */
} retune_ladder_options;

/* Who was passed over and why, one line each. `backend` is a backend's name or a device's id. */
typedef struct retune_refusals {
    retune_refusal *items;
    size_t count, capacity;
} retune_refusals;
void retune_refusals_free(retune_refusals *refusals); /* leaves it zeroed */
retune_status retune_refusals_add(retune_refusals *refusals, const char *backend,
                                  const char *reason, retune_error *error);

/* INVALID: the order is empty, names something twice, or has a name that no device can have; or a
 * pin is malformed. */
retune_status retune_ladder_check(const retune_ladder_options *options, retune_error *error);

/* The rungs in the order in which they are tried, each once, as indices. A backend stands for its
 * devices in their own order; "auto" for all rungs, first backends that cannot be used at all, then
 * devices by score, equal scores in the order of the rungs. `out_sequence` holds `rung_count`
 * numbers. Reads `order`, `order_count` and `fallback` of the options. */
void retune_ladder_sequence(const retune_ladder_options *options, const retune_rung *rungs,
                            size_t rung_count, size_t *out_sequence, size_t *out_length);

/* The first usable rung of that sequence, and those passed over before it. UNAVAILABLE: there is
 * none; the message lists every refusal. The refusals are given in both cases. */
retune_status retune_ladder_decide(const retune_ladder_options *options, const retune_rung *rungs,
                                   size_t rung_count, size_t *out_index,
                                   retune_refusals *out_refusals, retune_error *error);

/* Loads, probes and opens until a device is accepted, or with OP a chain of devices; plugins behind
 * the last one chosen are not touched. Close the device with retune_device_close and free the
 * refusals, which are given on failure too. UNAVAILABLE: nobody is left; the message lists every
 * refusal. INVALID: the order, the plugin folder, or an option of [backend.<name>] is wrong; that
 * is never passed over. */
retune_status retune_ladder_choose(const retune_ladder_options *options, retune_device **out_device,
                                   retune_refusals *out_refusals, retune_error *error);

/* Every rung, usable or not, without opening a device. Free with retune_device_list_free. */
retune_status retune_device_list_make(const retune_ladder_options *options,
                                      retune_device_list **out_list, retune_error *error);

#endif
