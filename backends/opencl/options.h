/* The keys of [backend.opencl]. */
#ifndef RETUNE_OPENCL_OPTIONS_H
#define RETUNE_OPENCL_OPTIONS_H

#include "tuning.h"

#include <stdbool.h>

typedef struct opencl_options {
    char platform[64]; /* part of the platform's name that a device must have; "": any */
    char device[128];  /* likewise of the device's name */
    bool profiling;
    backend_tune tune;
    char disable[512]; /* kernel names separated by blanks, one at each end */
    char cache[512];   /* folder of compiled programs and tuned sizes; "": none */
    bool cache_asked;  /* the user named the folder: then it must be usable */
} opencl_options;

/* INVALID names the key and what it may be. */
retune_status opencl_options_read(const retune_option *options, size_t count,
                                  opencl_options *out_options, retune_error *error);

/* True when `kernel` is in the list of `disable`. */
bool opencl_options_disable(const opencl_options *options, const char *kernel);

#endif
