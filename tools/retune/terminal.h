/* stderr, for people: lines, and on a terminal a progress bar below them. */
#ifndef RETUNE_COMMAND_TERMINAL_H
#define RETUNE_COMMAND_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

struct terminal {
    bool quiet;       /* says nothing at all */
    bool interactive; /* has a cursor to move: bars are drawn */
    bool styled;
    bool bar_shown;
    double last_draw; /* seconds of a steady clock */
};

struct terminal_progress {
    const char *label;    /* "epoch 3/100" */
    const char *unit;     /* "images" */
    uint64_t done, total; /* total 0: not known */
    double seconds;       /* it took so far */
    double seconds_left;  /* negative: guessed from the rate */
};

struct terminal terminal_open(bool quiet);

/* Draws or redraws the bar; nothing unless interactive. */
void terminal_draw(struct terminal *terminal, const struct terminal_progress *progress);

/* Takes the bar away. */
void terminal_clear(struct terminal *terminal);

/* "label     text": a line that stays. Control characters become '?'. */
void terminal_say(struct terminal *terminal, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Columns of the terminal, 80 when not known. */
int terminal_width(void);

/* True when a file descriptor is a terminal that takes styles and NO_COLOR is not set. */
bool terminal_is_styled(int descriptor);

#endif
