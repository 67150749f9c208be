#include "gpu_options.h"

#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An option being read. */
typedef struct reading {
    const backend_gpu_section *section;
    const retune_option *option;
    backend_gpu_options *out;
    retune_error *error;
} reading;

static retune_status bad_value(const reading *r, const char *allowed) {
    return backend_fail(r->error, RETUNE_INVALID, "[backend.%s] %s: \"%s\" is not %s",
                        r->section->backend, r->option->key, r->option->value, allowed);
}

/* ---- Values --------------------------------------------------------------------------------- */

static retune_status set_text(const reading *r, char *text, size_t size) {
    int length = snprintf(text, size, "%s", r->option->value);
    return (size_t)length < size ? RETUNE_OK : bad_value(r, "short enough");
}

static retune_status set_switch(const reading *r, bool *value) {
    *value = strcmp(r->option->value, "on") == 0;
    return *value || strcmp(r->option->value, "off") == 0 ? RETUNE_OK : bad_value(r, "on or off");
}

static retune_status set_platform(const reading *r) {
    return set_text(r, r->out->platform, sizeof r->out->platform);
}

static retune_status set_device(const reading *r) {
    return set_text(r, r->out->device, sizeof r->out->device);
}

static retune_status set_profiling(const reading *r) {
    return set_switch(r, &r->out->profiling);
}

static retune_status set_validation(const reading *r) {
    return set_switch(r, &r->out->validation);
}

static retune_status set_cooperative(const reading *r) {
    return set_switch(r, &r->out->cooperative);
}

static retune_status set_tune(const reading *r) {
    static const char *const names[] = {
        [BACKEND_TUNE_AUTO] = "auto", [BACKEND_TUNE_OFF] = "off", [BACKEND_TUNE_FULL] = "full"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        if (strcmp(r->option->value, names[n]) == 0) {
            r->out->tune = (backend_tune)n;
            return RETUNE_OK;
        }
    return bad_value(r, "auto, off or full");
}

/* True when a word of `text` is `name`. */
static bool has_word(const char *text, const char *name) {
    size_t length = strlen(name);
    while (*text) {
        size_t word = strcspn(text, " ");
        if (word == length && memcmp(text, name, word) == 0)
            return true;
        text += word + strspn(text + word, " ");
    }
    return false;
}

static bool is_kernel(const reading *r, const char *name) {
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        if (has_word(r->section->kernels(kind), name))
            return true;
    return false;
}

static retune_status set_disable(const reading *r) {
    char words[sizeof r->out->disable], *rest = NULL, *list = r->out->disable;
    retune_status status = set_text(r, words, sizeof words - 2);
    if (status != RETUNE_OK)
        return status;
    snprintf(list, sizeof r->out->disable, " ");
    for (char *word = strtok_r(words, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
        size_t used = strlen(list), room = sizeof r->out->disable - used;
        if (!is_kernel(r, word))
            return backend_fail(r->error, RETUNE_INVALID,
                                "[backend.%s] disable: there is no kernel %s", r->section->backend,
                                word);
        if ((size_t)snprintf(list + used, room, "%s ", word) >= room)
            return bad_value(r, "short enough");
    }
    return RETUNE_OK;
}

static retune_status set_cache(const reading *r) {
    r->out->cache_asked = strcmp(r->option->value, "off") != 0;
    if (!r->out->cache_asked) {
        r->out->cache[0] = '\0';
        return RETUNE_OK;
    }
    if (r->option->value[0] != '/')
        return bad_value(r, "off or an absolute path");
    return set_text(r, r->out->cache, sizeof r->out->cache);
}

/* Where caches of a user go by the XDG base directory specification. */
static void default_cache(const backend_gpu_section *section, backend_gpu_options *o) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = 0;
    if (cache && cache[0] == '/')
        length = snprintf(o->cache, sizeof o->cache, "%s/retune/%s", cache, section->backend);
    else if (home && home[0] == '/')
        length = snprintf(o->cache, sizeof o->cache, "%s/.cache/retune/%s", home, section->backend);
    if ((size_t)length >= sizeof o->cache)
        o->cache[0] = '\0';
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static const struct {
    const char *key;
    retune_status (*set)(const reading *r);
} keys[] = {
    {"platform", set_platform},     {"device", set_device},
    {"profiling", set_profiling},   {"tune", set_tune},
    {"disable", set_disable},       {"cache", set_cache},
    {"validation", set_validation}, {"cooperative_matrix", set_cooperative},
};

static retune_status read_option(const reading *r) {
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        if (strcmp(r->option->key, keys[k].key) == 0 && has_word(r->section->keys, keys[k].key))
            return keys[k].set(r);
    return backend_fail(r->error, RETUNE_INVALID, "[backend.%s] %s: no such key; there are %s",
                        r->section->backend, r->option->key, r->section->keys);
}

retune_status backend_gpu_options_read(const backend_gpu_section *section,
                                       const retune_option *options, size_t count,
                                       backend_gpu_options *out_options, retune_error *error) {
    retune_status status = RETUNE_OK;
    *out_options = (backend_gpu_options){.cooperative = true};
    default_cache(section, out_options);
    for (size_t n = 0; n < count && status == RETUNE_OK; n++)
        status = read_option(&(reading){section, &options[n], out_options, error});
    return status;
}

static bool is_disabled(const backend_gpu_options *options, const char *kernel) {
    return has_word(options->disable + strspn(options->disable, " "), kernel);
}

bool backend_gpu_options_disabled(const backend_gpu_options *options, const char *kernels,
                                  char name[128]) {
    while (*kernels) {
        size_t word = strcspn(kernels, " ");
        snprintf(name, 128, "%.*s", (int)word, kernels);
        if (is_disabled(options, name))
            return true;
        kernels += word + strspn(kernels + word, " ");
    }
    return false;
}

bool backend_gpu_options_match(const char *name, const char *part) {
    size_t length = strlen(part);
    for (; *name; name++)
        if (strncasecmp(name, part, length) == 0)
            return true;
    return length == 0;
}
