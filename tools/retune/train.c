#include "interrupt.h"
#include "listener.h"
#include "output.h"
#include "verbs.h"

int verb_train(const struct options *options) {
    if (options->resume && options->fresh)
        return output_usage_error(options->json, "--resume and --fresh exclude each other");
    interrupt_catch();
    struct listener listener = listener_make(options->json, options->quiet);
    retune_job *job = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status =
        retune_job_open(options->arguments[0], options->sets, options->set_count, &job, &error);
    if (status == RETUNE_OK) {
        retune_train_options train = {
            .struct_size = sizeof train, .resume = options->resume, .fresh = options->fresh};
        status = retune_job_train(job, &train, listener_receive, &listener, &error);
    }
    listener_finish(&listener);
    retune_job_close(job);
    return status == RETUNE_OK ? 0 : output_error(options->json, status, error.message);
}
