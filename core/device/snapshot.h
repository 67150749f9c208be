/* What is there: backends and their devices, as far as they were looked at, usable or not. */
#ifndef RETUNE_DEVICE_SNAPSHOT_H
#define RETUNE_DEVICE_SNAPSHOT_H

#include "device/device.h"
#include "device/plugin.h"
#include "device/search.h"

/* A device, or (info.id empty) a backend that cannot be used as a whole. */
typedef struct retune_rung {
    char backend[RETUNE_PLUGIN_NAME_MAX + 1];
    retune_status status;                  /* RETUNE_OK: nothing speaks against it so far */
    char reason[RETUNE_ERROR_MESSAGE_MAX]; /* why not */
    char advice[256];                      /* what to do about it; empty: nothing is known */
    retune_device_info info;
    /* How to get at it. */
    retune_plugin *plugin; /* NULL: no plugin of that name */
    uint32_t index;        /* of the device in the backend */
    retune_probe_report report;
    retune_verdict verdict; /* of the self-test */
    bool untested;          /* left for when it is tried */
    bool taken;             /* chosen already */
} retune_rung;

/* Starts zeroed. */
typedef struct retune_snapshot {
    retune_rung *rungs;
    size_t count, capacity;
} retune_snapshot;

/* How backends are looked at; all zero is a good default. */
typedef struct retune_snapshot_options {
    const char *folder; /* of plugins; may be NULL */
    retune_plugin_contact contact;
    retune_pins pins; /* what plugin files must be */
    bool best_only;   /* "auto" leaves devices untested where a better one has passed already */
} retune_snapshot_options;

/* Looks at what a name of `[backend] order` stands for, unless that was done: a backend ("cpu"), a
 * device ("cpu/scalar"; its whole backend is added) or "auto" (every plugin found). A backend that
 * cannot be loaded or probed, a device that does not exist, and one on which the self-test found no
 * end become rungs with the reason. INVALID: a malformed name or a wrong folder. */
retune_status retune_snapshot_add(retune_snapshot *snapshot, const char *name,
                                  const retune_snapshot_options *options, retune_error *error);
void retune_snapshot_free(retune_snapshot *snapshot);

/* Tests the device of a rung that was left untested; what was found is written into the rung. */
void retune_snapshot_test(retune_rung *rung, retune_self_test_mode mode);

/* True for "auto", "<backend>" and "<backend>/<device>". */
bool retune_snapshot_name_valid(const char *name);

#endif
