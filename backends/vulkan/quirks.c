#include "quirks.h"

#include <stdio.h>

/* How NVIDIA packs its versions. */
#define NVIDIA_VERSION(major, minor, patch)                                                        \
    ((uint32_t)(major) << 22 | (uint32_t)(minor) << 14 | (uint32_t)(patch) << 6)

/* A row matches the versions [first, fixed) of a driver. */
static const struct {
    VkDriverId driver;
    uint32_t first, fixed;
    uint32_t quirk;
} table[] = {
    /* The pipeline caches of the first drivers of the 470 series cannot be relied on. */
    {VK_DRIVER_ID_NVIDIA_PROPRIETARY, NVIDIA_VERSION(470, 0, 0), NVIDIA_VERSION(470, 62, 2),
     VULKAN_QUIRK_NO_PIPELINE_CACHE},
};

static const char *const names[] = {"no_pipeline_cache"};

uint32_t vulkan_quirks_find(VkDriverId driver, uint32_t driver_version) {
    uint32_t quirks = 0;
    for (size_t n = 0; n < sizeof table / sizeof table[0]; n++)
        if (driver == table[n].driver && driver_version >= table[n].first &&
            driver_version < table[n].fixed)
            quirks |= table[n].quirk;
    return quirks;
}

void vulkan_quirks_text(uint32_t quirks, char *text, unsigned size) {
    unsigned used = 0;
    text[0] = '\0';
    for (unsigned n = 0; n < sizeof names / sizeof names[0]; n++)
        if (quirks >> n & 1u && used < size)
            used +=
                (unsigned)snprintf(text + used, size - used, "%s%s", used ? ", " : "", names[n]);
}
