/* A program: ops with their kernels resolved, run in order on the calling thread and the OpenMP
 * threads it starts; nothing is left to do when a run returns. */
#ifndef RETUNE_CPU_PROGRAM_H
#define RETUNE_CPU_PROGRAM_H

#include "device.h"

/* Functions of the plugin table; backend.h documents them. */
retune_status cpu_program_create(retune_backend_device *device, const retune_op *const *ops,
                                 size_t op_count, retune_backend_program **out_program,
                                 retune_error *error);
void cpu_program_destroy(retune_backend_program *program);
retune_status cpu_program_run(retune_backend_program *program, size_t begin, size_t end,
                              const retune_run_args *args, retune_error *error);
retune_status cpu_program_wait(retune_backend_program *program, retune_error *error);
retune_status cpu_program_times(retune_backend_program *program, uint64_t *out_nanoseconds,
                                size_t count, retune_error *error);

#endif
