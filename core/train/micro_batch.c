#include "train/micro_batch.h"

#include "train/budget.h"

/* Bytes of a plan that computes `micro` images a run. */
static retune_status plan_bytes(const retune_session *session, const retune_training_options *whole,
                                bool resident, int64_t micro, uint64_t *out_bytes,
                                retune_error *error) {
    retune_training_options options = *whole;
    retune_tensor_desc table;
    retune_plan *plan = NULL;
    options.batch = micro;
    options.accumulate = micro < whole->batch;
    if (whole->table && !resident) {
        table = *whole->table;
        table.shape[0] = micro;
        options.table = &table;
    }
    RETUNE_TRY(retune_plan_training(session->model, &session->freeze, &options, &plan, error));
    retune_status status = retune_graph_bytes(plan->graph, out_bytes, error);
    retune_plan_destroy(plan);
    return status;
}

retune_status retune_micro_batch_choose(retune_session *session,
                                        const retune_training_options *whole, bool resident,
                                        uint64_t free_bytes, int64_t *out_batch,
                                        retune_error *error) {
    int64_t wanted = session->config->train_micro_batch, micro = whole->batch;
    uint64_t budget = retune_budget_bytes(&session->device->info);
    if (wanted > 0 && wanted < micro)
        micro = wanted;
    for (;; micro = (micro + 1) / 2) {
        uint64_t bytes = 0;
        RETUNE_TRY(plan_bytes(session, whole, resident, micro, &bytes, error));
        if (wanted > 0 || budget == 0 || bytes - free_bytes <= budget || micro == 1)
            break;
    }
    *out_batch = micro;
    if (micro == whole->batch)
        return RETUNE_OK;
    if (retune_freeze_has_full_norm(&session->freeze, session->model))
        return retune_fail(error, RETUNE_INVALID,
                           "[freeze] batch_norm = full needs the statistics of a whole batch, but "
                           "only %lld of %lld images can be computed at once: lower [train] batch",
                           (long long)micro, (long long)whole->batch);
    return retune_events_notice(session->events, error,
                                "each batch of %lld images is computed in pieces of %lld",
                                (long long)whole->batch, (long long)micro);
}
