#include "exit_code.h"

int exit_code_of(retune_status status) {
    switch (status) {
    case RETUNE_OK:
        return EXIT_CODE_DONE;
    case RETUNE_INVALID:
        return EXIT_CODE_USAGE;
    case RETUNE_IO:
    case RETUNE_CORRUPT:
        return EXIT_CODE_FILE;
    case RETUNE_UNSUPPORTED:
    case RETUNE_UNAVAILABLE:
    case RETUNE_OUT_OF_MEMORY:
        return EXIT_CODE_BACKEND;
    case RETUNE_DEVICE_LOST:
        return EXIT_CODE_DEVICE_LOST;
    case RETUNE_CANCELLED:
        return EXIT_CODE_INTERRUPTED;
    case RETUNE_INTERNAL:
        break;
    }
    return EXIT_CODE_INTERNAL;
}
