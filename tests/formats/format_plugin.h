/* A format plugin as a host sees it, and what every test of a reader asks. */
#ifndef TESTS_FORMAT_PLUGIN_H
#define TESTS_FORMAT_PLUGIN_H

#include "retune/format.h"

#include <stdbool.h>

/* The plugin's query function: from retune_format_<name>.so in RETUNE_PLUGIN_PATH, or linked in. */
retune_format_query_function format_plugin_query(const char *name);

/* Its table. Fails the test when there is none. */
const retune_format *format_plugin(const char *name);

/* Opens a file that must be good; fails the test with the reader's message when it is not. */
retune_format_reader *format_open(const retune_format *format, const char *path);

/* Index of the tensor of this name, which must be there with this shape; `d` from `rank` on is 0.
 */
size_t format_find(const retune_format *format, const retune_format_reader *reader,
                   const char *name, uint32_t rank, int64_t d0, int64_t d1, int64_t d2, int64_t d3);
bool format_has(const retune_format *format, const retune_format_reader *reader, const char *name);

/* All values of a tensor; free them. */
float *format_values(const retune_format *format, retune_format_reader *reader, size_t index,
                     size_t *out_count);

/* Opens a file that must be refused with this status and a one-line message that names the file and
 * has `part` in it. */
void format_refuses(const retune_format *format, const char *path, retune_status status,
                    const char *part);

#endif
