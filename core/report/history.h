/* The events of a run, read back from its metrics.jsonl: also those of the processes before, when
 * the run was resumed. */
#ifndef RETUNE_HISTORY_H
#define RETUNE_HISTORY_H

#include "base/status.h"

#include <cJSON.h>

/* Gives an array of objects, each with a text "event"; delete it with cJSON_Delete. IO: there is no
 * such file. CORRUPT names the line that is no event. */
retune_status retune_history_read(const char *path, cJSON **out_events, retune_error *error);

/* The next event of a kind after `event` (NULL: the first one); NULL when there is none. */
const cJSON *retune_history_next(const cJSON *events, const cJSON *event, const char *kind);

/* A member of an event: NaN or NULL when it has none. */
double retune_history_number(const cJSON *event, const char *key);
const char *retune_history_text(const cJSON *event, const char *key);

#endif
