/* The shaders of shaders/shaders.def as SPIR-V, embedded by the build. */
#ifndef RETUNE_VULKAN_SHADERS_H
#define RETUNE_VULKAN_SHADERS_H

#include <stddef.h>
#include <stdint.h>

/* One for devices without 16-bit storage, one for those with. */
typedef struct vulkan_shader {
    const char *name;
    const uint32_t *code, *narrow_code;
    size_t bytes, narrow_bytes;
} vulkan_shader;

/* A row without a name ends it. */
extern const vulkan_shader vulkan_shaders[];

#endif
