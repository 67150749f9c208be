/* The library that supplies the extension's two functions, and which version of the interface it is
 * asked for. On devices that have the extension that is the OpenCL library itself. */
#ifndef RETUNE_CLML_PROVIDER_H
#define RETUNE_CLML_PROVIDER_H

#include "interface.h"
#include "platform.h"
#include "version.h"

typedef struct clml_provider {
    clml_query_function *query;
    clml_table_function *table;
    char path[256];
    const opencl_candidate *device;
    void *library; /* NULL: the OpenCL library */
} clml_provider;

/* A table that was negotiated. */
typedef struct clml_interface {
    const clml_table *table; /* the driver's; every slot that is called is there */
    char version[64];        /* "3.0", for people */
} clml_interface;

/* Finds the two functions in the library at `path`, "" being the OpenCL library with what the
 * device's platform adds to it. UNAVAILABLE: the library cannot be loaded or trusted, or lacks one.
 */
retune_status clml_provider_find(const opencl_candidate *device, const char *path,
                                 clml_provider *out_provider, retune_error *error);

/* What else the provider has; NULL when it does not. */
void *clml_provider_symbol(const clml_provider *provider, const char *name);

/* Asks for a table of version 3 and checks it. UNAVAILABLE: the query fails, as it does for apps
 * without access to the driver, there are only other versions, or slots are empty. */
retune_status clml_provider_negotiate(const clml_provider *provider, clml_interface *out_interface,
                                      retune_error *error);

#endif
