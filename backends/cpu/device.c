#include "device.h"

#include "error.h"
#include "host.h"
#include "op_check.h"
#include "widen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, THREADS_MAX = 1024 };

/* ---- Enumeration ---------------------------------------------------------------------------- */

retune_status cpu_device_count(uint32_t *out_count, retune_error *error) {
    (void)error;
    *out_count = CPU_DEVICE_COUNT;
    return RETUNE_OK;
}

static retune_status check_index(uint32_t index, retune_error *error) {
    if (index >= CPU_DEVICE_COUNT)
        return backend_fail(error, RETUNE_INVALID, "cpu: device %u of %d", index, CPU_DEVICE_COUNT);
    return RETUNE_OK;
}

retune_status cpu_device_info(uint32_t index, retune_device_info *out_info, retune_error *error) {
    retune_status status = check_index(index, error);
    if (status != RETUNE_OK)
        return status;
    bool simd = index == CPU_DEVICE_SIMD;
    const cpu_kernel_set *kernels = simd ? cpu_simd_kernels(NULL) : cpu_scalar_kernels();
    retune_device_info info = {.type = RETUNE_DEVICE_CPU,
                               .features = RETUNE_FEATURE_F16_STORAGE |
                                           RETUNE_FEATURE_BF16_STORAGE |
                                           RETUNE_FEATURE_DETERMINISTIC |
                                           RETUNE_FEATURE_TIMESTAMPS | RETUNE_FEATURE_HOST_MEMORY,
                               .score = simd ? 100 : 10,
                               .memory_bytes = cpu_host_memory()};
    snprintf(info.id, sizeof info.id, "cpu/%s", simd ? "simd" : "scalar");
    cpu_host_text("model name", "CPU", info.name, sizeof info.name);
    cpu_host_text("vendor_id", "", info.vendor, sizeof info.vendor);
    snprintf(info.driver, sizeof info.driver, "retune_cpu %s %s", CPU_PLUGIN_VERSION,
             kernels->name);
    return backend_fill_struct(out_info, &info, sizeof info, error);
}

/* ---- Opening -------------------------------------------------------------------------------- */

static retune_status bad_value(const retune_option *option, const char *allowed,
                               retune_error *error) {
    return backend_fail(error, RETUNE_INVALID, "[backend.cpu] %s: \"%s\" is not %s", option->key,
                        option->value, allowed);
}

static retune_status set_threads(retune_backend_device *device, const retune_option *option,
                                 retune_error *error) {
    size_t digits = strspn(option->value, "0123456789");
    unsigned long threads = strtoul(option->value, NULL, 10);
    if (digits == 0 || option->value[digits] != '\0' || threads > THREADS_MAX)
        return bad_value(option, "in 0..1024", error);
    device->threads = threads == 0 ? cpu_host_cores() : (int)threads;
    return RETUNE_OK;
}

/* The scalar device checks the value too, and goes without: both devices read one section. */
static retune_status set_instruction_set(retune_backend_device *device, bool simd,
                                         const retune_option *option, retune_error *error) {
    static const char *const names[] = {"auto", "avx512", "avx2", "neon", "baseline"};
    size_t n = 0, count = sizeof names / sizeof names[0];
    while (n < count && strcmp(option->value, names[n]) != 0)
        n++;
    if (n == count)
        return bad_value(option, "auto, avx512, avx2, neon or baseline", error);
    if (!simd)
        return RETUNE_OK;
    device->kernels = cpu_simd_kernels(n == 0 ? NULL : option->value);
    if (!device->kernels)
        return backend_fail(error, RETUNE_UNSUPPORTED,
                            "[backend.cpu] instruction_set: this processor or build has no %s",
                            option->value);
    return RETUNE_OK;
}

static retune_status set_profiling(retune_backend_device *device, const retune_option *option,
                                   retune_error *error) {
    device->profiling = strcmp(option->value, "on") == 0;
    if (!device->profiling && strcmp(option->value, "off") != 0)
        return bad_value(option, "on or off", error);
    return RETUNE_OK;
}

static retune_status set_option(retune_backend_device *device, bool simd,
                                const retune_option *option, retune_error *error) {
    if (strcmp(option->key, "threads") == 0)
        return set_threads(device, option, error);
    if (strcmp(option->key, "instruction_set") == 0)
        return set_instruction_set(device, simd, option, error);
    if (strcmp(option->key, "profiling") == 0)
        return set_profiling(device, option, error);
    return backend_fail(
        error, RETUNE_INVALID,
        "[backend.cpu] %s: no such key; there are threads, instruction_set, profiling",
        option->key);
}

retune_status cpu_device_open(uint32_t index, const retune_option *options, size_t option_count,
                              retune_backend_device **out_device, retune_error *error) {
    *out_device = NULL;
    retune_status status = check_index(index, error);
    if (status != RETUNE_OK)
        return status;
    retune_backend_device *device = calloc(1, sizeof *device);
    if (!device)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a CPU device");
    bool simd = index == CPU_DEVICE_SIMD;
    device->kernels = simd ? cpu_simd_kernels(NULL) : cpu_scalar_kernels();
    device->threads = cpu_host_cores();
    device->memory_limit = cpu_host_memory();
    for (size_t n = 0; n < option_count && status == RETUNE_OK; n++)
        status = set_option(device, simd, &options[n], error);
    if (status == RETUNE_OK)
        *out_device = device;
    else
        free(device);
    return status;
}

void cpu_device_close(retune_backend_device *device) {
    free(device);
}

/* ---- Memory --------------------------------------------------------------------------------- */

retune_status cpu_device_take(retune_backend_device *device, size_t bytes, const char *what,
                              void **out_memory, retune_error *error) {
    *out_memory = NULL;
    /* Linux promises more memory than there is, and kills the process that uses it. */
    bool fits =
        bytes <= SIZE_MAX - ALIGNMENT &&
        (device->memory_limit == 0 || (device->current_bytes <= device->memory_limit &&
                                       bytes <= device->memory_limit - device->current_bytes));
    void *memory = NULL;
    if (fits)
        memory = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (!memory)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: %zu bytes for %s", bytes,
                            what);
    memset(memory, 0, bytes);
    device->current_bytes += bytes;
    if (device->peak_bytes < device->current_bytes)
        device->peak_bytes = device->current_bytes;
    *out_memory = memory;
    return RETUNE_OK;
}

void cpu_device_give_back(retune_backend_device *device, void *memory, size_t bytes) {
    if (!memory)
        return;
    free(memory);
    device->current_bytes -= bytes;
}

retune_status cpu_device_memory(retune_backend_device *device, uint64_t *out_current_bytes,
                                uint64_t *out_peak_bytes, retune_error *error) {
    (void)error;
    *out_current_bytes = device->current_bytes;
    *out_peak_bytes = device->peak_bytes;
    return RETUNE_OK;
}

/* ---- Ops ------------------------------------------------------------------------------------ */

const cpu_kernel *cpu_device_kernel(const retune_backend_device *device, uint32_t kind) {
    const cpu_kernel *kernel = &device->kernels->kernels[kind];
    return kernel->run ? kernel : &cpu_scalar_kernels()->kernels[kind];
}

uint64_t cpu_device_workspace(const retune_backend_device *device, const retune_op_desc *op,
                              uint64_t *out_kernel_bytes) {
    const cpu_kernel *kernel = cpu_device_kernel(device, op->kind);
    uint64_t bytes = kernel->workspace ? kernel->workspace(op, device->threads) : 0;
    *out_kernel_bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return *out_kernel_bytes + cpu_widen_bytes(op);
}

retune_status cpu_op_query(retune_backend_device *device, const retune_op_desc *op,
                           retune_op_support *out_support, retune_error *error) {
    retune_op_support support = {0};
    uint64_t kernel_bytes = 0;
    support.supported =
        backend_op_check(op, BACKEND_MAPS_ALL, support.reason, sizeof support.reason);
    if (support.supported)
        support.workspace_bytes = cpu_device_workspace(device, op, &kernel_bytes);
    return backend_fill_struct(out_support, &support, sizeof support, error);
}
