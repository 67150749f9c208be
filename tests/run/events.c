#include "run/events.h"

#include "run/scene.h"

#include <stdlib.h>
#include <string.h>

cJSON *events_parse(const char *text) {
    cJSON *events = cJSON_CreateArray();
    char *copy = strdup(text), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) && *line;) {
        cJSON *event = cJSON_Parse(line);
        cr_assert(cJSON_IsObject(event), "no JSON: %s", line);
        cr_assert(event_text(event, "event") != NULL);
        cJSON_AddItemToArray(events, event);
    }
    cr_assert(rest == NULL, "an empty line, then: %s", rest);
    free(copy);
    return events;
}

cJSON *events_read(const char *path) {
    size_t size = 0;
    char *text = scene_read(path, &size);
    cr_assert(strlen(text) == size && size > 0 && text[size - 1] == '\n', "%s", path);
    cJSON *events = events_parse(text);
    free(text);
    return events;
}

const cJSON *events_find(const cJSON *events, const char *kind, int index) {
    int wanted = index >= 0 ? index : events_count(events, kind) + index;
    const cJSON *event;
    cJSON_ArrayForEach(event, events) {
        if (strcmp(event_text(event, "event"), kind) == 0 && wanted-- == 0)
            return event;
    }
    return NULL;
}

int events_count(const cJSON *events, const char *kind) {
    int count = 0;
    const cJSON *event;
    cJSON_ArrayForEach(event, events) count += strcmp(event_text(event, "event"), kind) == 0;
    return count;
}

double event_number(const cJSON *event, const char *key) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(event, key);
    cr_assert(cJSON_IsNumber(member), "no number %s", key);
    return member->valuedouble;
}

const char *event_text(const cJSON *event, const char *key) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(event, key);
    cr_assert(cJSON_IsString(member), "no text %s", key);
    return member->valuestring;
}

bool events_mention(const cJSON *events, const char *text) {
    const cJSON *event;
    cJSON_ArrayForEach(event, events) {
        if (strcmp(event_text(event, "event"), "notice") == 0 &&
            strstr(event_text(event, "text"), text))
            return true;
    }
    return false;
}
