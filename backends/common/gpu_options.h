/* The keys that GPU backends have in their section [backend.<name>]: one meaning, one parser. */
#ifndef RETUNE_COMMON_GPU_OPTIONS_H
#define RETUNE_COMMON_GPU_OPTIONS_H

#include "tuning.h"

#include <stdbool.h>

typedef struct backend_gpu_options {
    char platform[64]; /* part of the platform's name that a device must have; "": any */
    char device[128];  /* likewise of the device's name */
    bool profiling;
    backend_tune tune;
    char disable[512]; /* kernel names separated by blanks, one at each end */
    char cache[512];   /* folder of compiled kernels and tuned sizes; "": none */
    bool cache_asked;  /* the user named the folder: then it must be usable */
    bool validation;   /* a layer of the driver checks every call */
    bool cooperative;  /* matrix units multiply where maps are fp16 */
} backend_gpu_options;

/* A backend's section. */
typedef struct backend_gpu_section {
    const char *backend; /* "opencl" */
    const char *keys;    /* those it has, separated by blanks */

    /* Names of the kernels of an op, separated by blanks. */
    const char *(*kernels)(uint32_t kind);
} backend_gpu_section;

/* INVALID names the key and what it may be. */
retune_status backend_gpu_options_read(const backend_gpu_section *section,
                                       const retune_option *options, size_t count,
                                       backend_gpu_options *out_options, retune_error *error);

/* The first of `kernels`, separated by blanks, that is in the list of `disable`, into `name`; false
 * when none is. */
bool backend_gpu_options_disabled(const backend_gpu_options *options, const char *kernels,
                                  char name[128]);

/* True when `name` contains `part` in upper or lower case. */
bool backend_gpu_options_match(const char *name, const char *part);

#endif
