/* A graph on a device: its tensors, filled from the model, and its program. With a chain of devices
 * (device.h), the ops that the first one refuses run on the next that does them, and tensors cross
 * through host memory where they must; whoever uses the executable need not know. */
#ifndef RETUNE_EXECUTABLE_H
#define RETUNE_EXECUTABLE_H

#include "device/device.h"
#include "device/placement.h"
#include "graph/graph.h"

typedef struct retune_executable retune_executable;

/* Asks the device alone about every op. UNSUPPORTED names the first one it refuses, with its layer
 * and the reason. */
retune_status retune_executable_check(const retune_device *device, const retune_graph *graph,
                                      retune_error *error);

/* Asks the devices of a chain who runs what. UNSUPPORTED: nobody does some op. */
retune_status retune_executable_place(const retune_device *device, const retune_graph *graph,
                                      retune_placement *out_placement, retune_error *error);

/* Makes the tensors and the program and fills every value that has a source from the model (all of
 * it stays on the caller's side; the model and the graph outlive the executable). `table` is the
 * graph's feature table value, or RETUNE_NO_VALUE; when `table_memory` is not NULL, it is the
 * table's dense content, used in place where the device can and copied where it cannot, and it
 * outlives the executable too. `model` may be NULL when no value has a source. Destroy with
 * retune_executable_destroy, which takes NULL. */
retune_status retune_executable_create(const retune_device *device, const retune_graph *graph,
                                       const retune_model *model, int32_t table,
                                       const void *table_memory, retune_executable **out_executable,
                                       retune_error *error);
void retune_executable_destroy(retune_executable *executable);

/* Fills every value that has a source again: parameters from the model, optimiser state with zero.
 */
retune_status retune_executable_load(retune_executable *executable, retune_error *error);

/* Dense rows between the host and a value's tensor. */
retune_status retune_executable_write(retune_executable *executable, int32_t value,
                                      int64_t first_row, int64_t rows, const void *data,
                                      retune_error *error);
retune_status retune_executable_read(retune_executable *executable, int32_t value,
                                     int64_t first_row, int64_t rows, void *data,
                                     retune_error *error);
/* The whole tensor. */
retune_status retune_executable_write_all(retune_executable *executable, int32_t value,
                                          const void *data, retune_error *error);
retune_status retune_executable_read_all(retune_executable *executable, int32_t value, void *data,
                                         retune_error *error);

/* Enqueues a range. */
retune_status retune_executable_run(retune_executable *executable, retune_range range,
                                    float learning_rate, uint64_t step, retune_error *error);
retune_status retune_executable_wait(retune_executable *executable, retune_error *error);

/* Nanoseconds of the last run of each of the graph's nodes, 0 for those that never ran. UNSUPPORTED
 * when the backend does not measure, or the device was opened without profiling. */
retune_status retune_executable_times(retune_executable *executable, uint64_t *out_nanoseconds,
                                      retune_error *error);

#endif
