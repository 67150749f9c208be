/* A text table on stdout: columns as wide as their widest cell. */
#ifndef RETUNE_COMMAND_TABLE_H
#define RETUNE_COMMAND_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct table {
    const char *alignment; /* one letter a column: 'l' or 'r' */
    size_t columns;
    char **cells; /* row by row; all are owned */
    size_t count, capacity;
    bool complete; /* no memory ran out on the way */
};

struct table table_make(const char *alignment);

/* Adds the next cell, left to right and top to bottom. Control characters become '?'. */
void table_add(struct table *table, const char *text);

/* Prints and frees it; the first `header_rows` rows stand out on a terminal. False when memory ran
 * out: nothing is printed then. */
bool table_print(struct table *table, const char *indent, size_t header_rows);

/* Columns a text takes on a terminal: its characters, when each is one wide. */
size_t text_width(const char *text);

#endif
