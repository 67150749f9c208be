/* The keys of [backend.clml] beside those of every GPU backend. */
#ifndef RETUNE_CLML_OPTIONS_H
#define RETUNE_CLML_OPTIONS_H

#include "gpu_options.h"

/* Names every key, for messages. */
extern const backend_gpu_section clml_section;

typedef enum clml_crossing {
    CLML_CROSSING_COPY, /* dense data becomes a private tensor on the device */
    CLML_CROSSING_HOST  /* through host memory */
} clml_crossing;

typedef struct clml_options {
    char provider[256];   /* path of the library with the extension's functions; "": OpenCL's */
    bool trust_provider;  /* also for devices that do not list the extension */
    uint32_t micro_batch; /* samples of a map that one op works on, at most */
    clml_crossing crossing;
    bool reuse;     /* tensors that are never alive together share memory */
    bool recording; /* ops of a step are recorded */
} clml_options;

/* What holds without a key: the environment's RETUNE_CLML_PROVIDER and RETUNE_CLML_TRUST_PROVIDER
 * (which the search for devices heeds too, before any options are known), unless privileges were
 * raised, and the defaults. INVALID: RETUNE_CLML_TRUST_PROVIDER is not on or off. */
retune_status clml_options_default(clml_options *out_options, retune_error *error);

/* Takes the keys of this backend out of `options` into `out_options`, which holds the defaults, and
 * leaves the others, at most *out_rest_count of them, in `rest`. INVALID names the key and what it
 * may be. */
retune_status clml_options_read(const retune_option *options, size_t count,
                                clml_options *out_options, retune_option *rest,
                                size_t *out_rest_count, retune_error *error);

#endif
