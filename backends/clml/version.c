#include "version.h"

void clml_version_choose(const cl_int *majors, const cl_int *minors, cl_uint count,
                         cl_int *out_minor, bool *out_listed) {
    *out_minor = 0;
    *out_listed = false;
    for (cl_uint n = 0; n < count; n++)
        if (majors[n] == CLML_MAJOR && (!*out_listed || minors[n] > *out_minor)) {
            *out_minor = minors[n];
            *out_listed = true;
        }
}
