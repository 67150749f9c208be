/* The devices of all OpenCL platforms of this machine, looked up once: GPUs first, emulations on
 * the CPU last. A device's place in the list is its number, so that "opencl" alone means the best
 * one. */
#ifndef RETUNE_OPENCL_PLATFORM_H
#define RETUNE_OPENCL_PLATFORM_H

#include "library.h"
#include "quirks.h"

#include "retune/backend.h"

#include <stdbool.h>

enum { OPENCL_DEVICES_MAX = 32 };

/* What a device is and can do, found by asking and never by its name. */
typedef struct opencl_candidate {
    cl_platform_id platform;
    cl_device_id id;
    cl_device_type type;
    char name[128], vendor[64], driver[64];
    char platform_name[64], platform_version[128];
    bool unified_memory; /* shares the host's memory */
    bool half;           /* cl_khr_fp16 */
    uint32_t compute_units;
    size_t group_items;                  /* work items of a work group, at most */
    uint64_t local_bytes;                /* local memory of a work group */
    uint64_t memory_bytes, buffer_bytes; /* in all, and of one buffer */
    uint32_t quirks;                     /* OPENCL_QUIRK_* */
} opencl_candidate;

/* The list; the same one in every call. UNAVAILABLE: no library, no driver, or no device, with what
 * to install. */
retune_status opencl_platform_devices(const opencl_candidate **out_devices, uint32_t *out_count,
                                      retune_error *error);

/* True when the device lists an extension of that name. */
bool opencl_platform_has_extension(cl_device_id id, const char *name);

/* What a backend of that name says of its device number `index`. */
retune_device_info opencl_platform_describe(const opencl_candidate *c, const char *backend,
                                            uint32_t index);

/* Functions of the plugin table; backend.h documents them. */
retune_status opencl_probe(retune_probe_report *out_report, retune_error *error);
retune_status opencl_device_count(uint32_t *out_count, retune_error *error);
retune_status opencl_device_info(uint32_t index, retune_device_info *out_info, retune_error *error);

/* Number `index`; INVALID when there is none. */
retune_status opencl_platform_device(uint32_t index, const opencl_candidate **out_device,
                                     retune_error *error);

#endif
