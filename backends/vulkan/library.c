#include "library.h"

#include "error.h"
#include "status.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

vulkan_library vk;

static const char *const file_names[] = {
    "libvulkan.so.1", "libvulkan.so", /* Android */
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

static void find_path(const void *address, char path[256]) {
    Dl_info info;
    if (dladdr(address, &info) && info.dli_fname)
        snprintf(path, 256, "%s", info.dli_fname);
}

/* ---- Functions ------------------------------------------------------------------------------ */

/* The address of a function; false, with its name in `missing`, when the library has none. */
static bool find_function(const vulkan_library *library, const char *name, void *pointer,
                          char missing[64]) {
    PFN_vkVoidFunction function = library->vkGetInstanceProcAddr(library->instance, name);
    memcpy(pointer, &function, sizeof function);
    if (!function)
        snprintf(missing, 64, "%s", name);
    return function != NULL;
}

static bool find_globals(vulkan_library *library, char missing[64]) {
    return true
#define VULKAN_GLOBAL(name) &&find_function(library, #name, &library->name, missing)
#define VULKAN_FUNCTION(name)
#include "functions.def"
#undef VULKAN_GLOBAL
#undef VULKAN_FUNCTION
        ;
}

/* Those of an instance serve the devices of every instance: the loader looks at the handle. */
static bool find_functions(vulkan_library *library, char missing[64]) {
    return true
#define VULKAN_GLOBAL(name)
#define VULKAN_FUNCTION(name) &&find_function(library, #name, &library->name, missing)
#include "functions.def"
#undef VULKAN_GLOBAL
#undef VULKAN_FUNCTION
        ;
}

/* ---- Loading -------------------------------------------------------------------------------- */

VkResult vulkan_library_create_instance(const vulkan_library *library, VkInstanceCreateInfo info,
                                        VkInstance *out_instance) {
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .pApplicationName = "retune",
                                           .pEngineName = "retune",
                                           .apiVersion = VK_API_VERSION_1_1};
    info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    info.pApplicationInfo = &application;
    return library->vkCreateInstance(&info, NULL, out_instance);
}

static retune_status refuse_missing(const char *missing, retune_error *error) {
    return backend_fail(error, RETUNE_UNAVAILABLE,
                        "the Vulkan library has no %s: Vulkan 1.1 or later is needed", missing);
}

static retune_status make_instance(vulkan_library *library, retune_error *error) {
    VkResult result =
        vulkan_library_create_instance(library, (VkInstanceCreateInfo){0}, &library->instance);
    if (result == VK_SUCCESS)
        return RETUNE_OK;
    library->instance = VK_NULL_HANDLE;
    return backend_fail(error, RETUNE_UNAVAILABLE, "the Vulkan loader %s finds no driver (%s)",
                        library->path, vulkan_result_name(result));
}

static retune_status load(vulkan_library *library, vulkan_lack *out_lack, retune_error *error) {
    char reason[256] = "", missing[64];
    void *file = open_library(reason);
    *out_lack = VULKAN_LACKS_LOADER;
    if (!file)
        return backend_fail(error, RETUNE_UNAVAILABLE, "no Vulkan loader: %s", reason);
    *out_lack = VULKAN_LACKS_VERSION;
    void *address = dlsym(file, "vkGetInstanceProcAddr");
    memcpy(&library->vkGetInstanceProcAddr, &address, sizeof address);
    if (!address) {
        dlclose(file);
        return refuse_missing("vkGetInstanceProcAddr", error);
    }
    find_path(address, library->path);
    if (!find_globals(library, missing)) {
        dlclose(file);
        return refuse_missing(missing, error);
    }
    *out_lack = VULKAN_LACKS_DRIVER;
    retune_status status = make_instance(library, error);
    if (status != RETUNE_OK)
        return status;
    bool whole = find_functions(library, missing);
    *out_lack = whole ? VULKAN_LACKS_NOTHING : VULKAN_LACKS_VERSION;
    return whole ? RETUNE_OK : refuse_missing(missing, error);
}

retune_status vulkan_library_load(vulkan_lack *out_lack, retune_error *error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    retune_status status = RETUNE_OK;
    *out_lack = VULKAN_LACKS_NOTHING;
    pthread_mutex_lock(&lock);
    if (!loaded) {
        vulkan_library library = {0};
        status = load(&library, out_lack, error);
        if (status == RETUNE_OK) {
            vk = library;
            loaded = true;
        }
    }
    pthread_mutex_unlock(&lock);
    return status;
}
