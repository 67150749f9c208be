/* What a run said, as JSON. */
#ifndef TESTS_RUN_EVENTS_H
#define TESTS_RUN_EVENTS_H

#include <cJSON.h>

#include <stdbool.h>

/* Lines of JSON as an array of events; the test fails when a line is none. Delete it with
 * cJSON_Delete. */
cJSON *events_parse(const char *text);
cJSON *events_read(const char *path);

/* The event of that kind; `index` counts from 0, or with -1 from the end. NULL: there is none. */
const cJSON *events_find(const cJSON *events, const char *kind, int index);

/* How many there are of a kind. */
int events_count(const cJSON *events, const char *kind);

/* A member, which must be there. */
double event_number(const cJSON *event, const char *key);
const char *event_text(const cJSON *event, const char *key);

/* Whether some notice holds the text. */
bool events_mention(const cJSON *events, const char *text);

#endif
