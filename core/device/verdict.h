/* What the self-test found out about a device: ops in quarantine, or that the device as a whole
 * cannot be used. Remembered in the user's cache folder until the device, its driver, the plugin or
 * this library changes. */
#ifndef RETUNE_DEVICE_VERDICT_H
#define RETUNE_DEVICE_VERDICT_H

#include "base/status.h"
#include "retune/backend.h"

#include <stdbool.h>

#define RETUNE_VERDICT_TEXT_MAX 128

/* Starts zeroed: nothing is known, and nothing speaks against the device. */
typedef struct retune_verdict {
    uint32_t tested; /* ops that were tried; the others the device refuses itself */
    uint32_t failed; /* of those */
    float seconds;   /* the tests took */
    uint32_t known;  /* 1: there was a self-test */
    /* Why the device cannot be used; empty: it can. */
    char fault[RETUNE_VERDICT_TEXT_MAX];
    /* By op: why it is in quarantine; empty: it is not. */
    char failures[RETUNE_OP_KIND_COUNT][RETUNE_VERDICT_TEXT_MAX];
} retune_verdict;

/* "passed: 22 ops", "21 of 22 ops passed; in quarantine: conv2d: ...", "not run" into `text`;
 * returns `text`. */
const char *retune_verdict_text(const retune_verdict *verdict, char *text, size_t size);

/* The key of a device: its id, name and driver, the content of the file that `code`, a function of
 * its plugin, lies in, and this library's version. */
#define RETUNE_VERDICT_KEY_MAX 33
void retune_verdict_key(const retune_device_info *info, const void *code,
                        char key[RETUNE_VERDICT_KEY_MAX]);

/* Looks up and stores a verdict. A file that is damaged, or that others could have written, counts
 * as not there; one that cannot be written costs the next process a self-test and nothing else. */
bool retune_verdict_recall(const char *key, retune_verdict *out_verdict);
void retune_verdict_remember(const char *key, const retune_verdict *verdict);

#endif
