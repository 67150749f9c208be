/* The first device of the backend that a test program is compiled for, TESTED_BACKEND, and programs
 * of single ops on it. */
#ifndef TESTS_BACKENDS_SUPPORT_H
#define TESTS_BACKENDS_SUPPORT_H

#include "device/device.h"

#include "expect.h"

/* The plugin's table, probed. Skips the running test where there is no device. */
const retune_backend *target_backend(void);

/* Device 0 with options given as key, value, key, value, ..., NULL. */
retune_backend_device *target_open(const char *key, ...);

/* Expects device_open to refuse an option, with the text in the message. */
void target_refuses_option(retune_status code, const char *key, const char *value,
                           const char *text);

/* A tensor with content, all rows (NULL: none yet). */
retune_backend_tensor *target_tensor(retune_backend_device *device, const retune_tensor_desc *desc,
                                     uint32_t slot, const void *data);
void target_read(retune_backend_tensor *tensor, const retune_tensor_desc *desc, void *data);

/* A program of y = a + b, all of that shape. */
retune_backend_program *target_add(retune_backend_device *device, const retune_tensor_desc *shape,
                                   retune_backend_tensor *a, retune_backend_tensor *b,
                                   retune_backend_tensor *y);

/* Runs the whole program of one op and waits. */
void target_run(retune_backend_program *program);

#endif
