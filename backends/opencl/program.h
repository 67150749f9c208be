/* A program: a list of steps. */
#ifndef RETUNE_OPENCL_PROGRAM_H
#define RETUNE_OPENCL_PROGRAM_H

#include "step.h"

/* Functions of the plugin table; backend.h documents them. */
retune_status opencl_program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error);
void opencl_program_destroy(retune_backend_program *program);
retune_status opencl_program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error);
retune_status opencl_program_wait(retune_backend_program *program, retune_error *error);
retune_status opencl_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                   size_t count, retune_error *error);

#endif
