#include "opencl.h"

#include "settings.h"

#include <dlfcn.h>
#include <string.h>

emu_opencl cl;

static bool find(void *library, const char *name, void *pointer) {
    void *address = dlsym(library, name);
    memcpy(pointer, &address, sizeof address);
    if (!address)
        emu_log("the OpenCL library has no %s", name);
    return address != NULL;
}

bool emu_opencl_load(void) {
    static bool loaded;
    if (loaded)
        return true;
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        emu_log("no OpenCL library: %s", dlerror());
        return false;
    }
    loaded = true;
#define EMU_FUNCTION(name) loaded = loaded && find(library, #name, &cl.name);
#include "functions.def"
#undef EMU_FUNCTION
    return loaded;
}
