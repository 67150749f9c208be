#include "report/html_text.h"

#include "base/file.h"
#include "base/memory.h"
#include "retune/retune.h"

#include <math.h>
#include <string.h>

extern const char retune_html_style[]; /* html_style.css */

retune_status retune_html_open(const char *title, retune_html **out_page, retune_error *error) {
    *out_page = NULL;
    retune_html *page = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *page, "a page", &page, error));
    retune_status status = retune_copy_text(title, &page->title, error);
    if (status == RETUNE_OK && !(page->body = open_memstream(&page->text, &page->size)))
        status = retune_fail(error, RETUNE_OUT_OF_MEMORY, "no memory for a page");
    if (status != RETUNE_OK) {
        retune_html_close(page);
        return status;
    }
    *out_page = page;
    return RETUNE_OK;
}

void retune_html_close(retune_html *page) {
    if (!page)
        return;
    if (page->body)
        fclose(page->body);
    free(page->text);
    for (size_t h = 0; h < page->heading_count; h++)
        free(page->headings[h]);
    free(page->headings);
    free(page->table.number);
    free(page->title);
    free(page);
}

/* ---- The page ------------------------------------------------------------------------------ */

/* Nothing may be fetched and no script may run, whatever got into the page. */
static void write_head(const retune_html *page, FILE *out) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>",
          out);
    retune_html_escape(out, page->title);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>",
            retune_html_style);
    retune_html_escape(out, page->title);
    fputs("</h1>\n", out);
}

static void write_index(const retune_html *page, FILE *out) {
    if (page->heading_count > 1) {
        fputs("<nav aria-label=\"Sections\">\n", out);
        for (size_t h = 0; h < page->heading_count; h++) {
            fprintf(out, "<a href=\"#s%zu\">", h + 1);
            retune_html_escape(out, page->headings[h]);
            fputs("</a>\n", out);
        }
        fputs("</nav>\n", out);
    }
    fputs("</header>\n<main>\n", out);
}

static void write_end(const retune_html *page, FILE *out) {
    if (page->block == RETUNE_HTML_PICTURES)
        fputs("</div>\n", out);
    if (page->fold)
        fputs("</details>\n", out);
    if (page->heading_count > 0)
        fputs("</section>\n", out);
    fprintf(out, "</main>\n<footer>Written by retune %s.</footer>\n</body>\n</html>\n",
            retune_version());
}

retune_status retune_html_save(retune_html *page, const char *path, retune_error *error) {
    if (fflush(page->body) != 0 || ferror(page->body))
        page->failure = "a page";
    if (page->failure)
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "%s: no memory for %s", path,
                           page->failure);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "%s: no memory for a page", path);
    write_head(page, out);
    write_index(page, out);
    fwrite(page->text, 1, page->size, out);
    write_end(page, out);
    bool whole = !ferror(out);
    whole = fclose(out) == 0 && whole;
    retune_status status =
        whole ? retune_file_write(path, text, size, error)
              : retune_fail(error, RETUNE_OUT_OF_MEMORY, "%s: no memory for a page", path);
    free(text);
    return status;
}

void retune_html_plain(retune_html *page) {
    if (page->block == RETUNE_HTML_PICTURES)
        fputs("</div>\n", page->body);
    page->block = RETUNE_HTML_PLAIN;
}

static void end_fold(retune_html *page) {
    retune_html_plain(page);
    if (page->fold)
        fputs("</details>\n", page->body);
    page->fold = false;
}

void retune_html_section(retune_html *page, const char *heading) {
    end_fold(page);
    if (retune_grow(&page->headings, &page->heading_capacity, page->heading_count,
                    sizeof *page->headings, "headings", NULL) != RETUNE_OK ||
        retune_copy_text(heading, &page->headings[page->heading_count], NULL) != RETUNE_OK) {
        page->failure = "a heading";
        return;
    }
    if (page->heading_count > 0)
        fputs("</section>\n", page->body);
    fprintf(page->body, "<section id=\"s%zu\">\n<h2>", ++page->heading_count);
    retune_html_escape(page->body, heading);
    fputs("</h2>\n", page->body);
}

void retune_html_fold(retune_html *page, const char *summary) {
    end_fold(page);
    fputs("<details>\n<summary>", page->body);
    retune_html_escape(page->body, summary);
    fputs("</summary>\n", page->body);
    page->fold = true;
}

/* ---- Text, figures, pictures --------------------------------------------------------------- */

void retune_html_paragraph(retune_html *page, const char *format, ...) {
    retune_html_plain(page);
    fputs("<p>", page->body);
    va_list arguments;
    va_start(arguments, format);
    retune_html_print(page, format, arguments);
    va_end(arguments);
    fputs("</p>\n", page->body);
}

void retune_html_figures(retune_html *page, const retune_html_figure *figures, size_t count) {
    retune_html_plain(page);
    fputs("<dl class=\"figures\">\n", page->body);
    for (size_t f = 0; f < count; f++) {
        fputs("<div><dt>", page->body);
        retune_html_escape(page->body, figures[f].label);
        fputs("</dt><dd>", page->body);
        retune_html_escape(page->body, figures[f].value);
        fputs("</dd></div>\n", page->body);
    }
    fputs("</dl>\n", page->body);
}

/* The first line is the bold one. */
static void put_caption(retune_html *page, const char *caption) {
    const char *rest = strchrnul(caption, '\n');
    char *first = strndup(caption, (size_t)(rest - caption));
    if (!first) {
        page->failure = "a caption";
        return;
    }
    fputs("<strong>", page->body);
    retune_html_escape(page->body, first);
    fputs("</strong>", page->body);
    retune_html_escape(page->body, rest);
    free(first);
}

void retune_html_picture(retune_html *page, const char *media_type, const void *bytes, size_t size,
                         const char *caption) {
    if (page->block != RETUNE_HTML_PICTURES)
        fputs("<div class=\"pictures\">\n", page->body);
    page->block = RETUNE_HTML_PICTURES;
    fputs("<figure><img alt=\"\" src=\"data:", page->body);
    retune_html_escape(page->body, media_type);
    fputs(";base64,", page->body);
    retune_html_base64(page->body, bytes, size);
    fputs("\"><figcaption>", page->body);
    put_caption(page, caption);
    fputs("</figcaption></figure>\n", page->body);
}

/* ---- Tables -------------------------------------------------------------------------------- */

void retune_html_table_open(retune_html *page, const retune_html_column *columns, size_t count) {
    retune_html_plain(page);
    free(page->table.number);
    page->table.number = NULL;
    if (retune_allocate(count, sizeof(bool), "a table", &page->table.number, NULL) != RETUNE_OK)
        page->failure = "a table";
    page->table.columns = count;
    page->table.column = 0;
    fputs("<div class=\"table\"><table>\n<thead><tr>", page->body);
    for (size_t c = 0; c < count; c++) {
        if (page->table.number)
            page->table.number[c] = columns[c].number;
        fprintf(page->body, "<th scope=\"col\"%s>", columns[c].number ? " class=\"n\"" : "");
        retune_html_escape(page->body, columns[c].name);
        fputs("</th>", page->body);
    }
    fputs("</tr></thead>\n<tbody>", page->body);
}

/* A heat that is not a number: a plain cell. */
static void put_cell(retune_html *page, double heat, const char *format, va_list arguments) {
    size_t column = page->table.column;
    bool number = page->table.number && page->table.number[column];
    const char *tag = column == 0 && !number ? "th" : "td";
    if (column == 0)
        fputs("\n<tr>", page->body);
    fprintf(page->body, "<%s%s class=\"%s%s\"", tag, tag[1] == 'h' ? " scope=\"row\"" : "",
            number ? "n" : "",
            heat >= 0.0  ? " heat"
            : heat < 0.0 ? " fault"
                         : "");
    if (heat >= 0.0) {
        fputs(" style=\"--heat:", page->body);
        retune_html_percent(page->body, heat < 1.0 ? heat : 1.0);
        fputc('"', page->body);
    }
    fputc('>', page->body);
    retune_html_print(page, format, arguments);
    fprintf(page->body, "</%s>", tag);
    page->table.column = (column + 1) % page->table.columns;
    if (page->table.column == 0)
        fputs("</tr>", page->body);
}

void retune_html_cell(retune_html *page, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_cell(page, NAN, format, arguments);
    va_end(arguments);
}

void retune_html_heat_cell(retune_html *page, double heat, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_cell(page, heat, format, arguments);
    va_end(arguments);
}

void retune_html_table_close(retune_html *page) {
    fputs(page->table.column > 0 ? "</tr>" : "", page->body);
    fputs("\n</tbody>\n</table></div>\n", page->body);
    free(page->table.number);
    page->table.number = NULL;
}
