/* Numbers as people read them: use the text of the result at once, as figure_count(n).text. The
 * command, which sees nothing else of the library's inside, is built with this file too. */
#ifndef RETUNE_BASE_FIGURES_H
#define RETUNE_BASE_FIGURES_H

#include <stdint.h>

struct figure {
    char text[40];
};

struct figure figure_count(uint64_t count);    /* "3,233,989" */
struct figure figure_bytes(double bytes);      /* "700 MiB" */
struct figure figure_duration(double seconds); /* "4.2 s", "3 min 05 s", "1 h 02 min" */
struct figure figure_time(double seconds);     /* "12.3 us", "4.20 ms", "1.70 s" */
struct figure figure_percent(double share);    /* "91.03 %"; "-" unless finite */
struct figure figure_scaled(double value);     /* "1.14 G" */
struct figure figure_rate(double per_second);  /* "1,397/s", "0.35/s" */

#endif
