/* How the command ends, for scripts. */
#ifndef RETUNE_COMMAND_EXIT_CODE_H
#define RETUNE_COMMAND_EXIT_CODE_H

#include <retune/retune.h>

enum {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_INTERNAL = 1,
    EXIT_CODE_USAGE = 2,       /* the command line or the configuration */
    EXIT_CODE_FILE = 3,        /* data or a model file */
    EXIT_CODE_BACKEND = 4,     /* no backend can do it */
    EXIT_CODE_DEVICE_LOST = 5, /* and there was nothing to fall back to */
    EXIT_CODE_BUDGET = 6,      /* over a stated budget */
    EXIT_CODE_DIFFERENCE = 7,  /* compare found one */
    EXIT_CODE_INTERRUPTED = 130
};

int exit_code_of(retune_status status);

#endif
