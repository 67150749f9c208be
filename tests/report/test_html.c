/* Pages: escaping, structure, charts with holes, and saving that fails. */
#include "report/html_text.h"

#include <locale.h>
#include <math.h>
#include <sys/stat.h>

#include "expect.h"
#include "page.h"
#include "temporary.h"

static retune_html *page;

static void open_page(void) {
    temporary_open();
    assert_ok(retune_html_open("A page", &page, &error));
}

static void close_page(void) {
    retune_html_close(page);
    temporary_close();
}

TestSuite(html, .init = open_page, .fini = close_page);

/* Saves the page, checks its structure and returns its text, which lives as long as the test. */
static char *saved(void) {
    assert_ok(retune_html_save(page, temporary_path("page.html"), &error));
    char *text = page_read(temporary_path("page.html"));
    page_check(text);
    return text;
}

static void expect_in(const char *text, const char *part) {
    cr_expect_not_null(strstr(text, part), "\"%s\" is not in the page", part);
}

/* ---- Structure ----------------------------------------------------------------------------- */

Test(html, is_one_page) {
    retune_html_section(page, "First");
    retune_html_paragraph(page, "%d of %s", 3, "four");
    retune_html_section(page, "Second & last");
    retune_html_figure figures[] = {{"91.8 %", "accuracy"}, {"61 s", "time"}};
    retune_html_figures(page, figures, 2);
    char *text = saved();
    cr_expect_eq(strncmp(text, "<!DOCTYPE html>\n", 16), 0);
    expect_in(text, "<title>A page</title>");
    expect_in(text, "<h1>A page</h1>");
    expect_in(text, "<a href=\"#s2\">Second &amp; last</a>");
    expect_in(text, "<section id=\"s2\">\n<h2>Second &amp; last</h2>");
    expect_in(text, "<p>3 of four</p>");
    expect_in(text, "<div><dt>accuracy</dt><dd>91.8 %</dd></div>");
    expect_in(text, "prefers-color-scheme: dark");
    expect_in(text, "</html>\n");
    free(text);
}

Test(html, an_empty_page_is_whole) {
    free(saved());
}

Test(html, grows_after_it_was_saved) {
    const char picture[] = "PNG";
    retune_html_section(page, "One");
    retune_html_fold(page, "More");
    retune_html_picture(page, "image/png", picture, 3, "a");
    char *text = saved();
    cr_expect_eq(page_count(text, "<figure>"), 1);
    free(text);
    retune_html_picture(page, "image/png", picture, 3, "b");
    text = saved();
    cr_expect_eq(page_count(text, "<figure>"), 2);
    cr_expect_eq(page_count(text, "<div class=\"pictures\">"), 1);
    free(text);
}

Test(html, what_follows_closes_what_is_open) {
    retune_html_column column = {"name", false};
    retune_html_section(page, "One");
    retune_html_picture(page, "image/jpeg", "", 0, "");
    retune_html_paragraph(page, "between");
    retune_html_picture(page, "image/jpeg", "x", 1, "");
    retune_html_fold(page, "first");
    retune_html_picture(page, "image/jpeg", "x", 1, "");
    retune_html_fold(page, "second");
    retune_html_table_open(page, &column, 1);
    retune_html_table_close(page);
    retune_html_section(page, "Two");
    char *text = saved();
    cr_expect_eq(page_count(text, "<div class=\"pictures\">"), 3);
    cr_expect_eq(page_count(text, "</details>\n<details>"), 1);
    expect_in(text, "</details>\n</section>");
    free(text);
}

/* ---- Text ---------------------------------------------------------------------------------- */

static void expect_escaped(const char *text, const char *expected) {
    char *got = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&got, &size);
    retune_html_escape(out, text);
    fclose(out);
    cr_expect_str_eq(got, expected);
    free(got);
}

Test(html, escapes) {
    expect_escaped("", "");
    expect_escaped("a<b>&\"'c", "a&lt;b&gt;&amp;&quot;&#39;c");
    expect_escaped("Gänseblümchen € 🌷\n\t", "Gänseblümchen € 🌷\n\t");
    expect_escaped("\x01\x1b[1m\x7f\r", "�"
                                        "�[1m�"
                                        "�");
    expect_escaped("\xff", "�");
    expect_escaped("a\xc3", "a�");
    expect_escaped("\xc3(", "�(");
    expect_escaped("\xe2\x82", "��");
    expect_escaped("\xed\xa0\x80", "���"); /* a surrogate */
    expect_escaped("\xc0\xbc", "��");      /* "<", overlong */
}

Test(html, hostile_names_stay_text) {
    const char *evil = "\"><script>alert('x')</script>\xff&amp;";
    const double x[] = {1, 2}, y[] = {1, 2};
    retune_html_series series[] = {{evil, x, y, 2}, {evil, x, y, 2}};
    retune_html_column columns[] = {{evil, false}, {evil, true}};
    retune_html_section(page, evil);
    retune_html_section(page, evil);
    retune_html_fold(page, evil);
    retune_html_paragraph(page, "%s", evil);
    retune_html_figures(page, &(retune_html_figure){evil, evil}, 1);
    retune_html_table_open(page, columns, 2);
    retune_html_cell(page, "%s", evil);
    retune_html_heat_cell(page, -1, "%s", evil);
    retune_html_table_close(page);
    retune_html_chart(page, &(retune_html_chart_spec){evil, evil, evil, series, 2, false});
    retune_html_picture(page, evil, "x", 1, evil);
    assert_ok(retune_html_save(page, temporary_path("page.html"), &error));
    char *text = page_read(temporary_path("page.html"));
    cr_expect_eq(page_count(text, "<script"), 0);
    cr_expect_eq(page_count(text, "&amp;amp;"), page_count(text, "&lt;script&gt;"));
    free(text);
}

Test(html, a_hostile_title_stays_text) {
    retune_html *other = NULL;
    assert_ok(retune_html_open("</title><script>", &other, &error));
    assert_ok(retune_html_save(other, temporary_path("page.html"), &error));
    char *text = page_read(temporary_path("page.html"));
    page_check(text);
    cr_expect_eq(page_count(text, "&lt;/title&gt;&lt;script&gt;"), 2);
    free(text);
    retune_html_close(other);
}

Test(html, base64) {
    /* RFC 4648, section 10. */
    static const char *const known[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xef\xbe", "/+++"}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        char *got = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&got, &size);
        retune_html_base64(out, known[k][0], strlen(known[k][0]));
        fclose(out);
        cr_expect_str_eq(got, known[k][1]);
        free(got);
    }
}

Test(html, pictures) {
    retune_html_picture(page, "image/png", "foobar", 6, "roses\nfor tulips");
    char *text = saved();
    expect_in(text, "src=\"data:image/png;base64,Zm9vYmFy\"");
    expect_in(text, "<figcaption><strong>roses</strong>\nfor tulips</figcaption>");
    free(text);
}

/* ---- Tables -------------------------------------------------------------------------------- */

Test(html, tables) {
    retune_html_column columns[] = {{"class", false}, {"images", true}};
    retune_html_table_open(page, columns, 2);
    retune_html_cell(page, "%s", "roses");
    retune_html_cell(page, "%d", 12);
    retune_html_cell(page, "%s", "tulips");
    retune_html_heat_cell(page, 0.25, "%d", 7);
    retune_html_cell(page, "%s", "daisy");
    retune_html_heat_cell(page, 3.0, "%d", 9);
    retune_html_cell(page, "%s", "none");
    retune_html_heat_cell(page, -0.5, "%s", "wrong");
    retune_html_table_close(page);
    char *text = saved();
    expect_in(text, "<th scope=\"col\">class</th><th scope=\"col\" class=\"n\">images</th>");
    expect_in(text, "<tr><th scope=\"row\" class=\"\">roses</th><td class=\"n\">12</td></tr>");
    expect_in(text, "<td class=\"n heat\" style=\"--heat:25.00%\">7</td>");
    expect_in(text, "<td class=\"n heat\" style=\"--heat:100.00%\">9</td>");
    expect_in(text, "<td class=\"n fault\">wrong</td>");
    free(text);
}

Test(html, a_row_that_is_not_full_ends) {
    retune_html_column columns[] = {{"a", true}, {"b", true}, {"c", true}};
    retune_html_table_open(page, columns, 3);
    retune_html_cell(page, "1");
    retune_html_heat_cell(page, NAN, "2");
    retune_html_table_close(page);
    retune_html_table_open(page, columns, 1);
    retune_html_table_close(page);
    char *text = saved();
    expect_in(text, "<td class=\"n\">1</td><td class=\"n\">2</td></tr>");
    free(text);
}

/* ---- Charts -------------------------------------------------------------------------------- */

/* The page with one chart of one series. */
static char *drawn(const double *x, const double *y, size_t count, bool log_y) {
    retune_html_series series = {"series", x, y, count};
    retune_html_chart(page, &(retune_html_chart_spec){"chart", "x", "y", &series, 1, log_y});
    return saved();
}

Test(html, a_line_goes_from_corner_to_corner) {
    const double x[] = {0, 1, 2}, y[] = {0, 0.5, 1};
    char *text = drawn(x, y, 3, false);
    expect_in(text, "<path class=\"s0 d0\" d=\"M0,10000l0,0L0,10000 5000,5000 10000,0\"/>");
    expect_in(text, "<title>series 0.500 (x 1)</title>");
    expect_in(text, ">1.00<tspan class=\"name\"> series</tspan>");
    cr_expect_eq(page_count(text, "class=\"legend\""), 0);
    free(text);
}

Test(html, holes_break_the_line) {
    const double x[] = {0, 1, 2, 3, 4, 5}, y[] = {1, NAN, 3, INFINITY, 5, -1e301};
    char *text = drawn(x, y, 6, false);
    cr_expect_eq(page_count(text, "l0,0L"), 3);
    cr_expect_eq(page_count(text, "<circle r=\"6\""), 3);
    free(text);
}

Test(html, nothing_below_zero_is_on_a_logarithmic_axis) {
    const double x[] = {0, 1, 2, 3}, y[] = {1, 0, -1, 100};
    char *text = drawn(x, y, 4, true);
    cr_expect_eq(page_count(text, "l0,0L"), 2);
    free(text);
}

Test(html, nothing_to_draw) {
    const double x[] = {0, NAN}, y[] = {NAN, 1};
    char *text = drawn(x, y, 2, false);
    expect_in(text, "There are no values to draw.");
    cr_expect_eq(page_count(text, "<svg class=\"plot\""), 0);
    free(text);
    retune_html_chart(page, &(retune_html_chart_spec){.title = "", .x_label = "", .y_label = ""});
    text = saved();
    cr_expect_eq(page_count(text, "There are no values to draw."), 2);
    free(text);
}

Test(html, one_point_is_a_dot) {
    const double x[] = {1}, y[] = {0.9};
    char *text = drawn(x, y, 1, false);
    cr_expect_eq(page_count(text, "l0,0L"), 1);
    expect_in(text, "M5000,");
    free(text);
}

Test(html, extreme_values_stay_in_the_chart) {
    const double x[] = {0, 1, 2}, y[] = {-1e300, 0, 1e300};
    char *text = drawn(x, y, 3, false);
    expect_in(text, "10000,");
    free(text);
}

Test(html, many_series) {
    enum { COUNT = 13 };
    const double x[] = {0, 1}, y[COUNT][2] = {{0}};
    retune_html_series series[COUNT];
    for (size_t s = 0; s < COUNT; s++)
        series[s] = (retune_html_series){"s", x, y[s], 2};
    for (size_t count = 1; count <= COUNT; count++)
        retune_html_chart(page, &(retune_html_chart_spec){"chart", "x", "y", series, count, false});
    char *text = saved();
    /* The ends of up to ten are labelled, and two or more have a legend. */
    cr_expect_eq(page_count(text, "class=\"name\""), 10 * 11 / 2);
    cr_expect_eq(page_count(text, "<ul class=\"legend\">"), COUNT - 1);
    free(text);
}

Test(html, ends_that_meet_have_labels_apart) {
    const double x[] = {0, 1}, one[] = {0, 0.98}, two[] = {0, 1.0};
    retune_html_series series[] = {{"one", x, one, 2}, {"two", x, two, 2}};
    retune_html_chart(page, &(retune_html_chart_spec){"chart", "x", "y", series, 2, false});
    char *text = saved();
    expect_in(text, "dy=\".35em\" y=\"0.00%\">1.00<tspan class=\"name\"> two");
    expect_in(text, "dy=\".35em\" y=\"7.50%\">0.98<tspan class=\"name\"> one");
    free(text);
}

Test(html, coordinates_do_not_follow_the_locale) {
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8"};
    bool found = false;
    for (size_t n = 0; n < 3 && !found; n++)
        found = setlocale(LC_ALL, names[n]) != NULL;
    if (!found)
        cr_skip_test("no locale with a decimal comma is installed");
    const double x[] = {0, 1, 3}, y[] = {0.5, 0.25, 0.125};
    char *text = drawn(x, y, 3, false);
    expect_in(text, "cx=\"33.33%\"");
    free(text);
}

/* ---- Saving -------------------------------------------------------------------------------- */

Test(html, a_page_that_cannot_be_written_leaves_nothing) {
    char path[320];
    snprintf(path, sizeof path, "%s", temporary_path("missing/page.html"));
    expect_refused(RETUNE_IO, "missing/page.html", retune_html_save(page, path, &error));
    cr_expect_eq(temporary_count(), 0);
}

Test(html, a_page_replaces_the_one_before_or_leaves_it) {
    temporary_write("page.html", "old", 3);
    free(saved());
    cr_expect_eq(temporary_count(), 1);
    cr_assert_eq(mkdir(temporary_path("folder"), 0700), 0);
    temporary_write("folder/inside", "x", 1);
    expect_refused(RETUNE_IO, "folder", retune_html_save(page, temporary_path("folder"), &error));
    cr_expect_eq(temporary_count(), 2);
}

Test(html, a_lack_of_memory_is_told_when_saving) {
    page->failure = "text of a page"; /* what the functions between leave behind */
    expect_refused(RETUNE_OUT_OF_MEMORY, "page.html: no memory for text of a page",
                   retune_html_save(page, temporary_path("page.html"), &error));
    cr_expect_eq(temporary_count(), 0);
}
