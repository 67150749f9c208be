/* Receives the events of a job: as JSON on stdout, as lines and bars on stderr. */
#ifndef RETUNE_COMMAND_LISTENER_H
#define RETUNE_COMMAND_LISTENER_H

#include "terminal.h"

#include <retune/retune.h>

#include <stdbool.h>
#include <stddef.h>

struct listener {
    struct terminal terminal;
    bool json;
    bool hide_evaluation; /* the verb prints it itself */
    size_t problems;      /* that `check` reported */
    /* An epoch's training and its evaluation make one line; the first to come waits here. */
    bool has_epoch, has_eval;
    retune_event epoch, eval;
    /* Of the last epoch, to guess how long the rest takes. */
    uint32_t epochs;
    double epoch_seconds;
};

struct listener listener_make(bool json, bool quiet);

/* The callback; `user` is the listener. Non-zero once the user wants to stop. */
int listener_receive(void *user, const retune_event *event);

/* Says what still waits and takes the bar away. */
void listener_finish(struct listener *listener);

#endif
