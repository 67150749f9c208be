#include "device.h"

#include "cross.h"
#include "error.h"
#include "program.h"
#include "recording.h"
#include "tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Which devices -------------------------------------------------------------------------- */

static bool is_listed(const opencl_candidate *c) {
    return opencl_platform_has_extension(c->id, CLML_EXTENSION);
}

/* The devices that the process may use, in the order of OpenCL's. UNAVAILABLE: none. */
static retune_status find_devices(const opencl_candidate *out_devices[OPENCL_DEVICES_MAX],
                                  uint32_t *out_count, clml_options *out_options,
                                  retune_error *error) {
    const opencl_candidate *all;
    uint32_t count;
    *out_count = 0;
    retune_status status = clml_options_default(out_options, error);
    if (status == RETUNE_OK)
        status = opencl_platform_devices(&all, &count, error);
    if (status != RETUNE_OK)
        return status;
    for (uint32_t n = 0; n < count; n++)
        if (out_options->trust_provider || is_listed(&all[n]))
            out_devices[(*out_count)++] = &all[n];
    if (*out_count > 0)
        return RETUNE_OK;
    return backend_fail(error, RETUNE_UNAVAILABLE,
                        "no OpenCL device lists %s, the extension of Adreno GPUs (the first of %u "
                        "is %s)",
                        CLML_EXTENSION, count, all[0].name);
}

static retune_status find_device(uint32_t index, const opencl_candidate **out_device,
                                 clml_options *out_options, retune_error *error) {
    const opencl_candidate *devices[OPENCL_DEVICES_MAX];
    uint32_t count;
    retune_status status = find_devices(devices, &count, out_options, error);
    if (status != RETUNE_OK)
        return status;
    if (index >= count)
        return backend_fail(error, RETUNE_INVALID, "clml: device %u of %u", index, count);
    *out_device = devices[index];
    return RETUNE_OK;
}

static retune_status negotiate(const opencl_candidate *device, const char *path,
                               clml_provider *out_provider, clml_interface *out_interface,
                               retune_error *error) {
    retune_status status = clml_provider_find(device, path, out_provider, error);
    if (status == RETUNE_OK)
        status = clml_provider_negotiate(out_provider, out_interface, error);
    return status;
}

/* What a user can do where there is no device, and where its driver does not serve. */
static const char advice_device[] =
    "use opencl or vulkan on other GPUs; on an Adreno install the vendor's OpenCL driver (an "
    "Android "
    "app names libOpenCL.so in a <uses-native-library> of its manifest)";
static const char advice_driver[] = "update the vendor's driver; clml_probe tells what it answers";

retune_status clml_probe(retune_probe_report *out_report, retune_error *error) {
    const opencl_candidate *device = NULL;
    const char *advice = advice_device;
    clml_options options;
    clml_provider provider;
    clml_interface interface;
    retune_probe_report report = {0};
    retune_status status = find_device(0, &device, &options, error);
    if (status == RETUNE_OK) {
        advice = advice_driver;
        status = negotiate(device, options.provider, &provider, &interface, error);
    }
    if (status != RETUNE_OK) {
        snprintf(report.advice, sizeof report.advice, "%s", advice);
        (void)backend_fill_struct(out_report, &report, sizeof report, NULL);
        return status == RETUNE_INVALID ? RETUNE_UNAVAILABLE : status;
    }
    snprintf(report.library, sizeof report.library, "%s", provider.path);
    snprintf(report.version, sizeof report.version, "%s %s", CLML_EXTENSION, interface.version);
    return backend_fill_struct(out_report, &report, sizeof report, error);
}

retune_status clml_device_count(uint32_t *out_count, retune_error *error) {
    const opencl_candidate *devices[OPENCL_DEVICES_MAX];
    clml_options options;
    return find_devices(devices, out_count, &options, error);
}

/* What the extension computes is the driver's affair: nothing is promised of its bits, and maps are
 * stored as f32. */
retune_status clml_device_info(uint32_t index, retune_device_info *out_info, retune_error *error) {
    const opencl_candidate *device = NULL;
    clml_options options;
    retune_status status = find_device(index, &device, &options, error);
    if (status != RETUNE_OK)
        return status;
    retune_device_info info = opencl_platform_describe(device, "clml", index);
    info.features &= RETUNE_FEATURE_TIMESTAMPS | RETUNE_FEATURE_HOST_MEMORY;
    if (!is_listed(device))
        snprintf(info.quirks, sizeof info.quirks, "provider of %s trusted", CLML_EXTENSION);
    return backend_fill_struct(out_info, &info, sizeof info, error);
}

/* ---- Opening -------------------------------------------------------------------------------- */

/* Where linear tensors are refused, dense data goes through the host. */
static retune_status choose_crossing(clml_device *device, retune_error *error) {
    const clml_tensor_desc desc = clml_shape_desc((clml_shape){1, 1, 1, 1}, CLML_LAYOUT_NCHW);
    clml_tensor_handle tensor = NULL;
    if (device->options.crossing == CLML_CROSSING_COPY &&
        device->ml->make_tensor(device->opencl.context, NULL, &desc, &tensor) == CL_SUCCESS) {
        device->ml->release_tensor(tensor);
        return RETUNE_OK;
    }
    device->options.crossing = CLML_CROSSING_HOST;
    return clml_cross_try_host(device, error);
}

static retune_status begin(clml_device *device, const clml_options *options,
                           const clml_interface *interface, retune_error *error) {
    const clml_tensor_desc desc = {.dimensions = CLML_DIMENSIONS_UNUSED};
    device->options = *options;
    device->ml = interface->table;
    device->opencl.tensor_size = sizeof(clml_tensor);
    snprintf(device->version, sizeof device->version, "%s", interface->version);
    retune_status status =
        clml_check(device->ml->make_tensor(device->opencl.context, NULL, &desc, &device->unused),
                   "an absent tensor", error);
    if (status != RETUNE_OK)
        return RETUNE_UNAVAILABLE;
    return choose_crossing(device, error);
}

retune_status clml_device_open(uint32_t index, const retune_option *options, size_t option_count,
                               retune_backend_device **out_device, retune_error *error) {
    const opencl_candidate *info = NULL;
    clml_options own;
    clml_provider provider;
    clml_interface interface;
    size_t rest_count = 0;
    *out_device = NULL;
    retune_option *rest = calloc(option_count + 1, sizeof *rest);
    if (!rest)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: options");
    retune_backend_device *device = NULL;
    retune_status status = find_device(index, &info, &own, error);
    if (status == RETUNE_OK)
        status = clml_options_read(options, option_count, &own, rest, &rest_count, error);
    if (status == RETUNE_OK && !own.trust_provider && !is_listed(info))
        status = backend_fail(error, RETUNE_UNAVAILABLE,
                              "%s does not list %s; [backend.clml] trust_provider = on uses it "
                              "all the same",
                              info->name, CLML_EXTENSION);
    if (status == RETUNE_OK)
        status = negotiate(info, own.provider, &provider, &interface, error);
    if (status == RETUNE_OK)
        status = opencl_device_make(info, &clml_section, rest, rest_count, sizeof(clml_device),
                                    &device, error);
    if (status == RETUNE_OK)
        status = begin(clml_device_of(device), &own, &interface, error);
    if (status == RETUNE_OK)
        status = clml_recorder_open(clml_device_of(device), &provider, error);
    free(rest);
    if (status == RETUNE_OK)
        *out_device = device;
    else
        clml_device_close(device);
    return status;
}

void clml_device_close(retune_backend_device *device) {
    if (!device)
        return;
    clml_device *own = clml_device_of(device);
    clml_recorder_close(own);
    if (own->unused)
        own->ml->release_tensor(own->unused);
    if (own->to_planes)
        cl.clReleaseKernel(own->to_planes);
    if (own->to_pixels)
        cl.clReleaseKernel(own->to_pixels);
    opencl_device_close(device);
}

/* ---- Ops ------------------------------------------------------------------------------------ */

retune_status clml_op_query(retune_backend_device *device, const retune_op_desc *op,
                            retune_op_support *out_support, retune_error *error) {
    retune_op_support support = {0};
    retune_status status = clml_program_try(clml_device_of(device), op, &support, error);
    if (status != RETUNE_OK)
        return status;
    return backend_fill_struct(out_support, &support, sizeof support, error);
}
