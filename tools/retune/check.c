#include "exit_code.h"
#include "interrupt.h"
#include "listener.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>

int verb_check(const struct options *options) {
    interrupt_catch();
    struct listener listener = listener_make(options->json, options->quiet);
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status =
        retune_job_open(options->arguments[0], options->sets, options->set_count, &job, &error);
    if (status == RETUNE_OK)
        status = retune_job_check(job, listener_receive, &listener, &error);
    listener_finish(&listener);
    retune_job_close(job);
    if (status == RETUNE_OK) {
        terminal_say(&listener.terminal, "check", "nothing is wrong");
        return 0;
    }
    /* The problems stand above, each in its line; the first one need not be said twice. */
    if (listener.problems > 0 && status != RETUNE_CANCELLED) {
        char message[64];
        snprintf(message, sizeof message, "%zu problem%s found", listener.problems,
                 listener.problems == 1 ? "" : "s");
        return output_error(options->json, status, message);
    }
    return output_error(options->json, status, error.message);
}
