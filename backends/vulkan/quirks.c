#include "quirks.h"

#include <stdio.h>

/* A row matches drivers older than `fixed_in`, which is 0 where none is known to be right. */
static const struct {
    VkDriverId driver;
    uint32_t fixed_in;
    uint32_t quirk;
} table[] = {
    /* SwiftShader's caches hold nothing and are refused when they are given back. */
    {VK_DRIVER_ID_GOOGLE_SWIFTSHADER, 0, VULKAN_QUIRK_NO_PIPELINE_CACHE},
};

static const char *const names[] = {"no_pipeline_cache"};

uint32_t vulkan_quirks_find(VkDriverId driver, uint32_t driver_version) {
    uint32_t quirks = 0;
    for (size_t n = 0; n < sizeof table / sizeof table[0]; n++)
        if (driver == table[n].driver &&
            (table[n].fixed_in == 0 || driver_version < table[n].fixed_in))
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
