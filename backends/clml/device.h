/* An opened device: an OpenCL device of backends/opencl, which keeps dense data and runs the ops
 * that the extension does not have, and the extension's interface. */
#ifndef RETUNE_CLML_DEVICE_H
#define RETUNE_CLML_DEVICE_H

#include "../opencl/device.h"
#include "options.h"
#include "provider.h"

/* Where ops are recorded; without a queue when they are not. */
typedef struct clml_recorder {
    cl_command_queue queue;
    clml_new_recording *begin;
    clml_end_recording *end;
    clml_release_recording *release;
} clml_recorder;

typedef struct clml_device {
    struct retune_backend_device opencl; /* first: a retune_backend_device points here */
    clml_options options;
    const clml_table *ml;
    char version[64];          /* of the interface */
    clml_tensor_handle unused; /* stands for absent tensors */
    clml_recorder recorder;
    cl_kernel to_planes, to_pixels; /* between dense data and NCHW, made on first use */
} clml_device;

static inline clml_device *clml_device_of(retune_backend_device *device) {
    return (clml_device *)device;
}

/* Functions of the plugin table; backend.h documents them. The devices are those that list the
 * extension, or all that OpenCL finds where the environment says that a provider is to be trusted.
 */
retune_status clml_probe(retune_probe_report *out_report, retune_error *error);
retune_status clml_device_count(uint32_t *out_count, retune_error *error);
retune_status clml_device_info(uint32_t index, retune_device_info *out_info, retune_error *error);
retune_status clml_device_open(uint32_t index, const retune_option *options, size_t option_count,
                               retune_backend_device **out_device, retune_error *error);
void clml_device_close(retune_backend_device *device);
retune_status clml_op_query(retune_backend_device *device, const retune_op_desc *op,
                            retune_op_support *out_support, retune_error *error);

/* A code of the extension or of OpenCL as a status, with "<what>: <code>". The extension's own two,
 * "not accelerated" and "layout not taken", are UNSUPPORTED. */
retune_status clml_check(cl_int code, const char *what, retune_error *error);

/* The same where an op or a tensor is made: whatever is not a lack of memory or a lost device is a
 * refusal, UNSUPPORTED. */
retune_status clml_check_made(cl_int code, const char *what, retune_error *error);

#endif
