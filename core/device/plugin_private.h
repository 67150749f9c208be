/* What plugin.c and probe.c know of a plugin, and nobody else. */
#ifndef RETUNE_DEVICE_PLUGIN_PRIVATE_H
#define RETUNE_DEVICE_PLUGIN_PRIVATE_H

#include "device/pin.h"
#include "device/plugin.h"
#include "device/search.h"

union retune_plugin_query {
    retune_backend_query_function backend;
    retune_format_query_function format;
};

struct retune_plugin {
    retune_plugin *next;
    retune_plugin_kind kind;
    char name[RETUNE_PLUGIN_NAME_MAX + 1];
    char *path;
    union retune_plugin_query query;
    union {
        retune_backend backend;
        retune_format format;
    } table; /* once `loaded` */
    bool loaded;
    char sha256[RETUNE_SHA256_TEXT_MAX]; /* of the file that was loaded, when that was pinned */
    bool trusted;                        /* a probe has come back alive */
    char *probe_fault;                   /* why it is not probed again */
    /* Of its devices, by key: what this process found out. */
    struct retune_plugin_verdict *verdicts;
    size_t verdict_count, verdict_capacity;
};

#endif
