#include "train/compare_side.h"

#include "train/bench_ops.h"

#include <string.h>

/* Passes on what the job says, with the side's name where it is about the device. */
static int hear(void *user, const retune_event *event) {
    retune_compare_side *side = user;
    retune_event copy = *event;
    switch ((retune_event_kind)event->kind) {
    case RETUNE_EVENT_NOTICE:
        if (side->session.device)
            (void)retune_events_notice(side->outer, NULL, "%c: %s", side->letter,
                                       event->of.message.text);
        else if (side->announces)
            (void)retune_events_send(side->outer, &copy, NULL);
        break;
    case RETUNE_EVENT_MODEL:
    case RETUNE_EVENT_DATA:
        if (side->announces)
            (void)retune_events_send(side->outer, &copy, NULL);
        break;
    case RETUNE_EVENT_PROGRESS:
        (void)retune_events_send(side->outer, &copy, NULL);
        break;
    default:
        break;
    }
    return side->outer->stop;
}

void retune_compare_side_make(const retune_config *config, char letter, const char *device,
                              retune_events *outer, retune_compare_side *out_side) {
    memset(out_side, 0, sizeof *out_side);
    out_side->letter = letter;
    out_side->device = (char *)(uintptr_t)device;
    out_side->outer = outer;
    out_side->events = (retune_events){.callback = hear, .user = out_side};
    out_side->config = *config;
    out_side->config.backend_order = (retune_text_list){&out_side->device, 1};
    out_side->config.backend_fallback = RETUNE_FALLBACK_NONE;
    out_side->session.config = &out_side->config;
    out_side->session.events = &out_side->events;
}

void retune_compare_side_close(retune_compare_side *side) {
    retune_trainer_close(&side->trainer);
    if (side->borrows) {
        side->session.dataset = NULL;
        side->session.bad = NULL;
    }
    retune_session_close(&side->session);
}

/* ---- The device alone ---------------------------------------------------------------------- */

retune_status retune_compare_side_open_device(retune_compare_side *side,
                                              const retune_plan *const *plans, size_t plan_count,
                                              retune_error *error) {
    retune_status status = retune_session_open_device(&side->session, plans, plan_count, error);
    if (status == RETUNE_OK) {
        side->info = side->session.device->info;
        side->profiled = retune_bench_ops_possible(side->session.device);
        if (side->profiled)
            status = retune_bench_ops_open(&side->session, error);
    }
    return status == RETUNE_OK
               ? RETUNE_OK
               : retune_fail_context(error, status, "device %c, %s", side->letter, side->device);
}

void retune_compare_side_close_device(retune_compare_side *side) {
    retune_refusals_free(&side->session.refusals);
    retune_device_close(side->session.device);
    side->session.device = NULL;
}

/* ---- The trainer --------------------------------------------------------------------------- */

/* Puts the trainer where the checkpoint was made. */
static retune_status go_on_from(retune_trainer *trainer, const retune_checkpoint *from,
                                const char *folder, retune_error *error) {
    const retune_progress *progress = retune_checkpoint_progress(from);
    if (progress->steps_per_epoch != trainer->steps_per_epoch)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: the checkpoint has %llu steps an epoch, this job %llu", folder,
                           (unsigned long long)progress->steps_per_epoch,
                           (unsigned long long)trainer->steps_per_epoch);
    trainer->step = progress->step;
    trainer->metrics = progress->metrics;
    return retune_checkpoint_load_state(from, trainer, error);
}

retune_status retune_compare_side_open_trainer(retune_compare_side *side,
                                               const retune_checkpoint *from, const char *folder,
                                               retune_error *error) {
    retune_status status = retune_trainer_open(&side->session, &side->trainer, error);
    if (status == RETUNE_OK)
        status = retune_trainer_prepare(&side->trainer, error);
    if (status == RETUNE_OK && from)
        status = go_on_from(&side->trainer, from, folder, error);
    return status == RETUNE_OK
               ? RETUNE_OK
               : retune_fail_context(error, status, "device %c, %s", side->letter, side->device);
}
