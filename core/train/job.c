/* Jobs as the embedding API shows them: each function hands over to the part that does it. */
#include "retune/retune.h"

#include "base/memory.h"
#include "config/config.h"
#include "data/folder.h"
#include "device/ladder.h"
#include "model/model_file.h"
#include "train/bench.h"
#include "train/check.h"
#include "train/compare.h"
#include "train/evaluate.h"
#include "train/run.h"
#include "train/session.h"
#include "train/summary.h"

#include <string.h>

struct retune_job {
    retune_config *config;
};

retune_status retune_job_open(const char *path, const retune_option *overrides,
                              size_t override_count, retune_job **out_job, retune_error *error) {
    *out_job = NULL;
    retune_job *job = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *job, "a job", &job, error));
    retune_status status = retune_config_open(path, overrides, override_count, &job->config, error);
    if (status == RETUNE_OK)
        *out_job = job;
    else
        retune_job_close(job);
    return status;
}

void retune_job_close(retune_job *job) {
    if (!job)
        return;
    retune_config_close(job->config);
    free(job);
}

size_t retune_setting_count(const retune_job *job) {
    return retune_config_setting_count(job ? job->config : NULL);
}

retune_status retune_setting_describe(const retune_job *job, size_t index,
                                      retune_setting *out_setting, retune_error *error) {
    return retune_config_setting(job ? job->config : NULL, index, out_setting, error);
}

retune_status retune_job_train(retune_job *job, const retune_train_options *options,
                               retune_event_callback callback, void *user, retune_error *error) {
    return retune_run_train(job->config, options, callback, user, error);
}

retune_status retune_job_check(retune_job *job, retune_event_callback callback, void *user,
                               retune_error *error) {
    return retune_check_job(job->config, callback, user, error);
}

retune_status retune_job_evaluate(retune_job *job, const char *model_path,
                                  retune_event_callback callback, void *user,
                                  retune_evaluation **out_evaluation, retune_error *error) {
    return retune_evaluate_file(job->config, model_path, callback, user, out_evaluation, error);
}

retune_status retune_job_bench(retune_job *job, const retune_bench_options *options,
                               retune_event_callback callback, void *user, retune_error *error) {
    return retune_bench_job(job->config, options, callback, user, error);
}

retune_status retune_job_compare(retune_job *job, const retune_compare_options *options,
                                 retune_event_callback callback, void *user, retune_error *error) {
    return retune_compare_job(job->config, options, callback, user, error);
}

static retune_status list_devices(retune_job *job, bool again, retune_device_list **out_list,
                                  retune_error *error) {
    *out_list = NULL;
    retune_config *config = NULL;
    if (!job)
        RETUNE_TRY(retune_config_open(NULL, NULL, 0, &config, error));
    retune_ladder_options options = retune_session_ladder(job ? job->config : config);
    if (again)
        options.look.contact.self_test = RETUNE_SELF_TEST_REPEAT;
    retune_status status = retune_device_list_make(&options, out_list, error);
    retune_config_close(config);
    return status;
}

retune_status retune_devices(retune_job *job, retune_device_list **out_list, retune_error *error) {
    return list_devices(job, false, out_list, error);
}

retune_status retune_devices_self_test(retune_job *job, retune_device_list **out_list,
                                       retune_error *error) {
    return list_devices(job, true, out_list, error);
}

/* ---- Inspecting ---------------------------------------------------------------------------- */

retune_status retune_job_inspect(retune_job *job, retune_model_summary **out_summary,
                                 retune_error *error) {
    *out_summary = NULL;
    const retune_config *config = job->config;
    retune_session session = {.config = config};
    retune_folder classes;
    memset(&classes, 0, sizeof classes);
    retune_status status = retune_folder_list_classes(config->data_root, &classes, error);
    if (status == RETUNE_OK && classes.folder_count < 2)
        status =
            retune_fail(error, RETUNE_CORRUPT, "%s: has %zu class folders; at least two are needed",
                        config->data_root, classes.folder_count);
    if (status == RETUNE_OK)
        status = retune_session_build_model(&session, (uint32_t)classes.folder_count, error);
    if (status == RETUNE_OK)
        status =
            retune_model_set_classes(session.model, classes.folders, classes.folder_count, error);
    if (status == RETUNE_OK)
        status = retune_summary_make(session.model, &session.freeze, out_summary, error);
    retune_folder_free(&classes);
    retune_session_close(&session);
    return status;
}

retune_status retune_model_inspect(const char *path, retune_model_summary **out_summary,
                                   retune_error *error) {
    *out_summary = NULL;
    retune_safetensors *file = NULL;
    retune_model *model = NULL;
    retune_freeze freeze;
    memset(&freeze, 0, sizeof freeze);
    retune_status status = retune_safetensors_open(path, &file, error);
    if (status == RETUNE_OK)
        status = retune_model_file_describe(file, path, &model, error);
    if (status == RETUNE_OK)
        status = retune_freeze_all(model, &freeze, error);
    if (status == RETUNE_OK)
        status = retune_summary_make(model, &freeze, out_summary, error);
    retune_freeze_release(&freeze);
    retune_model_destroy(model);
    retune_safetensors_close(file);
    return status;
}
