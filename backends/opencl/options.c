#include "options.h"

#include "error.h"
#include "ops/ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static retune_status bad_value(const retune_option *option, const char *allowed,
                               retune_error *error) {
    return backend_fail(error, RETUNE_INVALID, "[backend.opencl] %s: \"%s\" is not %s", option->key,
                        option->value, allowed);
}

static retune_status set_text(char *text, size_t size, const retune_option *option,
                              retune_error *error) {
    int length = snprintf(text, size, "%s", option->value);
    return (size_t)length < size ? RETUNE_OK : bad_value(option, "short enough", error);
}

static retune_status set_platform(opencl_options *o, const retune_option *option,
                                  retune_error *error) {
    return set_text(o->platform, sizeof o->platform, option, error);
}

static retune_status set_device(opencl_options *o, const retune_option *option,
                                retune_error *error) {
    return set_text(o->device, sizeof o->device, option, error);
}

static retune_status set_profiling(opencl_options *o, const retune_option *option,
                                   retune_error *error) {
    o->profiling = strcmp(option->value, "on") == 0;
    return o->profiling || strcmp(option->value, "off") == 0
               ? RETUNE_OK
               : bad_value(option, "on or off", error);
}

static retune_status set_tune(opencl_options *o, const retune_option *option, retune_error *error) {
    static const char *const names[] = {
        [BACKEND_TUNE_AUTO] = "auto", [BACKEND_TUNE_OFF] = "off", [BACKEND_TUNE_FULL] = "full"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        if (strcmp(option->value, names[n]) == 0) {
            o->tune = (backend_tune)n;
            return RETUNE_OK;
        }
    return bad_value(option, "auto, off or full", error);
}

/* The kernel called `name` of any op. */
static bool is_kernel(const char *name) {
    size_t length = strlen(name);
    for (uint32_t kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        for (const char *text = opencl_op_get(kind)->kernels; *text;) {
            size_t word = strcspn(text, " ");
            if (word == length && memcmp(text, name, word) == 0)
                return true;
            text += word + strspn(text + word, " ");
        }
    return false;
}

static retune_status set_disable(opencl_options *o, const retune_option *option,
                                 retune_error *error) {
    char words[sizeof o->disable], *rest = NULL;
    retune_status status = set_text(words, sizeof words - 2, option, error);
    if (status != RETUNE_OK)
        return status;
    snprintf(o->disable, sizeof o->disable, " ");
    for (char *word = strtok_r(words, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
        if (!is_kernel(word))
            return backend_fail(error, RETUNE_INVALID,
                                "[backend.opencl] disable: there is no kernel %s", word);
        size_t used = strlen(o->disable);
        if ((size_t)snprintf(o->disable + used, sizeof o->disable - used, "%s ", word) >=
            sizeof o->disable - used)
            return bad_value(option, "short enough", error);
    }
    return RETUNE_OK;
}

static retune_status set_cache(opencl_options *o, const retune_option *option,
                               retune_error *error) {
    o->cache_asked = strcmp(option->value, "off") != 0;
    if (!o->cache_asked) {
        o->cache[0] = '\0';
        return RETUNE_OK;
    }
    if (option->value[0] != '/')
        return bad_value(option, "off or an absolute path", error);
    return set_text(o->cache, sizeof o->cache, option, error);
}

static const struct {
    const char *key;
    retune_status (*set)(opencl_options *options, const retune_option *option, retune_error *error);
} keys[] = {
    {"platform", set_platform}, {"device", set_device},   {"profiling", set_profiling},
    {"tune", set_tune},         {"disable", set_disable}, {"cache", set_cache},
};

/* Where caches of a user go by the XDG base directory specification. */
static void default_cache(opencl_options *o) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = 0;
    if (cache && cache[0] == '/')
        length = snprintf(o->cache, sizeof o->cache, "%s/retune/opencl", cache);
    else if (home && home[0] == '/')
        length = snprintf(o->cache, sizeof o->cache, "%s/.cache/retune/opencl", home);
    if ((size_t)length >= sizeof o->cache)
        o->cache[0] = '\0';
}

retune_status opencl_options_read(const retune_option *options, size_t count,
                                  opencl_options *out_options, retune_error *error) {
    *out_options = (opencl_options){0};
    default_cache(out_options);
    for (size_t n = 0; n < count; n++) {
        size_t k = 0, known = sizeof keys / sizeof keys[0];
        while (k < known && strcmp(options[n].key, keys[k].key) != 0)
            k++;
        if (k == known)
            return backend_fail(error, RETUNE_INVALID,
                                "[backend.opencl] %s: no such key; there are platform, device, "
                                "profiling, tune, disable, cache",
                                options[n].key);
        retune_status status = keys[k].set(out_options, &options[n], error);
        if (status != RETUNE_OK)
            return status;
    }
    return RETUNE_OK;
}

bool opencl_options_disable(const opencl_options *options, const char *kernel) {
    char word[128];
    snprintf(word, sizeof word, " %s ", kernel);
    return strstr(options->disable, word) != NULL;
}
