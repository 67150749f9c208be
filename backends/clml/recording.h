/* Recordable queues: the ops of a step are recorded once and then enqueued as one command, which
 * costs a fraction of the launches. An extension of its own, behind an option that is off: drivers
 * are known that leak or crash with it, and it cannot be had together with profiling. */
#ifndef RETUNE_CLML_RECORDING_H
#define RETUNE_CLML_RECORDING_H

#include "program.h"

/* Makes the queue to record on. UNAVAILABLE: the driver has no recordable queues. INVALID: the
 * device profiles. */
retune_status clml_recorder_open(clml_device *device, const clml_provider *provider,
                                 retune_error *error);
void clml_recorder_close(clml_device *device);

/* Enqueues the ops of a step as a recording, which is made on first use. False, with nothing
 * enqueued, when the step is not recorded: the option is off, there is nothing to gain, ops of it
 * change from run to run, or the driver refuses. */
bool clml_recording_run(retune_backend_program *program, clml_step *step);

void clml_recording_release(const clml_device *device, clml_step *step);

#endif
