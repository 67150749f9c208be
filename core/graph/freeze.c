#include "graph/freeze.h"

#include "base/memory.h"
#include "base/suggest.h"

#include <fnmatch.h>
#include <string.h>

retune_status retune_freeze_all(const retune_model *model, retune_freeze *out_freeze,
                                retune_error *error) {
    memset(out_freeze, 0, sizeof *out_freeze);
    out_freeze->frontier = model->layer_count;
    retune_status status = retune_allocate(model->parameter_count, sizeof *out_freeze->trained,
                                           "the freeze policy", &out_freeze->trained, error);
    if (status == RETUNE_OK)
        status = retune_allocate(model->layer_count, sizeof *out_freeze->norms, "the freeze policy",
                                 &out_freeze->norms, error);
    if (status != RETUNE_OK)
        retune_freeze_release(out_freeze);
    return status;
}

bool retune_freeze_has_full_norm(const retune_freeze *freeze, const retune_model *model) {
    for (size_t l = 0; l < model->layer_count; l++)
        if (model->layers[l].type == RETUNE_LAYER_BATCH_NORM &&
            freeze->norms[l] == RETUNE_NORM_FULL)
            return true;
    return false;
}

void retune_freeze_release(retune_freeze *freeze) {
    free(freeze->trained);
    free(freeze->norms);
    memset(freeze, 0, sizeof *freeze);
}

/* Marks the layers a glob matches. */
static retune_status match(const retune_model *model, const char *glob, bool *matched,
                           retune_error *error) {
    bool any = false;
    for (size_t l = 0; l < model->layer_count; l++)
        if (fnmatch(glob, model->layers[l].name, 0) == 0)
            any = matched[l] = true;
    if (any)
        return RETUNE_OK;
    retune_suggestion nearest = retune_suggestion_make(glob);
    for (size_t l = 0; l < model->layer_count; l++)
        retune_suggestion_offer(&nearest, model->layers[l].name, strlen(model->layers[l].name));
    return retune_fail(error, RETUNE_INVALID,
                       "[freeze] train: '%s' matches no layer of %s%s%s%s; `retune inspect` lists "
                       "the layers",
                       glob, model->architecture, nearest.best ? "; did you mean '" : "",
                       nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
}

static void train_layer(const retune_model *model, size_t index, retune_norm_mode batch_norm,
                        const bool *matched, retune_freeze *freeze) {
    const retune_layer *layer = &model->layers[index];
    bool train = matched[index];
    if (layer->type == RETUNE_LAYER_BATCH_NORM) {
        train = (train || (index > 0 && matched[index - 1])) && batch_norm != RETUNE_NORM_FROZEN;
        freeze->norms[index] = train ? batch_norm : RETUNE_NORM_FROZEN;
    }
    /* The running statistics of a full batch norm follow the data; no gradient trains them. */
    for (int role = RETUNE_ROLE_KERNEL; train && role <= RETUNE_ROLE_BETA; role++) {
        int32_t parameter = layer->parameters[role];
        if (parameter < 0)
            continue;
        freeze->trained[parameter] = true;
        freeze->trained_total += model->parameters[parameter].elements;
        if (freeze->frontier > index)
            freeze->frontier = index;
    }
}

retune_status retune_freeze_make(const retune_model *model, char *const *globs, size_t glob_count,
                                 retune_norm_mode batch_norm, retune_freeze *out_freeze,
                                 retune_error *error) {
    RETUNE_TRY(retune_freeze_all(model, out_freeze, error));
    bool *matched = NULL;
    retune_status status =
        retune_allocate(model->layer_count, sizeof *matched, "the freeze policy", &matched, error);
    for (size_t g = 0; g < glob_count && status == RETUNE_OK; g++)
        status = match(model, globs[g], matched, error);
    for (size_t l = 0; l < model->layer_count && status == RETUNE_OK; l++)
        train_layer(model, l, batch_norm, matched, out_freeze);
    if (status == RETUNE_OK && out_freeze->trained_total == 0)
        status = retune_fail(error, RETUNE_INVALID,
                             "[freeze] train: names no layer with something to train; "
                             "`retune inspect` lists the layers and their parameters");
    free(matched);
    if (status != RETUNE_OK)
        retune_freeze_release(out_freeze);
    return status;
}
