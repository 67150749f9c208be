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
    /* What an op in quarantine does wrong is what is to be seen. */
    out_side->config.backend_self_test = RETUNE_SELF_TEST_OFF;
    out_side->session.config = &out_side->config;
    out_side->session.events = &out_side->events;
}

void retune_compare_side_close(retune_compare_side *side) {
    retune_trainer_close(&side->trainer);
    retune_learned_close(&side->learned);
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

/* What was learned so far: nothing, or what the checkpoint says. */
static retune_status load_learned(const retune_compare_side *side, const retune_checkpoint *from,
                                  const retune_plan *plan, retune_learned *out_learned,
                                  retune_error *error) {
    RETUNE_TRY(retune_learned_open(plan, side->session.model, out_learned, error));
    if (!from)
        return RETUNE_OK;
    out_learned->step = retune_checkpoint_progress(from)->step;
    out_learned->metrics = retune_checkpoint_progress(from)->metrics;
    return retune_checkpoint_load_state(from, out_learned, error);
}

retune_status retune_compare_side_load_state(const retune_compare_side *side,
                                             const retune_checkpoint *from, const retune_plan *plan,
                                             retune_executable *executable, retune_error *error) {
    retune_learned learned = {0};
    retune_status status = load_learned(side, from, plan, &learned, error);
    if (status == RETUNE_OK)
        status = retune_learned_write_state(&learned, plan, executable, error);
    retune_learned_close(&learned);
    return status;
}

static retune_status check_steps(const retune_trainer *trainer, const retune_checkpoint *from,
                                 const char *folder, retune_error *error) {
    const retune_progress *progress = retune_checkpoint_progress(from);
    if (progress->steps_per_epoch != trainer->steps_per_epoch)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: the checkpoint has %llu steps an epoch, this job %llu", folder,
                           (unsigned long long)progress->steps_per_epoch,
                           (unsigned long long)trainer->steps_per_epoch);
    return RETUNE_OK;
}

retune_status retune_compare_side_open_trainer(retune_compare_side *side,
                                               const retune_checkpoint *from, const char *folder,
                                               retune_error *error) {
    retune_status status = retune_trainer_open(&side->session, &side->trainer, error);
    if (status == RETUNE_OK)
        status = retune_trainer_prepare(&side->trainer, error);
    if (status == RETUNE_OK && from)
        status = check_steps(&side->trainer, from, folder, error);
    if (status == RETUNE_OK)
        status = load_learned(side, from, side->trainer.plan, &side->learned, error);
    if (status == RETUNE_OK)
        status = retune_trainer_restore(&side->trainer, &side->learned, error);
    return status == RETUNE_OK
               ? RETUNE_OK
               : retune_fail_context(error, status, "device %c, %s", side->letter, side->device);
}
