#include "report/events.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>

static retune_status keep(retune_events *events, const retune_event *event, retune_error *error) {
    if (event->kind == RETUNE_EVENT_PROGRESS)
        return RETUNE_OK;
    RETUNE_TRY(retune_grow(&events->kept, &events->kept_capacity, events->kept_count,
                           sizeof *events->kept, "events", error));
    size_t size = retune_event_json(event, NULL, 0) + 1;
    char **text = &events->kept[events->kept_count].text;
    RETUNE_TRY(retune_allocate(size, 1, "an event", text, error));
    retune_event_json(event, *text, size);
    events->kept_count++;
    return RETUNE_OK;
}

retune_status retune_events_send(retune_events *events, retune_event *event, retune_error *error) {
    event->struct_size = (uint32_t)sizeof *event;
    if (events->callback && events->callback(events->user, event) != 0)
        events->stop = true;
    if (events->folder)
        return retune_run_folder_event(events->folder, event, error);
    return events->keep ? keep(events, event, error) : RETUNE_OK;
}

retune_status retune_events_attach(retune_events *events, retune_run_folder *folder,
                                   retune_error *error) {
    events->folder = folder;
    for (size_t k = 0; k < events->kept_count; k++)
        RETUNE_TRY(retune_run_folder_line(folder, events->kept[k].text, error));
    return RETUNE_OK;
}

void retune_events_release(retune_events *events) {
    for (size_t k = 0; k < events->kept_count; k++)
        free(events->kept[k].text);
    free(events->kept);
    events->kept = NULL;
    events->kept_count = events->kept_capacity = 0;
}

retune_status retune_events_notice(retune_events *events, retune_error *error, const char *format,
                                   ...) {
    char text[RETUNE_ERROR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    retune_event event = {.kind = RETUNE_EVENT_NOTICE, .of.message = {RETUNE_OK, text}};
    return retune_events_send(events, &event, error);
}

retune_status retune_events_problem(retune_events *events, retune_status problem, const char *text,
                                    retune_error *error) {
    retune_event event = {.kind = RETUNE_EVENT_PROBLEM, .of.message = {(uint32_t)problem, text}};
    return retune_events_send(events, &event, error);
}

/* The seconds of a phase count from its beginning, which is where `done` does not go on. */
static void count_seconds(retune_events *events, retune_phase phase, uint64_t done,
                          double seconds) {
    bool goes_on = events->last.phase == (uint32_t)phase && done > events->last.done;
    events->seconds[phase] += seconds - (goes_on ? events->last.seconds : 0.0);
    events->last.phase = (uint32_t)phase;
    events->last.done = done;
    events->last.seconds = seconds;
}

retune_status retune_events_progress(retune_events *events, retune_phase phase, uint32_t epoch,
                                     uint64_t done, uint64_t total, const char *unit, double began,
                                     retune_error *error) {
    double seconds = retune_clock_seconds() - began;
    count_seconds(events, phase, done, seconds);
    retune_event event = {.kind = RETUNE_EVENT_PROGRESS,
                          .of.progress = {(uint32_t)phase, epoch, done, total, unit, seconds}};
    RETUNE_TRY(retune_events_send(events, &event, error));
    return events->stop ? retune_fail(error, RETUNE_CANCELLED, "stopped on request") : RETUNE_OK;
}
