/* The keys of [backend.vulkan]. */
#ifndef RETUNE_VULKAN_OPTIONS_H
#define RETUNE_VULKAN_OPTIONS_H

#include "tuning.h"

#include <stdbool.h>

typedef struct vulkan_options {
    char device[128]; /* part of the name that a device must have; "": any */
    bool profiling;
    backend_tune tune;
    char disable[512]; /* shader names separated by blanks, one at each end */
    char cache[512];   /* folder of compiled pipelines and tuned sizes; "": none */
    bool cache_asked;  /* the user named the folder: then it must be usable */
    bool validation;   /* the Khronos layer checks every call */
} vulkan_options;

/* INVALID names the key and what it may be. */
retune_status vulkan_options_read(const retune_option *options, size_t count,
                                  vulkan_options *out_options, retune_error *error);

/* True when `shader` is in the list of `disable`. */
bool vulkan_options_disable(const vulkan_options *options, const char *shader);

#endif
