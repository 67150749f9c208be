/* Line charts. Text keeps the size of the page's text on every screen: only the lines are
 * stretched, in an <svg> of their own whose strokes do not scale, and everything else is placed in
 * percent.
 *
 * The outer <svg> is the area between the axes; labels stand in the margins around it. */
#include "report/html_text.h"

#include "base/memory.h"
#include "report/axis.h"

#include <math.h>
#include <string.h>

#define COLOURS       6 /* of the style sheet: .s0 to .s5 */
#define DASHES        4 /* of the style sheet: .d0 to .d3 */
#define X_TICKS       6 /* at most: their labels fit beside one another on a phone */
#define Y_TICKS       6
#define UNITS         10000 /* of the stretched lines, a side */
#define HOVER_MAX     300   /* points of a series that show their values under the pointer */
#define END_LABEL_MAX 10    /* series whose ends are labelled: more do not fit above one another */
#define LINE_HEIGHT   0.075 /* of a label, as part of the height */

typedef struct chart {
    FILE *out;
    const retune_html_chart_spec *spec;
    retune_axis x, y;
} chart;

/* ---- Range --------------------------------------------------------------------------------- */

static bool can_draw(const retune_html_chart_spec *spec, double x, double y) {
    return fabs(x) <= RETUNE_AXIS_VALUE_MAX && fabs(y) <= RETUNE_AXIS_VALUE_MAX &&
           (!spec->log_y || y > 0.0);
}

/* False when there is nothing to draw. */
static bool choose_axes(chart *c) {
    double low_x = INFINITY, high_x = -INFINITY, low_y = INFINITY, high_y = -INFINITY;
    bool whole = true;
    for (size_t s = 0; s < c->spec->series_count; s++) {
        const retune_html_series *series = &c->spec->series[s];
        for (size_t i = 0; i < series->count; i++) {
            if (!can_draw(c->spec, series->x[i], series->y[i]))
                continue;
            low_x = fmin(low_x, series->x[i]);
            high_x = fmax(high_x, series->x[i]);
            low_y = fmin(low_y, series->y[i]);
            high_y = fmax(high_y, series->y[i]);
            whole = whole && series->x[i] == floor(series->x[i]);
        }
    }
    if (low_x > high_x)
        return false;
    c->x = retune_axis_linear(low_x, high_x, X_TICKS, whole);
    c->y = c->spec->log_y ? retune_axis_log(low_y, high_y)
                          : retune_axis_linear(low_y, high_y, Y_TICKS, false);
    return true;
}

/* ---- Axes ---------------------------------------------------------------------------------- */

static void put_attribute(const chart *c, const char *name, double part) {
    fprintf(c->out, " %s=\"", name);
    retune_html_percent(c->out, part);
    fputc('"', c->out);
}

static void put_axes(const chart *c) {
    char text[64];
    fputs("<g class=\"grid\">", c->out);
    for (size_t t = 0; t < c->y.tick_count; t++) {
        double place = 1.0 - retune_axis_place(&c->y, c->y.ticks[t]);
        fputs("<line x2=\"100%\"", c->out);
        put_attribute(c, "y1", place);
        put_attribute(c, "y2", place);
        fputs("/>", c->out);
    }
    fputs("</g>\n<g class=\"y\">", c->out);
    for (size_t t = 0; t < c->y.tick_count; t++) {
        retune_axis_label(&c->y, c->y.ticks[t], 0, text, sizeof text);
        fputs("<text dx=\"-.6em\" dy=\".35em\"", c->out);
        put_attribute(c, "y", 1.0 - retune_axis_place(&c->y, c->y.ticks[t]));
        fprintf(c->out, ">%s</text>", text);
    }
    fputs("</g>\n<g class=\"x\"><line x2=\"100%\" y1=\"100%\" y2=\"100%\"/>", c->out);
    for (size_t t = 0; t < c->x.tick_count; t++) {
        double place = retune_axis_place(&c->x, c->x.ticks[t]);
        retune_axis_label(&c->x, c->x.ticks[t], 0, text, sizeof text);
        fputs("<svg class=\"tick\" y=\"100%\"", c->out);
        put_attribute(c, "x", place);
        fprintf(c->out, "><line y2=\"5\"/><text dy=\"1.4em\">%s</text></svg>", text);
    }
    fputs("</g>\n", c->out);
}

/* ---- Lines --------------------------------------------------------------------------------- */

static void put_class(const chart *c, size_t series) {
    fprintf(c->out, " class=\"s%zu d%zu\"", series % COLOURS, series % DASHES);
}

/* A point between two gaps is a line of no length, which round ends make a dot. */
static void put_path(const chart *c, size_t s) {
    const retune_html_series *series = &c->spec->series[s];
    bool pen_down = false;
    fputs("<path", c->out);
    put_class(c, s);
    fputs(" d=\"", c->out);
    for (size_t i = 0; i < series->count; i++) {
        bool draw = can_draw(c->spec, series->x[i], series->y[i]);
        if (draw) {
            long x = lround(retune_axis_place(&c->x, series->x[i]) * UNITS);
            long y = lround((1.0 - retune_axis_place(&c->y, series->y[i])) * UNITS);
            fprintf(c->out, pen_down ? " %ld,%ld" : "M%ld,%ldl0,0L%ld,%ld", x, y, x, y);
        }
        pen_down = draw;
    }
    fputs("\"/>\n", c->out);
}

static void put_lines(const chart *c) {
    fprintf(c->out,
            "<svg class=\"lines\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
            "width=\"100%%\" height=\"100%%\">\n",
            UNITS, UNITS);
    for (size_t s = c->spec->series_count; s-- > 0;)
        put_path(c, s);
    fputs("</svg>\n", c->out);
}

/* Invisible marks that tell their values when the pointer rests on them. */
static void put_hover(const chart *c, size_t s) {
    const retune_html_series *series = &c->spec->series[s];
    char x[64], y[64];
    if (series->count > HOVER_MAX)
        return;
    fputs("<g class=\"hover\">", c->out);
    for (size_t i = 0; i < series->count; i++) {
        if (!can_draw(c->spec, series->x[i], series->y[i]))
            continue;
        retune_axis_label(&c->x, series->x[i], 0, x, sizeof x);
        retune_axis_label(&c->y, series->y[i], 2, y, sizeof y);
        fputs("<circle r=\"6\"", c->out);
        put_attribute(c, "cx", retune_axis_place(&c->x, series->x[i]));
        put_attribute(c, "cy", 1.0 - retune_axis_place(&c->y, series->y[i]));
        fputs("><title>", c->out);
        retune_html_escape(c->out, series->name);
        fprintf(c->out, " %s (", y);
        retune_html_escape(c->out, c->spec->x_label);
        fprintf(c->out, " %s)</title></circle>", x);
    }
    fputs("</g>\n", c->out);
}

/* ---- Ends ---------------------------------------------------------------------------------- */

/* The last point of a series, and where its label stands. */
typedef struct end {
    size_t series;
    double x, y;  /* of the point, as parts of the area */
    double label; /* height of the label */
    double value;
} end;

static size_t find_ends(const chart *c, end ends[END_LABEL_MAX]) {
    size_t count = 0;
    for (size_t s = 0; s < c->spec->series_count; s++) {
        const retune_html_series *series = &c->spec->series[s];
        size_t last = series->count;
        while (last > 0 && !can_draw(c->spec, series->x[last - 1], series->y[last - 1]))
            last--;
        if (last == 0)
            continue;
        double y = 1.0 - retune_axis_place(&c->y, series->y[last - 1]);
        end found = {s, retune_axis_place(&c->x, series->x[last - 1]), y, y, series->y[last - 1]};
        size_t place = count++;
        for (; place > 0 && ends[place - 1].y > y; place--) /* from top to bottom */
            ends[place] = ends[place - 1];
        ends[place] = found;
    }
    return count;
}

/* Moves labels apart: down from the top, then up from the bottom. */
static void spread_labels(end *ends, size_t count) {
    for (size_t e = 1; e < count; e++)
        ends[e].label = fmax(ends[e].label, ends[e - 1].label + LINE_HEIGHT);
    double limit = 1.0;
    for (size_t e = count; e-- > 0; limit = ends[e].label - LINE_HEIGHT)
        ends[e].label = fmin(ends[e].label, limit);
}

static void put_ends(const chart *c) {
    end ends[END_LABEL_MAX];
    char text[64];
    if (c->spec->series_count > END_LABEL_MAX)
        return;
    size_t count = find_ends(c, ends);
    spread_labels(ends, count);
    for (size_t e = count; e-- > 0;) {
        fprintf(c->out, "<g class=\"s%zu end\"><circle r=\"3.5\"", ends[e].series % COLOURS);
        put_attribute(c, "cx", ends[e].x);
        put_attribute(c, "cy", ends[e].y);
        retune_axis_label(&c->y, ends[e].value, 1, text, sizeof text);
        fputs("/><text x=\"100%\" dx=\".7em\" dy=\".35em\"", c->out);
        put_attribute(c, "y", ends[e].label);
        fprintf(c->out, ">%s<tspan class=\"name\"> ", text);
        retune_html_escape(c->out, c->spec->series[ends[e].series].name);
        fputs("</tspan></text></g>\n", c->out);
    }
}

/* ---- The chart ----------------------------------------------------------------------------- */

static void put_legend(const chart *c) {
    if (c->spec->series_count < 2)
        return;
    fputs("<ul class=\"legend\">\n", c->out);
    for (size_t s = 0; s < c->spec->series_count; s++) {
        fputs("<li><svg width=\"28\" height=\"10\" aria-hidden=\"true\"><path", c->out);
        put_class(c, s);
        fputs(" d=\"M2,5H26\"/></svg>", c->out);
        retune_html_escape(c->out, c->spec->series[s].name);
        fputs("</li>\n", c->out);
    }
    fputs("</ul>\n", c->out);
}

/* Characters of the longest name, which sets the margin on the right. */
static size_t longest_name(const retune_html_chart_spec *spec) {
    size_t longest = 0;
    for (size_t s = 0; s < spec->series_count && spec->series_count <= END_LABEL_MAX; s++) {
        size_t length = strlen(spec->series[s].name);
        longest = length > longest ? length : longest;
    }
    return longest;
}

static void put_area(const chart *c) {
    fputs("<div class=\"area\"><svg class=\"plot\" role=\"img\" aria-label=\"", c->out);
    retune_html_escape(c->out, c->spec->title);
    fputs("\">\n", c->out);
    put_axes(c);
    put_lines(c);
    put_ends(c);
    for (size_t s = c->spec->series_count; s-- > 0;)
        put_hover(c, s);
    fputs("</svg></div>\n<div class=\"label-x\">", c->out);
    retune_html_escape(c->out, c->spec->x_label);
    fputs("</div>\n", c->out);
}

void retune_html_chart(retune_html *page, const retune_html_chart_spec *spec) {
    chart c = {.out = page->body, .spec = spec};
    retune_html_plain(page);
    fprintf(c.out, "<figure class=\"chart\" style=\"--name:%zuch\">\n<figcaption>",
            longest_name(spec));
    retune_html_escape(c.out, spec->title);
    fputs("</figcaption>\n", c.out);
    if (choose_axes(&c)) {
        put_legend(&c);
        fputs("<div class=\"label-y\">", c.out);
        retune_html_escape(c.out, spec->y_label);
        fputs("</div>\n", c.out);
        put_area(&c);
    } else {
        fputs("<p class=\"nothing\">There are no values to draw.</p>\n", c.out);
    }
    fputs("</figure>\n", c.out);
}
