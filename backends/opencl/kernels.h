/* The kernel files, embedded at build time. */
#ifndef RETUNE_OPENCL_KERNELS_H
#define RETUNE_OPENCL_KERNELS_H

typedef struct opencl_source {
    const char *name; /* "elementwise" for kernels/elementwise.cl */
    const char *text;
} opencl_source;

/* All of them; a row without a name ends the table. */
extern const opencl_source opencl_sources[];

#endif
