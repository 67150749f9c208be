/* Known faults of drivers, each with a name that `retune devices` prints, and how they are told. A
 * row of the table in quirks.c says which drivers have it and what is done about it. */
#ifndef RETUNE_OPENCL_QUIRKS_H
#define RETUNE_OPENCL_QUIRKS_H

#include <stdint.h>

enum {
    OPENCL_QUIRK_NO_BINARIES = 1u << 0,     /* programs are compiled anew by every process */
    OPENCL_QUIRK_NO_HOST_POINTER = 1u << 1, /* host memory is copied, never used in place */
};

/* The quirks of a driver, by the strings it gives of itself. */
uint32_t opencl_quirks_find(const char *platform_name, const char *platform_version,
                            const char *driver);

/* "no_binaries, no_host_pointer" into `text`; "" when there are none. */
void opencl_quirks_text(uint32_t quirks, char *text, unsigned size);

#endif
