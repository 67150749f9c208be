/* What the driver found out about the speed of a program's ops, kept in the user's cache folder:
 * one file a device, driver, interface and list of ops. What is in it is the driver's affair. */
#ifndef RETUNE_CLML_TUNING_FILE_H
#define RETUNE_CLML_TUNING_FILE_H

#include "program.h"

/* Makes the program's tuning cache of what was kept, for its ops to be made with; the program has
 * none where nothing was, or tune = off. A file that the driver does not take is as none. */
retune_status clml_tuning_load(retune_backend_program *program, retune_error *error);

/* With tune = full: measures the ops of a program that has memory, keeps what was found, and says
 * so: the ops are then to be made again. Otherwise does nothing. */
retune_status clml_tuning_measure(retune_backend_program *program, bool *out_measured,
                                  retune_error *error);

#endif
