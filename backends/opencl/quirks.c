#include "quirks.h"

#include <stdio.h>
#include <string.h>

/* A row matches when every string given is found in the driver's own. */
static const struct {
    const char *platform_name, *platform_version, *driver; /* NULL: any */
    uint32_t quirk;
} table[] = {
    /* Compiles once, then refuses its own binaries (macOS 10.14 and later). */
    {"Apple", NULL, NULL, OPENCL_QUIRK_NO_BINARIES},
    /* Say that they share the host's memory, and work on a copy of their own (GB10, Mali). */
    {"NVIDIA CUDA", NULL, NULL, OPENCL_QUIRK_NO_HOST_POINTER},
    {"ARM Platform", NULL, NULL, OPENCL_QUIRK_NO_HOST_POINTER},
};

static const char *const names[] = {"no_binaries", "no_host_pointer"};

static int has(const char *text, const char *part) {
    return !part || strstr(text, part) != NULL;
}

uint32_t opencl_quirks_find(const char *platform_name, const char *platform_version,
                            const char *driver) {
    uint32_t quirks = 0;
    for (size_t n = 0; n < sizeof table / sizeof table[0]; n++)
        if (has(platform_name, table[n].platform_name) &&
            has(platform_version, table[n].platform_version) && has(driver, table[n].driver))
            quirks |= table[n].quirk;
    return quirks;
}

void opencl_quirks_text(uint32_t quirks, char *text, unsigned size) {
    unsigned used = 0;
    text[0] = '\0';
    for (unsigned n = 0; n < sizeof names / sizeof names[0]; n++)
        if (quirks >> n & 1u && used < size)
            used +=
                (unsigned)snprintf(text + used, size - used, "%s%s", used ? ", " : "", names[n]);
}
