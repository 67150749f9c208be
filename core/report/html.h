/* A web page in memory, for the reports of a run and of a comparison: one self-contained file that
 * needs no network and no script, fits a phone, has a dark and a light side and prints well. Every
 * page has the same style sheet, which lives in html_style.css and is embedded at build time.
 *
 *   retune_html *page = NULL;
 *   RETUNE_TRY(retune_html_open("Run flowers", &page, error));
 *   retune_html_section(page, "Accuracy");
 *   retune_html_chart(page, &chart);
 *   status = retune_html_save(page, path, error);
 *   retune_html_close(page);
 *
 * Text is always escaped; bytes that are no UTF-8, and control characters, become U+FFFD. A lack of
 * memory is remembered and reported by retune_html_save, so that the functions between need no
 * checks. A page belongs to one thread at a time. */
#ifndef RETUNE_REPORT_HTML_H
#define RETUNE_REPORT_HTML_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct retune_html retune_html;

/* Begins a page; the title is also its first heading. */
retune_status retune_html_open(const char *title, retune_html **out_page, retune_error *error);
void retune_html_close(retune_html *page); /* takes NULL */

/* Writes what the page holds so far to a temporary file beside `path` and renames it. The page may
 * grow and be saved again. OUT_OF_MEMORY, IO. */
retune_status retune_html_save(retune_html *page, const char *path, retune_error *error);

/* Ends the section before and begins one with this heading, which the page's index leads to. */
void retune_html_section(retune_html *page, const char *heading);

/* Folds what follows away behind `summary`, up to the next section or fold: for long tables. Only
 * what the reader unfolded is printed. */
void retune_html_fold(retune_html *page, const char *summary);

/* A paragraph. */
__attribute__((format(printf, 2, 3))) void retune_html_paragraph(retune_html *page,
                                                                 const char *format, ...);

/* The figures a reader wants first, large, beside one another: "91.8 %" over "accuracy". */
typedef struct retune_html_figure {
    const char *value, *label;
} retune_html_figure;
void retune_html_figures(retune_html *page, const retune_html_figure *figures, size_t count);

/* A table: the header, then the cells row by row, then the end. Numbers stand to the right. The
 * first column names its row unless it holds numbers. */
typedef struct retune_html_column {
    const char *name;
    bool number;
} retune_html_column;
/* `count` is at least 1. */
void retune_html_table_open(retune_html *page, const retune_html_column *columns, size_t count);
__attribute__((format(printf, 2, 3))) void retune_html_cell(retune_html *page, const char *format,
                                                            ...);
/* The same, shaded by `heat` (0..1), or marked as a fault when heat is below 0. */
__attribute__((format(printf, 3, 4))) void retune_html_heat_cell(retune_html *page, double heat,
                                                                 const char *format, ...);
void retune_html_table_close(retune_html *page);

/* A line chart, drawn as SVG. Values that are not finite, or beyond 1e300, leave a gap. The first
 * series is drawn solid and on top; colours and dashes tell the others apart, repeating after 12.
 * The chart shows where each series ends and the value it ends with. */
typedef struct retune_html_series {
    const char *name;
    const double *x, *y; /* x in ascending order */
    size_t count;
} retune_html_series;
typedef struct retune_html_chart_spec {
    const char *title, *x_label, *y_label;
    const retune_html_series *series;
    size_t series_count;
    bool log_y; /* values of 0 or less leave a gap */
} retune_html_chart_spec;
void retune_html_chart(retune_html *page, const retune_html_chart_spec *chart);

/* A picture as part of the page: the bytes of a JPEG or PNG file ("image/jpeg", "image/png"), and
 * what stands below it; the caption's first line is the bold one. Pictures that follow one another
 * stand in a grid. */
void retune_html_picture(retune_html *page, const char *media_type, const void *bytes, size_t size,
                         const char *caption);

#endif
