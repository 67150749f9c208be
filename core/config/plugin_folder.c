/* Where `[backend] plugin_path` may not lead: code does not come from where a job, its pictures and
 * its weights come from, which may be somebody else's download. */
#include "config/details.h"

#include "base/file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* True when both exist and `folder` is `place`, or lies in it when `within`. */
static bool is_at(const char *folder, const char *place, bool within) {
    char *inner = realpath(folder, NULL), *outer = realpath(place, NULL);
    bool at = false;
    if (inner && outer) {
        const size_t length = strlen(outer);
        at = strncmp(inner, outer, length) == 0 &&
             (inner[length] == '\0' || (within && inner[length] == '/'));
    }
    free(inner);
    free(outer);
    return at;
}

static retune_status refuse(const retune_config *config, const char *what, retune_error *error) {
    size_t index = 0;
    retune_key_find("backend", "plugin_path", &index);
    return retune_fail(error, RETUNE_INVALID,
                       "%s: [backend] plugin_path: %s is %s; plugins are never loaded from there",
                       config->details->written[index].origin, config->backend_plugin_path, what);
}

retune_status retune_config_check_plugin_folder(const retune_config *config, retune_error *error) {
    const char *folder = config->backend_plugin_path;
    char *weights = NULL;
    if (folder[0] == '\0')
        return RETUNE_OK;
    if (config->details->folder && is_at(folder, config->details->folder, false))
        return refuse(config, "the folder of the job file", error);
    if (config->data_root[0] != '\0' && is_at(folder, config->data_root, true))
        return refuse(config, "in [data] root", error);
    if (config->model_weights[0] == '\0')
        return RETUNE_OK;
    RETUNE_TRY(retune_path_folder(config->model_weights, &weights, error));
    const bool same = is_at(folder, weights, false);
    free(weights);
    return same ? refuse(config, "the folder of [model] weights", error) : RETUNE_OK;
}
