#include "base/figures.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct figure figure_count(uint64_t count) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    struct figure result = {{0}};
    char *to = result.text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    return result;
}

/* Three significant digits of `value` over a unit. */
static struct figure three_digits(double value, const char *unit) {
    struct figure result;
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(result.text, sizeof result.text, "%.*f %s", decimals, value, unit);
    return result;
}

struct figure figure_bytes(double bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    struct figure result;
    if (!(bytes >= 1024.0)) {
        snprintf(result.text, sizeof result.text, "%.0f B", bytes);
        return result;
    }
    size_t unit = 0;
    for (bytes /= 1024.0; bytes >= 999.5 && unit + 1 < sizeof units / sizeof *units; unit++)
        bytes /= 1024.0;
    return three_digits(bytes, units[unit]);
}

struct figure figure_scaled(double value) {
    static const char *const units[] = {"k", "M", "G", "T", "P"};
    struct figure result;
    if (!(value >= 1000.0)) {
        snprintf(result.text, sizeof result.text, "%.0f", value);
        return result;
    }
    size_t unit = 0;
    for (value /= 1000.0; value >= 999.5 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1000.0;
    return three_digits(value, units[unit]);
}

struct figure figure_duration(double seconds) {
    struct figure result;
    if (!(seconds >= 0.0 && seconds < 3.6e8)) {
        strcpy(result.text, "-");
        return result;
    }
    unsigned whole = (unsigned)lround(seconds);
    if (seconds < 59.95)
        snprintf(result.text, sizeof result.text, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(result.text, sizeof result.text, "%u min %02u s", whole / 60, whole % 60);
    else
        snprintf(result.text, sizeof result.text, "%u h %02u min", whole / 3600, whole / 60 % 60);
    return result;
}

struct figure figure_time(double seconds) {
    if (seconds < 999.5e-6)
        return three_digits(seconds * 1e6, "us");
    return seconds < 999.5e-3 ? three_digits(seconds * 1e3, "ms") : three_digits(seconds, "s");
}

struct figure figure_percent(double share) {
    struct figure result;
    if (isfinite(share))
        snprintf(result.text, sizeof result.text, "%.2f %%", 100.0 * share);
    else
        strcpy(result.text, "-");
    return result;
}

struct figure figure_rate(double per_second) {
    struct figure result;
    if (!(per_second >= 0.0 && per_second < 1e15)) {
        strcpy(result.text, "-");
    } else if (per_second < 99.95) {
        snprintf(result.text, sizeof result.text, "%.3g/s", per_second);
    } else {
        result = figure_count((uint64_t)llround(per_second));
        strcat(result.text, "/s");
    }
    return result;
}
