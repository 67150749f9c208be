/* Ctrl-C and SIGTERM: the first asks the job to stop and save, the second leaves at once. */
#ifndef RETUNE_COMMAND_INTERRUPT_H
#define RETUNE_COMMAND_INTERRUPT_H

#include <stdbool.h>

/* From here on signals are requests. A reader of stdout that goes away no longer ends the process
 * either: a job of hours does not die with the program that watches it. A limit on the size of
 * files is an error like a full disk. */
void interrupt_catch(void);

bool interrupt_requested(void);

#endif
