/* Known faults of drivers, each with a name that `retune devices` prints, and how they are told. A
 * row of the table in quirks.c says which drivers have it and what is done about it. */
#ifndef RETUNE_VULKAN_QUIRKS_H
#define RETUNE_VULKAN_QUIRKS_H

#include "library.h"

enum {
    VULKAN_QUIRK_NO_PIPELINE_CACHE = 1u << 0, /* pipelines are compiled anew by every process */
};

/* The quirks of a driver, by its identity and its version. */
uint32_t vulkan_quirks_find(VkDriverId driver, uint32_t driver_version);

/* The names, separated by commas, into `text`; "" when there are none. */
void vulkan_quirks_text(uint32_t quirks, char *text, unsigned size);

#endif
