/* What a config keeps beside its values. For core/config alone. */
#ifndef RETUNE_CONFIG_DETAILS_H
#define RETUNE_CONFIG_DETAILS_H

#include "config/config.h"
#include "config/key.h"
#include "config/sections.h"

/* The text of a value and where it came from, one a row of the table. */
typedef struct retune_written {
    char *text;   /* as an INI holds it; paths as they are used */
    char *origin; /* "default", "job.ini:14", "environment", "--set" */
} retune_written;

struct retune_config_details {
    char *path;   /* of the job file as given; NULL when there is none */
    char *folder; /* it lies in; NULL when there is none */
    retune_written *written;
    retune_sections backends;
};

/* The member of `config` that a key names. */
static inline void *retune_config_field(const retune_config *config, const retune_key *key) {
    return (char *)config + key->offset;
}

/* `path` as it reads from any folder, without "./" and doubled slashes; empty stays empty. */
retune_status retune_config_absolute_path(const char *path, char **out_path, retune_error *error);

/* INVALID: `[backend] plugin_path` is the folder of the job file or of the weights, or lies in the
 * data. */
retune_status retune_config_check_plugin_folder(const retune_config *config, retune_error *error);

#endif
