#include "interrupt.h"

#include "exit_code.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t requested;

/* Only what is safe in a signal handler. */
static void handle(int signal_number) {
    (void)signal_number;
    if (requested)
        _exit(EXIT_CODE_INTERRUPTED);
    requested = 1;
    static const char text[] = "\nretune: stopping after this step; once more leaves at once\n";
    int saved = errno;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        /* Nobody reads; the request counts all the same. */
    }
    errno = saved;
}

void interrupt_catch(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

bool interrupt_requested(void) {
    return requested != 0;
}
