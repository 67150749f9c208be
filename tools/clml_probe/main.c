/* Answers, on any provider of the extension, what its documentation leaves open and the CLML
 * backend stays clear of: run it first on a new device. It trains nothing and keeps nothing.
 *
 *   clml_probe [--trust] [PROVIDER]
 *
 * PROVIDER is the path of the library with the extension's functions, instead of the OpenCL
 * library;
 * --trust asks the first device though it does not list the extension. Exit code 0: every question
 * was asked; 4: there is no extension here, for the reason printed. */
#include "questions.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2, EXIT_NO_DEVICE = 4 };

/* The first device that lists the extension, or the first of all. */
static const opencl_candidate *choose(const opencl_candidate *devices, uint32_t count, bool trust,
                                      bool *out_listed) {
    for (uint32_t n = 0; n < count; n++)
        if (opencl_platform_has_extension(devices[n].id, CLML_EXTENSION)) {
            *out_listed = true;
            return &devices[n];
        }
    *out_listed = false;
    return trust ? &devices[0] : NULL;
}

static void print_device(const opencl_candidate *device, const char *library, bool listed) {
    printf("%-28s %s\n", "device", device->name);
    printf("%-28s %s, %s\n", "driver", device->driver, device->platform_version);
    printf("%-28s %s\n", "provider", library);
    printf("%-28s %s\n", "lists the extension", listed ? "yes" : "no");
}

static int fail(const char *message) {
    fprintf(stderr, "clml_probe: %s\n", message);
    return EXIT_NO_DEVICE;
}

static void ask(const probe *on) {
    ask_sizes(on);
    ask_linear(on);
    ask_batches(on);
    ask_param_gradients(on);
    ask_depthwise_backward(on);
    ask_average_pools(on);
    ask_kinks(on);
    ask_fused(on);
    ask_softmax(on);
    ask_loss_gradient(on);
    ask_statistics(on);
    ask_momentum(on);
    ask_adam(on);
}

/* Opens the device and asks. */
static int ask_device(const opencl_candidate *device, const clml_table *table) {
    const clml_tensor_desc unused = {.dimensions = CLML_DIMENSIONS_UNUSED};
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                          (cl_context_properties)device->platform, 0};
    probe on = {.ml = table};
    cl_int code;
    on.context = cl.clCreateContext(properties, 1, &device->id, NULL, NULL, &code);
    if (!on.context)
        return fail("the device gives no context");
    on.queue = cl.clCreateCommandQueue(on.context, device->id, 0, &code);
    if (on.queue)
        code = table->make_tensor(on.context, NULL, &unused, &on.unused);
    if (on.queue && code == CL_SUCCESS)
        ask(&on);
    if (on.unused)
        table->release_tensor(on.unused);
    if (on.queue)
        cl.clReleaseCommandQueue(on.queue);
    cl.clReleaseContext(on.context);
    return code == CL_SUCCESS ? 0 : fail("the device gives no queue, or no tensor");
}

static int run(const char *path, bool trust) {
    const opencl_candidate *devices;
    uint32_t count;
    bool listed = false;
    clml_provider provider;
    clml_interface interface;
    retune_error error = RETUNE_ERROR_INIT;
    if (opencl_platform_devices(&devices, &count, &error) != RETUNE_OK)
        return fail(error.message);
    const opencl_candidate *device = choose(devices, count, trust, &listed);
    if (!device)
        return fail("no OpenCL device lists " CLML_EXTENSION "; --trust asks the first all the "
                    "same");
    if (clml_provider_find(device, path, &provider, &error) != RETUNE_OK)
        return fail(error.message);
    print_device(device, provider.path, listed);
    ask_versions(&provider);
    if (clml_provider_negotiate(&provider, &interface, &error) != RETUNE_OK)
        return fail(error.message);
    ask_slots(interface.table);
    return ask_device(device, interface.table);
}

static int print_usage(FILE *to, int code) {
    fprintf(to,
            "Usage: clml_probe [--trust] [PROVIDER]\n"
            "Prints what a driver's " CLML_EXTENSION " does where its documentation is silent.\n"
            "  --trust    ask the first OpenCL device though it does not list the extension\n"
            "  PROVIDER   absolute path of the library with the extension's functions\n");
    return code;
}

int main(int count, char **arguments) {
    const char *path = "";
    bool trust = false;
    for (int n = 1; n < count; n++) {
        if (strcmp(arguments[n], "--help") == 0)
            return print_usage(stdout, 0);
        if (strcmp(arguments[n], "--trust") == 0)
            trust = true;
        else if (arguments[n][0] == '-' || path[0])
            return print_usage(stderr, EXIT_USAGE);
        else
            path = arguments[n];
    }
    return run(path, trust);
}
