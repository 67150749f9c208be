/* What the parts of a page's writer share: the text of the page, and escaping. */
#ifndef RETUNE_REPORT_HTML_TEXT_H
#define RETUNE_REPORT_HTML_TEXT_H

#include "report/html.h"

#include <stdio.h>

/* What is open at the end of the page's body, and is closed by whatever does not belong into it. */
typedef enum retune_html_block {
    RETUNE_HTML_PLAIN,
    RETUNE_HTML_PICTURES /* a grid of pictures */
} retune_html_block;

struct retune_html {
    FILE *body; /* a memory stream over `text` */
    char *text;
    size_t size;
    char *title;
    char **headings; /* of the sections */
    size_t heading_count, heading_capacity;
    retune_html_block block;
    bool fold;           /* the section has one open */
    const char *failure; /* what there was no memory for; NULL: none so far */
    struct {
        bool *number; /* of each column; NULL outside of tables */
        size_t columns, column;
    } table;
};

/* Closes what is open so that a paragraph, table or chart may follow. */
void retune_html_plain(retune_html *page);

/* Writes text with everything escaped that is not plain in HTML, also inside of attributes. */
void retune_html_escape(FILE *out, const char *text);

/* printf, then escape. False, which the page remembers, without memory. */
bool retune_html_print(retune_html *page, const char *format, va_list arguments);

/* Bytes as base64. */
void retune_html_base64(FILE *out, const void *bytes, size_t size);

/* A part of something as a percentage: 0.25 gives "25.00%". Not touched by the locale. */
void retune_html_percent(FILE *out, double part);

#endif
