#include "provider.h"

#include "error.h"
#include "status.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- The functions -------------------------------------------------------------------------- */

static retune_status check_file(const char *path, retune_error *error) {
    struct stat file;
    if (path[0] != '/')
        return backend_fail(error, RETUNE_INVALID, "provider: %s is not an absolute path", path);
    if (stat(path, &file) == 0 && (file.st_mode & S_IWOTH))
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "provider %s is refused: others can write the file", path);
    return RETUNE_OK;
}

/* What a driver answers for an extension's function, which its library need not export. */
static void *platform_symbol(const opencl_candidate *device, const char *name) {
    typedef void *CL_API_CALL finder(cl_platform_id, const char *);
    void *symbol = opencl_library_symbol("clGetExtensionFunctionAddressForPlatform");
    finder *find;
    memcpy(&find, &symbol, sizeof find);
    return symbol ? find(device->platform, name) : NULL;
}

void *clml_provider_symbol(const clml_provider *provider, const char *name) {
    if (provider->library)
        return dlsym(provider->library, name);
    void *symbol = platform_symbol(provider->device, name);
    return symbol ? symbol : opencl_library_symbol(name);
}

retune_status clml_provider_find(const opencl_candidate *device, const char *path,
                                 clml_provider *out_provider, retune_error *error) {
    void *library = NULL;
    *out_provider = (clml_provider){0};
    if (path[0]) {
        retune_status status = check_file(path, error);
        if (status != RETUNE_OK)
            return status;
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* stays: a driver's code outlives us */
        if (!library)
            return backend_fail(error, RETUNE_UNAVAILABLE, "provider: %s", dlerror());
    }
    clml_provider found = {.device = device, .library = library};
    snprintf(found.path, sizeof found.path, "%s", path[0] ? path : cl.path);
    void *query = clml_provider_symbol(&found, CLML_QUERY_SYMBOL);
    void *table = clml_provider_symbol(&found, CLML_TABLE_SYMBOL);
    if (!query || !table)
        return backend_fail(error, RETUNE_UNAVAILABLE, "%s has no %s", found.path,
                            query ? CLML_TABLE_SYMBOL : CLML_QUERY_SYMBOL);
    memcpy(&found.query, &query, sizeof query);
    memcpy(&found.table, &table, sizeof table);
    *out_provider = found;
    return RETUNE_OK;
}

/* ---- The version ---------------------------------------------------------------------------- */

enum { VERSIONS_MAX = 32 };

/* "1.0, 2.1" */
static void list_text(const cl_int *majors, const cl_int *minors, cl_uint count, char text[160]) {
    size_t used = 0;
    text[0] = '\0';
    for (cl_uint n = 0; n < count && used < 140; n++)
        used += (size_t)snprintf(text + used, 160 - used, "%s%d.%d", n ? ", " : "", majors[n],
                                 minors[n]);
}

static retune_status query(const clml_provider *provider, cl_int majors[VERSIONS_MAX],
                           cl_int minors[VERSIONS_MAX], cl_uint *out_count, retune_error *error) {
    cl_uint count = 0;
    cl_int code = provider->query(NULL, NULL, 0, &count);
    if (code == CL_SUCCESS && count > VERSIONS_MAX)
        return backend_fail(error, RETUNE_UNAVAILABLE, "%s claims %u versions of %s",
                            provider->path, count, CLML_EXTENSION);
    if (code == CL_SUCCESS && count > 0)
        code = provider->query(majors, minors, count, NULL);
    *out_count = count;
    if (code == CL_SUCCESS)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_UNAVAILABLE,
                        "%s of %s fails: %s (%d); may this process use the vendor's libraries?",
                        CLML_QUERY_SYMBOL, provider->path, opencl_code_name(code), code);
}

/* The name of a slot that is empty, though the backend needs it; NULL when there is none. */
static const char *missing_slot(const clml_table *t) {
    const struct {
        const char *name;
        bool there;
    } slots[] = {
#define NEEDED(member) {#member, t->member != NULL}
        NEEDED(convolution),
        NEEDED(convolution_backward),
        NEEDED(activation),
        NEEDED(convolution_param_gradients),
        NEEDED(pooling),
        NEEDED(activation_backward),
        NEEDED(pooling_backward),
        NEEDED(fused_convolution_activation),
        NEEDED(binary),
        NEEDED(fill),
        NEEDED(copy),
        NEEDED(make_tensor),
        NEEDED(tensor_size),
        NEEDED(release_op),
        NEEDED(release_tensor),
        NEEDED(enqueue_op),
        NEEDED(enqueue_read),
        NEEDED(enqueue_write),
        NEEDED(enqueue_copy),
        NEEDED(make_cache),
        NEEDED(tune_op),
        NEEDED(save_cache),
        NEEDED(load_cache),
        NEEDED(release_cache),
        NEEDED(make_set),
        NEEDED(release_set),
        NEEDED(update_set),
        NEEDED(sgd),
        NEEDED(adam),
#undef NEEDED
    };
    for (size_t n = 0; n < sizeof slots / sizeof slots[0]; n++)
        if (!slots[n].there)
            return slots[n].name;
    return NULL;
}

retune_status clml_provider_negotiate(const clml_provider *provider, clml_interface *out_interface,
                                      retune_error *error) {
    cl_int majors[VERSIONS_MAX], minors[VERSIONS_MAX], minor;
    cl_uint count = 0;
    bool listed;
    char versions[160];
    const clml_table *table = NULL;
    *out_interface = (clml_interface){0};
    retune_status status = query(provider, majors, minors, &count, error);
    if (status != RETUNE_OK)
        return status;
    clml_version_choose(majors, minors, count, &minor, &listed);
    list_text(majors, minors, count, versions);
    /* Newer drivers may still give the table of an older version that they do not list. */
    cl_int code = provider->table(&table, CLML_MAJOR, minor);
    if (code != CL_SUCCESS || !table)
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "%s of %s gives no table of version %d.%d: %s (%d); it lists %s",
                            CLML_EXTENSION, provider->path, CLML_MAJOR, minor,
                            opencl_code_name(code), code, count ? versions : "none");
    if (table->major != CLML_MAJOR || table->minor != minor)
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "%s of %s gives a table of version %d.%d when asked for %d.%d",
                            CLML_EXTENSION, provider->path, table->major, table->minor, CLML_MAJOR,
                            minor);
    const char *missing = missing_slot(table);
    if (missing)
        return backend_fail(error, RETUNE_UNAVAILABLE, "%s %d.%d of %s has no function for %s",
                            CLML_EXTENSION, CLML_MAJOR, minor, provider->path, missing);
    out_interface->table = table;
    snprintf(out_interface->version, sizeof out_interface->version, "%d.%d%s", CLML_MAJOR, minor,
             listed ? "" : " (not listed)");
    return RETUNE_OK;
}
