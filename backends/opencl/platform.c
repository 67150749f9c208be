#include "platform.h"

#include "error.h"
#include "status.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLATFORMS_MAX = 16 };

/* ---- Asking a driver ------------------------------------------------------------------------ */

/* Drivers pad names with blanks. */
static void trim(char *text) {
    size_t first = strspn(text, " \t"), length = strlen(text);
    while (length > first && strchr(" \t\n", text[length - 1]))
        length--;
    memmove(text, text + first, length - first);
    text[length - first] = '\0';
}

/* A text of the device, cut to fit; "" when the driver does not answer. */
static void device_text(cl_device_id id, cl_device_info what, char *text, size_t size) {
    char whole[1024] = "";
    if (cl.clGetDeviceInfo(id, what, sizeof whole - 1, whole, NULL) != CL_SUCCESS)
        whole[0] = '\0';
    trim(whole);
    snprintf(text, size, "%s", whole);
}

static void platform_text(cl_platform_id id, cl_platform_info what, char *text, size_t size) {
    char whole[1024] = "";
    if (cl.clGetPlatformInfo(id, what, sizeof whole - 1, whole, NULL) != CL_SUCCESS)
        whole[0] = '\0';
    trim(whole);
    snprintf(text, size, "%s", whole);
}

/* A number of the device; 0 when the driver does not answer. `size` is that of OpenCL's type. */
static uint64_t device_number(cl_device_id id, cl_device_info what, size_t size) {
    union {
        cl_uint word;
        cl_ulong large;
        size_t natural;
    } value = {.large = 0};
    if (cl.clGetDeviceInfo(id, what, size, &value, NULL) != CL_SUCCESS)
        return 0;
    return size == sizeof value.word ? value.word : value.large;
}

bool opencl_platform_has_extension(cl_device_id id, const char *name) {
    size_t size = 0, length = strlen(name);
    bool found = false;
    if (cl.clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, 0, NULL, &size) != CL_SUCCESS)
        return false;
    char *text = calloc(1, size + 1);
    if (text && cl.clGetDeviceInfo(id, CL_DEVICE_EXTENSIONS, size, text, NULL) == CL_SUCCESS)
        for (char *at = text; !found && (at = strstr(at, name)); at += length)
            found = (at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0');
    free(text);
    return found;
}

static void describe(opencl_candidate *c) {
    device_text(c->id, CL_DEVICE_NAME, c->name, sizeof c->name);
    device_text(c->id, CL_DEVICE_VENDOR, c->vendor, sizeof c->vendor);
    device_text(c->id, CL_DRIVER_VERSION, c->driver, sizeof c->driver);
    platform_text(c->platform, CL_PLATFORM_NAME, c->platform_name, sizeof c->platform_name);
    platform_text(c->platform, CL_PLATFORM_VERSION, c->platform_version,
                  sizeof c->platform_version);
    c->type = (cl_device_type)device_number(c->id, CL_DEVICE_TYPE, sizeof(cl_device_type));
    c->unified_memory =
        device_number(c->id, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_bool)) == CL_TRUE;
    c->half = opencl_platform_has_extension(c->id, "cl_khr_fp16");
    c->compute_units = (uint32_t)device_number(c->id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    c->group_items = (size_t)device_number(c->id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t));
    c->local_bytes = device_number(c->id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    c->memory_bytes = device_number(c->id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    c->buffer_bytes = device_number(c->id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    c->quirks = opencl_quirks_find(c->platform_name, c->platform_version, c->driver);
}

/* A device that can run kernels at all: available, with a compiler, little-endian like the host. */
static bool is_usable(cl_device_id id) {
    return device_number(id, CL_DEVICE_AVAILABLE, sizeof(cl_bool)) &&
           device_number(id, CL_DEVICE_COMPILER_AVAILABLE, sizeof(cl_bool)) &&
           device_number(id, CL_DEVICE_ENDIAN_LITTLE, sizeof(cl_bool));
}

/* ---- The list ------------------------------------------------------------------------------- */

typedef struct device_list {
    opencl_candidate devices[OPENCL_DEVICES_MAX];
    uint32_t count;
} device_list;

static retune_device_type type_of(const opencl_candidate *c) {
    if (c->type & CL_DEVICE_TYPE_GPU)
        return c->unified_memory ? RETUNE_DEVICE_GPU_INTEGRATED : RETUNE_DEVICE_GPU_DISCRETE;
    return c->type & CL_DEVICE_TYPE_CPU ? RETUNE_DEVICE_CPU : RETUNE_DEVICE_ACCELERATOR;
}

/* Above cpu/simd (100) for hardware of its own, below it for an emulation on the same cores. */
static uint32_t score_of(const opencl_candidate *c) {
    static const uint32_t base[] = {[RETUNE_DEVICE_CPU] = 50,
                                    [RETUNE_DEVICE_GPU_INTEGRATED] = 500,
                                    [RETUNE_DEVICE_GPU_DISCRETE] = 1000,
                                    [RETUNE_DEVICE_ACCELERATOR] = 300};
    retune_device_type type = type_of(c);
    if (type == RETUNE_DEVICE_CPU)
        return base[type];
    return base[type] + (c->compute_units < 200 ? c->compute_units : 200);
}

static void add_platform(device_list *list, cl_platform_id platform) {
    cl_device_id ids[OPENCL_DEVICES_MAX];
    cl_uint count = 0;
    if (cl.clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, OPENCL_DEVICES_MAX, ids, &count) !=
        CL_SUCCESS)
        return;
    for (cl_uint n = 0; n < count && n < OPENCL_DEVICES_MAX; n++)
        if (list->count < OPENCL_DEVICES_MAX && is_usable(ids[n])) {
            opencl_candidate *candidate = &list->devices[list->count++];
            *candidate = (opencl_candidate){.platform = platform, .id = ids[n]};
            describe(candidate);
        }
}

/* Puts better devices first; equal ones keep the order in which the loader gave them. */
static void sort(device_list *list) {
    for (uint32_t n = 1; n < list->count; n++)
        for (uint32_t k = n; k > 0; k--) {
            opencl_candidate *a = &list->devices[k - 1], *b = &list->devices[k], swapped = *a;
            if (score_of(a) >= score_of(b))
                break;
            *a = *b;
            *b = swapped;
        }
}

/* What a user can do about what there is not. */
static const char *const advice[] = {
    [OPENCL_LACKS_NOTHING] = "",
    [OPENCL_LACKS_LOADER] =
        "install an OpenCL loader (Debian: ocl-icd-libopencl1) and the driver of the device; an "
        "Android app names libOpenCL.so in a <uses-native-library> of its manifest",
    [OPENCL_LACKS_VERSION] = "update the OpenCL loader (Debian: ocl-icd-libopencl1)",
    [OPENCL_LACKS_DRIVER] =
        "install the driver of the device (its file is then named in /etc/OpenCL/vendors), or "
        "pocl-opencl-icd to compute on the CPU",
    [OPENCL_LACKS_DEVICE] =
        "join the groups that may open the device (usermod -aG render,video USER, then log in "
        "again), and see whether somebody else holds it",
};

static retune_status look_up(device_list *list, opencl_lack *out_lack, retune_error *error) {
    cl_platform_id platforms[PLATFORMS_MAX];
    cl_uint count = 0;
    retune_status status = opencl_library_load(out_lack, error);
    if (status != RETUNE_OK)
        return status;
    cl_int code = cl.clGetPlatformIDs(PLATFORMS_MAX, platforms, &count);
    *out_lack = OPENCL_LACKS_DRIVER;
    if (code != CL_SUCCESS || count == 0)
        return backend_fail(error, RETUNE_UNAVAILABLE, "the OpenCL loader %s finds no driver (%s)",
                            cl.path, code != CL_SUCCESS ? opencl_code_name(code) : "no platform");
    for (cl_uint n = 0; n < count && n < PLATFORMS_MAX; n++)
        add_platform(list, platforms[n]);
    *out_lack = OPENCL_LACKS_DEVICE;
    if (list->count == 0)
        return backend_fail(
            error, RETUNE_UNAVAILABLE,
            "%u OpenCL driver%s, but no device that is available and has a compiler", count,
            count == 1 ? "" : "s");
    *out_lack = OPENCL_LACKS_NOTHING;
    sort(list);
    return RETUNE_OK;
}

static retune_status find_devices(const opencl_candidate **out_devices, uint32_t *out_count,
                                  opencl_lack *out_lack, retune_error *error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static device_list list;
    retune_status status = RETUNE_OK;
    *out_lack = OPENCL_LACKS_NOTHING;
    pthread_mutex_lock(&lock);
    if (list.count == 0)
        status = look_up(&list, out_lack, error);
    *out_devices = list.devices;
    *out_count = list.count;
    pthread_mutex_unlock(&lock);
    return status;
}

retune_status opencl_platform_devices(const opencl_candidate **out_devices, uint32_t *out_count,
                                      retune_error *error) {
    opencl_lack lack;
    return find_devices(out_devices, out_count, &lack, error);
}

/* ---- The plugin's answers ------------------------------------------------------------------- */

retune_status opencl_probe(retune_probe_report *out_report, retune_error *error) {
    const opencl_candidate *devices;
    uint32_t count;
    opencl_lack lack;
    retune_probe_report report = {0};
    retune_status status = find_devices(&devices, &count, &lack, error);
    if (status != RETUNE_OK) {
        snprintf(report.advice, sizeof report.advice, "%s", advice[lack]);
        (void)backend_fill_struct(out_report, &report, sizeof report, NULL);
        return status;
    }
    snprintf(report.library, sizeof report.library, "%s", cl.path);
    snprintf(report.version, sizeof report.version, "%s", devices[0].platform_version);
    return backend_fill_struct(out_report, &report, sizeof report, error);
}

retune_status opencl_device_count(uint32_t *out_count, retune_error *error) {
    const opencl_candidate *devices;
    return opencl_platform_devices(&devices, out_count, error);
}

retune_status opencl_platform_device(uint32_t index, const opencl_candidate **out_device,
                                     retune_error *error) {
    const opencl_candidate *devices;
    uint32_t count;
    *out_device = NULL;
    retune_status status = opencl_platform_devices(&devices, &count, error);
    if (status != RETUNE_OK)
        return status;
    if (index >= count)
        return backend_fail(error, RETUNE_INVALID, "opencl: device %u of %u", index, count);
    *out_device = &devices[index];
    return RETUNE_OK;
}

retune_device_info opencl_platform_describe(const opencl_candidate *c, const char *backend,
                                            uint32_t index) {
    retune_device_info info = {.type = type_of(c),
                               .features = RETUNE_FEATURE_F16_STORAGE |
                                           RETUNE_FEATURE_BF16_STORAGE |
                                           RETUNE_FEATURE_DETERMINISTIC | RETUNE_FEATURE_TIMESTAMPS,
                               .score = score_of(c),
                               .memory_bytes = c->memory_bytes};
    if (c->half)
        info.features |= RETUNE_FEATURE_F16_ARITHMETIC;
    if (c->unified_memory && !(c->quirks & OPENCL_QUIRK_NO_HOST_POINTER))
        info.features |= RETUNE_FEATURE_HOST_MEMORY;
    snprintf(info.id, sizeof info.id, "%s/%u", backend, index);
    snprintf(info.name, sizeof info.name, "%s", c->name);
    snprintf(info.vendor, sizeof info.vendor, "%s", c->vendor);
    snprintf(info.driver, sizeof info.driver, "%.40s %.60s", c->platform_name, c->driver);
    opencl_quirks_text(c->quirks, info.quirks, sizeof info.quirks);
    return info;
}

retune_status opencl_device_info(uint32_t index, retune_device_info *out_info,
                                 retune_error *error) {
    const opencl_candidate *c;
    retune_status status = opencl_platform_device(index, &c, error);
    if (status != RETUNE_OK)
        return status;
    retune_device_info info = opencl_platform_describe(c, "opencl", index);
    return backend_fill_struct(out_info, &info, sizeof info, error);
}
