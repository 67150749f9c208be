/* The CPU plugin, loaded as a host loads it, and short ways to make tensors, ops and programs. Each
 * function fails the running test when the plugin refuses. */
#ifndef TESTS_CPU_SUPPORT_H
#define TESTS_CPU_SUPPORT_H

#include "retune/backend.h"

#include <criterion/criterion.h>

enum { SCALAR = 0 };

/* The table of retune_cpu.so in RETUNE_PLUGIN_PATH; loaded once. */
const retune_backend *cpu(void);

/* A device with options given as key, value, key, value, ..., NULL. */
retune_backend_device *open_device(uint32_t index, ...);

retune_tensor_desc describe(retune_dtype dtype, uint32_t rank, int64_t d0, int64_t d1, int64_t d2,
                            int64_t d3);

retune_backend_tensor *make_tensor(retune_backend_device *device, const retune_tensor_desc *desc,
                                   uint32_t slot);

/* A tensor holding `data`, all rows. */
retune_backend_tensor *make_filled(retune_backend_device *device, const retune_tensor_desc *desc,
                                   const void *data);

void read_all(retune_backend_tensor *tensor, const retune_tensor_desc *desc, void *data);

/* An op of that kind, without tensors and attributes. */
retune_op_desc describe_op(retune_op_kind kind);

/* The answer to op_query; fails the test unless the answer is there. */
retune_op_support query(retune_backend_device *device, const retune_op_desc *op);

/* An op `a` + `b` -> `y`, all of the same description, in storage of the caller. */
void make_add(retune_op *op, retune_op_desc *desc, const retune_tensor_desc *shape,
              retune_backend_tensor *a, retune_backend_tensor *b, retune_backend_tensor *y);

#endif
