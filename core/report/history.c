#include "report/history.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 31) /* bytes */

double retune_history_number(const cJSON *event, const char *key) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(event, key);
    return cJSON_IsNumber(member) ? member->valuedouble : (double)NAN;
}

const char *retune_history_text(const cJSON *event, const char *key) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(event, key);
    return cJSON_IsString(member) ? member->valuestring : NULL;
}

const cJSON *retune_history_next(const cJSON *events, const cJSON *event, const char *kind) {
    for (event = event ? event->next : events->child; event; event = event->next)
        if (strcmp(retune_history_text(event, "event"), kind) == 0)
            break;
    return event;
}

static retune_status parse(char *text, const char *path, cJSON *events, retune_error *error) {
    size_t number = 1;
    for (char *line; (line = strsep(&text, "\n")) && (*line || text); number++) {
        cJSON *event = cJSON_Parse(line);
        if (!cJSON_IsObject(event) || !retune_history_text(event, "event")) {
            cJSON_Delete(event);
            return retune_fail(error, RETUNE_CORRUPT, "%s:%zu: is no event", path, number);
        }
        cJSON_AddItemToArray(events, event);
    }
    return RETUNE_OK;
}

retune_status retune_history_read(const char *path, cJSON **out_events, retune_error *error) {
    *out_events = NULL;
    unsigned char *data = NULL;
    size_t size = 0;
    RETUNE_TRY(retune_file_read(path, FILE_MAX, &data, &size, error));
    cJSON *events = cJSON_CreateArray();
    retune_status status =
        events ? parse((char *)data, path, events, error) : retune_fail_memory(error, size, path);
    free(data);
    if (status == RETUNE_OK)
        *out_events = events;
    else
        cJSON_Delete(events);
    return status;
}
