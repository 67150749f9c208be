#include "options.h"

#include "device.h"
#include "error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

enum { MICRO_BATCH_MAX = 4096 };

const backend_gpu_section clml_section = {"clml",
                                          "provider trust_provider micro_batch crossing reuse "
                                          "recording platform device profiling tune disable "
                                          "cache",
                                          opencl_kernels_of};

static bool is_privileged(void) {
#ifdef __linux__
    return getauxval(AT_SECURE) != 0;
#else
    return false;
#endif
}

static bool read_switch(const char *text, bool *out_value) {
    *out_value = strcmp(text, "on") == 0;
    return *out_value || strcmp(text, "off") == 0;
}

retune_status clml_options_default(clml_options *out_options, retune_error *error) {
    *out_options = (clml_options){.micro_batch = 1, .reuse = true};
    const char *provider = is_privileged() ? NULL : getenv("RETUNE_CLML_PROVIDER");
    const char *trust = is_privileged() ? NULL : getenv("RETUNE_CLML_TRUST_PROVIDER");
    if (provider && strlen(provider) >= sizeof out_options->provider)
        return backend_fail(error, RETUNE_INVALID, "RETUNE_CLML_PROVIDER: the path is too long");
    if (provider)
        snprintf(out_options->provider, sizeof out_options->provider, "%s", provider);
    if (trust && !read_switch(trust, &out_options->trust_provider))
        return backend_fail(error, RETUNE_INVALID,
                            "RETUNE_CLML_TRUST_PROVIDER: \"%s\" is not on or off", trust);
    return RETUNE_OK;
}

static retune_status bad_value(const retune_option *option, const char *allowed,
                               retune_error *error) {
    return backend_fail(error, RETUNE_INVALID, "[backend.clml] %s: \"%s\" is not %s", option->key,
                        option->value, allowed);
}

static retune_status set_provider(const retune_option *option, clml_options *o,
                                  retune_error *error) {
    int length = snprintf(o->provider, sizeof o->provider, "%s", option->value);
    return option->value[0] == '/' && (size_t)length < sizeof o->provider
               ? RETUNE_OK
               : bad_value(option, "an absolute path", error);
}

static retune_status set_trust(const retune_option *option, clml_options *o, retune_error *error) {
    return read_switch(option->value, &o->trust_provider) ? RETUNE_OK
                                                          : bad_value(option, "on or off", error);
}

static retune_status set_reuse(const retune_option *option, clml_options *o, retune_error *error) {
    return read_switch(option->value, &o->reuse) ? RETUNE_OK
                                                 : bad_value(option, "on or off", error);
}

static retune_status set_recording(const retune_option *option, clml_options *o,
                                   retune_error *error) {
    return read_switch(option->value, &o->recording) ? RETUNE_OK
                                                     : bad_value(option, "on or off", error);
}

static retune_status set_micro_batch(const retune_option *option, clml_options *o,
                                     retune_error *error) {
    char *end;
    long value = strtol(option->value, &end, 10);
    if (end == option->value || *end || value < 1 || value > MICRO_BATCH_MAX)
        return bad_value(option, "in 1..4096", error);
    o->micro_batch = (uint32_t)value;
    return RETUNE_OK;
}

static retune_status set_crossing(const retune_option *option, clml_options *o,
                                  retune_error *error) {
    bool host = strcmp(option->value, "host") == 0;
    o->crossing = host ? CLML_CROSSING_HOST : CLML_CROSSING_COPY;
    return host || strcmp(option->value, "copy") == 0 ? RETUNE_OK
                                                      : bad_value(option, "copy or host", error);
}

static const struct {
    const char *key;
    retune_status (*set)(const retune_option *option, clml_options *o, retune_error *error);
} keys[] = {
    {"provider", set_provider}, {"trust_provider", set_trust}, {"micro_batch", set_micro_batch},
    {"crossing", set_crossing}, {"reuse", set_reuse},          {"recording", set_recording},
};

retune_status clml_options_read(const retune_option *options, size_t count,
                                clml_options *out_options, retune_option *rest,
                                size_t *out_rest_count, retune_error *error) {
    retune_status status = RETUNE_OK;
    *out_rest_count = 0;
    for (size_t n = 0; n < count && status == RETUNE_OK; n++) {
        size_t k = 0;
        while (k < sizeof keys / sizeof keys[0] && strcmp(options[n].key, keys[k].key) != 0)
            k++;
        if (k < sizeof keys / sizeof keys[0])
            status = keys[k].set(&options[n], out_options, error);
        else
            rest[(*out_rest_count)++] = options[n];
    }
    return status;
}
