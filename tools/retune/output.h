/* What the command says besides progress: results on stdout, faults on stderr. */
#ifndef RETUNE_COMMAND_OUTPUT_H
#define RETUNE_COMMAND_OUTPUT_H

#include <retune/retune.h>

#include <cJSON.h>

#include <stdbool.h>

/* Prints an object as one line on stdout and deletes it. */
void output_json(cJSON *object);

/* Adds a number with six decimals at most, null unless finite: 0.93, not 0.93000000715255737. */
void output_add_share(cJSON *object, const char *key, double value);

/* Prints an event as one line of JSON on stdout. */
void output_event(const retune_event *event);

/* "retune: <message>" on stderr and, with `json`, an error event on stdout. Returns the exit code
 * that goes with `status`. */
int output_error(bool json, retune_status status, const char *message);

/* A wrong command line; printf-like. Returns its exit code. */
int output_usage_error(bool json, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Flushes stdout. What could not be written turns a success into the exit code of a file error. */
int output_finish(int exit_code);

/* Escape sequences for stdout; empty where they do not belong. */
const char *style_bold(void);
const char *style_dim(void);
const char *style_end(void);

/* Replaces control characters by '?': text from files must not steer the terminal. */
void text_make_printable(char *text);

/* Prints `text` on stdout so. */
void output_text(const char *text);

#endif
