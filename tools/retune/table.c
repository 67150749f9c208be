#include "table.h"

#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP 2

struct table table_make(const char *alignment) {
    return (struct table){.alignment = alignment, .columns = strlen(alignment), .complete = true};
}

void table_add(struct table *table, const char *text) {
    if (table->count == table->capacity) {
        size_t larger = table->capacity ? 2 * table->capacity : 64;
        char **cells = realloc(table->cells, larger * sizeof *cells);
        if (!cells) {
            table->complete = false;
            return;
        }
        table->cells = cells;
        table->capacity = larger;
    }
    char *cell = strdup(text ? text : "");
    if (!cell) {
        table->complete = false;
        return;
    }
    text_make_printable(cell);
    table->cells[table->count++] = cell;
}

size_t text_width(const char *text) {
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct table *table, size_t column) {
    size_t widest = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
        size_t width = text_width(table->cells[i]);
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* The last column, when aligned left, is not padded: no blanks at the ends of lines. */
static void print_cell(const struct table *table, size_t index, size_t width) {
    size_t column = index % table->columns;
    int padding = (int)(width - text_width(table->cells[index]));
    bool last = column + 1 == table->columns;
    if (table->alignment[column] == 'r')
        printf("%*s%s", padding, "", table->cells[index]);
    else
        printf("%s%*s", table->cells[index], last ? 0 : padding, "");
    if (!last)
        printf("%*s", GAP, "");
}

bool table_print(struct table *table, const char *indent, size_t header_rows) {
    for (size_t row = 0; table->complete && row * table->columns < table->count; row++) {
        fputs(indent, stdout);
        fputs(row < header_rows ? style_bold() : "", stdout);
        for (size_t column = 0; column < table->columns; column++)
            print_cell(table, row * table->columns + column, column_width(table, column));
        fputs(row < header_rows ? style_end() : "", stdout);
        putchar('\n');
    }
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    bool complete = table->complete;
    *table = table_make(table->alignment);
    return complete;
}
