/* An opened device, and calls into its backend with failures made fit to read.
 *
 * A wrapper stands here where it adds something: the device's id in front of the message, a check
 * of what the plugin answered, or the default for an optional function. Functions that cannot fail
 * (tensor_destroy, program_destroy) are called through `backend`. */
#ifndef RETUNE_DEVICE_H
#define RETUNE_DEVICE_H

#include "retune/backend.h"

#include "base/status.h"
#include "device/verdict.h"

#include <stdbool.h>

/* Devices may form a chain: what the first one does not do, the next ones do for it. */
typedef struct retune_device {
    const retune_backend *backend;
    retune_backend_device *handle;
    retune_device_info info; /* info.id is "<backend>/<device>" */
    retune_verdict verdict;  /* of the self-test; set by whoever opened the device */
    retune_status *failed;   /* DEVICE_LOST once it said so; UNSUPPORTED after program_create, which
                              * op_query had promised to succeed; else OK */
    struct retune_device *next; /* closed with it; NULL: there is none */
} retune_device;

/* Number of devices and what they are, after a probe that was OK. INTERNAL: the plugin's answer
 * cannot be (more than RETUNE_DEVICES_MAX devices, an id that is not "<backend>/<device>"). */
#define RETUNE_DEVICES_MAX 64u
retune_status retune_device_count(const retune_backend *backend, uint32_t *out_count,
                                  retune_error *error);
retune_status retune_device_describe(const retune_backend *backend, uint32_t index,
                                     retune_device_info *out_info, retune_error *error);

/* Letters, digits and _ . : - after "<backend>/". */
bool retune_device_id_valid(const char *backend, const char *id);

/* Opens device `index`. `options` are the keys of [backend.<name>]. */
retune_status retune_device_open(const retune_backend *backend, uint32_t index,
                                 const retune_option *options, size_t option_count,
                                 retune_device **out_device, retune_error *error);
void retune_device_close(retune_device *device); /* and the rest of its chain; takes NULL */

/* The functions of backend.h, in its order. An op in quarantine is one that the device does not do:
 * retune_device_query answers so. `name` says which layer or tensor this is about:
 * "cpu/simd: conv2d (conv_pw_13): ...". */
retune_status retune_device_query(const retune_device *device, const retune_op_desc *op,
                                  const char *name, retune_op_support *out_support,
                                  retune_error *error);
retune_status retune_device_tensor(const retune_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot, const char *name,
                                   retune_backend_tensor **out_tensor, retune_error *error);
/* UNSUPPORTED when the backend cannot use host memory in place. */
retune_status retune_device_wrap(const retune_device *device, const retune_tensor_desc *desc,
                                 const void *memory, const char *name,
                                 retune_backend_tensor **out_tensor, retune_error *error);
retune_status retune_device_write(const retune_device *device, retune_backend_tensor *tensor,
                                  int64_t first_row, int64_t rows, const void *data,
                                  const char *name, retune_error *error);
retune_status retune_device_read(const retune_device *device, retune_backend_tensor *tensor,
                                 int64_t first_row, int64_t rows, void *data, const char *name,
                                 retune_error *error);
retune_status retune_device_program(const retune_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error);
retune_status retune_device_run(const retune_device *device, retune_backend_program *program,
                                size_t begin, size_t end, const retune_run_args *args,
                                retune_error *error);
retune_status retune_device_wait(const retune_device *device, retune_backend_program *program,
                                 retune_error *error);
/* UNSUPPORTED when the backend does not measure. */
retune_status retune_device_times(const retune_device *device, retune_backend_program *program,
                                  uint64_t *out_nanoseconds, size_t count, retune_error *error);
/* Bytes in use now and at most so far; both 0 when the backend does not say. */
retune_status retune_device_memory(const retune_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error);

#endif
