#include "library.h"

#include "error.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

opencl_library cl;
static void *handle; /* of the file behind `cl` */

static const char *const file_names[] = {
    "libOpenCL.so.1",
    "libOpenCL.so", /* Android, where the linker knows the vendor's folder, or does not: */
    "/vendor/lib64/libOpenCL.so",
    "/system/vendor/lib64/libOpenCL.so",
};

static void *open_library(char reason[256]) {
    for (size_t n = 0; n < sizeof file_names / sizeof file_names[0]; n++) {
        void *library = dlopen(file_names[n], RTLD_NOW | RTLD_LOCAL);
        if (library)
            return library;
        if (n == 0)
            snprintf(reason, 256, "%s", dlerror());
    }
    return NULL;
}

/* The address of a function; false, with its name in `missing`, when the library has none. */
static bool find_function(void *library, const char *name, void *pointer, char missing[64]) {
    void *address = dlsym(library, name);
    memcpy(pointer, &address, sizeof address);
    if (!address)
        snprintf(missing, 64, "%s", name);
    return address != NULL;
}

static bool find_functions(void *library, opencl_library *functions, char missing[64]) {
    return true
#define OPENCL_FUNCTION(name) &&find_function(library, #name, &functions->name, missing)
#include "functions.def"
#undef OPENCL_FUNCTION
        ;
}

static void find_path(const void *address, char path[256]) {
    Dl_info info;
    if (dladdr(address, &info) && info.dli_fname)
        snprintf(path, 256, "%s", info.dli_fname);
}

static retune_status load(opencl_library *functions, opencl_lack *out_lack, retune_error *error) {
    char reason[256] = "", missing[64];
    void *library = open_library(reason);
    *out_lack = OPENCL_LACKS_LOADER;
    if (!library)
        return backend_fail(error, RETUNE_UNAVAILABLE, "no OpenCL loader: %s", reason);
    *out_lack = OPENCL_LACKS_VERSION;
    if (!find_functions(library, functions, missing)) {
        dlclose(library);
        return backend_fail(error, RETUNE_UNAVAILABLE,
                            "the OpenCL library has no %s: OpenCL 1.2 or later is needed", missing);
    }
    *out_lack = OPENCL_LACKS_NOTHING;
    void *address;
    memcpy(&address, &functions->clGetPlatformIDs, sizeof address);
    find_path(address, functions->path);
    handle = library;
    return RETUNE_OK;
}

retune_status opencl_library_load(opencl_lack *out_lack, retune_error *error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    retune_status status = RETUNE_OK;
    *out_lack = OPENCL_LACKS_NOTHING;
    pthread_mutex_lock(&lock);
    if (!loaded) {
        opencl_library functions = {0};
        status = load(&functions, out_lack, error);
        if (status == RETUNE_OK) {
            cl = functions;
            loaded = true;
        }
    }
    pthread_mutex_unlock(&lock);
    return status;
}

void *opencl_library_symbol(const char *name) {
    return dlsym(handle, name);
}
