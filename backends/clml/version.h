/* Which version of the interface to ask for. Pure. */
#ifndef RETUNE_CLML_VERSION_H
#define RETUNE_CLML_VERSION_H

#include "interface.h"

#include <stdbool.h>

/* Out of those listed, in whatever order: the highest of CLML_MAJOR, else its first, which a newer
 * driver may have though it does not list it. */
void clml_version_choose(const cl_int *majors, const cl_int *minors, cl_uint count,
                         cl_int *out_minor, bool *out_listed);

#endif
