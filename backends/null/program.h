/* A program: ops with their kernels, run in order. */
#ifndef RETUNE_NULL_PROGRAM_H
#define RETUNE_NULL_PROGRAM_H

#include "device.h"

/* Functions of the plugin table; backend.h documents them. */
retune_status null_program_create(retune_backend_device *device, const retune_op *const *ops,
                                  size_t op_count, retune_backend_program **out_program,
                                  retune_error *error);
void null_program_destroy(retune_backend_program *program);
retune_status null_program_run(retune_backend_program *program, size_t begin, size_t end,
                               const retune_run_args *args, retune_error *error);
retune_status null_program_wait(retune_backend_program *program, retune_error *error);

#endif
