#include "terminal.h"

#include "base/figures.h"
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LABEL_WIDTH      10
#define BAR_WIDTH_MIN    8
#define BAR_WIDTH_MAX    36
#define SECONDS_PER_DRAW 0.1

static bool has_cursor(int descriptor) {
    const char *kind = getenv("TERM");
    return isatty(descriptor) && kind && strcmp(kind, "dumb") != 0;
}

bool terminal_is_styled(int descriptor) {
    const char *no_color = getenv("NO_COLOR");
    return has_cursor(descriptor) && !(no_color && *no_color);
}

int terminal_width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

struct terminal terminal_open(bool quiet) {
    return (struct terminal){.quiet = quiet,
                             .interactive = !quiet && has_cursor(STDERR_FILENO),
                             .styled = !quiet && terminal_is_styled(STDERR_FILENO)};
}

void terminal_clear(struct terminal *terminal) {
    if (terminal->bar_shown)
        fputs("\r\033[K", stderr);
    terminal->bar_shown = false;
}

void terminal_say(struct terminal *terminal, const char *label, const char *format, ...) {
    if (terminal->quiet)
        return;
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_make_printable(text);
    terminal_clear(terminal);
    fprintf(stderr, "%s%-*s%s%s\n", terminal->styled ? "\033[1m" : "", LABEL_WIDTH, label,
            terminal->styled ? "\033[0m" : "", text);
}

/* "1,204/3,670 images  412/s  6.0 s left" */
static void describe(const struct terminal_progress *progress, char *text, size_t size) {
    double rate = progress->seconds > 0 ? (double)progress->done / progress->seconds : 0;
    int used = snprintf(text, size, "%s", figure_count(progress->done).text);
    if (progress->total > 0)
        used +=
            snprintf(text + used, size - (size_t)used, "/%s", figure_count(progress->total).text);
    used += snprintf(text + used, size - (size_t)used, " %.20s", progress->unit);
    if (rate > 0)
        used += snprintf(text + used, size - (size_t)used, "  %s", figure_rate(rate).text);
    double left = progress->seconds_left;
    if (left < 0 && rate > 0 && progress->total >= progress->done)
        left = (double)(progress->total - progress->done) / rate;
    if (left >= 0 && progress->total > 0)
        snprintf(text + used, size - (size_t)used, "  %s left", figure_duration(left).text);
}

void terminal_draw(struct terminal *terminal, const struct terminal_progress *progress) {
    double time = now();
    bool complete = progress->done >= progress->total && progress->total > 0;
    if (!terminal->interactive ||
        (time - terminal->last_draw < SECONDS_PER_DRAW && !(complete && terminal->bar_shown)))
        return;
    terminal->last_draw = time;
    char text[160], bar[BAR_WIDTH_MAX + 1];
    describe(progress, text, sizeof text);
    int label = (int)strlen(progress->label);
    label = label > LABEL_WIDTH ? label + 2 : LABEL_WIDTH;
    /* The last column stays empty: some terminals would wrap. */
    int room = terminal_width() - 1 - label;
    int width = room - 4 - (int)strlen(text);
    width = width > BAR_WIDTH_MAX ? BAR_WIDTH_MAX : width;
    if (room <= 0)
        return;
    fprintf(stderr, "\r%s%-*s%s", terminal->styled ? "\033[1m" : "", label, progress->label,
            terminal->styled ? "\033[0m" : "");
    if (width >= BAR_WIDTH_MIN && progress->total > 0) {
        double share = complete ? 1.0 : (double)progress->done / (double)progress->total;
        int filled = (int)(share * width);
        memset(bar, '=', (size_t)filled);
        memset(bar + filled, ' ', (size_t)(width - filled));
        if (filled < width)
            bar[filled] = '>';
        bar[width] = '\0';
        fprintf(stderr, "[%s]  ", bar);
    }
    fprintf(stderr, "%.*s\033[K", room, text);
    fflush(stderr);
    terminal->bar_shown = true;
}
