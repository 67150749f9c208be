#include "settings.h"

#include "tensor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

emu_settings settings;

typedef struct flag {
    const char *name;
    bool *value;
} flag;

void emu_log(const char *format, ...) {
    const char *path = getenv("CLML_EMULATOR_LOG");
    FILE *file = path && path[0] ? fopen(path, "a") : NULL;
    FILE *out = file ? file : stderr;
    va_list arguments;
    va_start(arguments, format);
    flockfile(out);
    fputs("clml emulator: ", out);
    vfprintf(out, format, arguments);
    fputc('\n', out);
    funlockfile(out);
    va_end(arguments);
    if (file)
        fclose(file);
}

/* ---- Lists of words ------------------------------------------------------------------------- */

/* The next word of a list separated by commas and spaces, in `word`; false at the end, or when it
 * is too long, which `*list` then still points at. */
static bool next_word(const char **list, char word[96]) {
    *list += strspn(*list, ", ");
    const size_t length = strcspn(*list, ", ");
    if (!length || length >= 96)
        return false;
    memcpy(word, *list, length);
    word[length] = 0;
    *list += length;
    return true;
}

static bool misunderstood(const char *variable, const char *word) {
    emu_log("%s: \"%s\" is not understood", variable, word);
    return false;
}

static bool set_flag(const flag *flags, const char *name) {
    const bool all = strcmp(name, "all") == 0;
    bool known = all;
    for (; flags->name; flags++)
        if (all || strcmp(flags->name, name) == 0)
            known = *flags->value = true;
    return known;
}

static bool read_flags(const char *variable, const flag *flags) {
    const char *list = getenv(variable);
    char word[96];
    if (!list)
        return true;
    while (next_word(&list, word))
        if (!set_flag(flags, word))
            return misunderstood(variable, word);
    return !*list || misunderstood(variable, list);
}

/* ---- Variables ------------------------------------------------------------------------------ */

static bool read_versions(void) {
    const char *variable = "CLML_EMULATOR_VERSIONS", *list = getenv(variable);
    char word[96];
    settings.version_count = 0;
    for (const char *at = list ? list : "3.0"; next_word(&at, word);) {
        cl_int *version = settings.versions[settings.version_count];
        int length = 0;
        if (sscanf(word, "%d.%d%n", &version[0], &version[1], &length) != 2 || word[length] ||
            ++settings.version_count == sizeof settings.versions / sizeof settings.versions[0])
            return misunderstood(variable, word);
    }
    return true;
}

static bool read_codes(void) {
    const char *variable = "CLML_EMULATOR_FAIL", *list = getenv(variable);
    const struct {
        const char *name;
        cl_int *code;
    } calls[] = {{"query", &settings.fail_query},
                 {"interface", &settings.fail_interface},
                 {"size", &settings.fail_size},
                 {"enqueue", &settings.fail_enqueue}};
    char word[96], name[96];
    for (const char *at = list ? list : ""; next_word(&at, word);) {
        int code = 0, length = 0;
        bool known = sscanf(word, "%90[a-z]=%d%n", name, &code, &length) == 2 && !word[length];
        cl_int *place = NULL;
        for (size_t n = 0; known && n < sizeof calls / sizeof calls[0]; n++)
            if (strcmp(name, calls[n].name) == 0)
                place = calls[n].code;
        if (!place)
            return misunderstood(variable, word);
        *place = code;
    }
    return true;
}

static bool read_number(const char *variable, cl_uint *out) {
    const char *text = getenv(variable);
    char *end = NULL;
    if (!text)
        return true;
    const unsigned long value = strtoul(text, &end, 10);
    *out = (cl_uint)value;
    return (end != text && !*end && value < 1ul << 24) || misunderstood(variable, text);
}

/* One word of CLML_EMULATOR_REFUSE: "softmax=-1102", "*:1x32x7x7=-1103", "softmax:2x5x1x1=-1102".
 */
typedef struct refusal {
    char op[64];
    cl_uint shape[4]; /* of a tensor, when has_shape */
    bool has_shape;
    cl_int code;
} refusal;

static bool parse_refusal(const char *word, refusal *out) {
    cl_uint *s = out->shape;
    int length = 0;
    out->has_shape = sscanf(word, "%63[a-z0-9_*]:%ux%ux%ux%u=%d%n", out->op, &s[0], &s[1], &s[2],
                            &s[3], &out->code, &length) == 6 &&
                     !word[length];
    length = 0;
    return out->has_shape ||
           (sscanf(word, "%63[a-z0-9_*]=%d%n", out->op, &out->code, &length) == 2 && !word[length]);
}

/* "*", or the name of an entry of the table. */
static bool is_entry(const char *name) {
    static const char *const names[] = {
        "*",
#define EMU_ENTRY(entry, parameters) #entry,
#include "entries.def"
#undef EMU_ENTRY
    };
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        if (strcmp(names[n], name) == 0)
            return true;
    return false;
}

static bool read_refusals(void) {
    const char *variable = "CLML_EMULATOR_REFUSE", *list = getenv(variable);
    char word[96];
    refusal parsed;
    for (const char *at = list ? list : ""; next_word(&at, word);)
        if (!parse_refusal(word, &parsed) || !is_entry(parsed.op))
            return misunderstood(variable, word);
    return true;
}

static const char *const layout_names[] = {"optimal", "nchw", "nhwc"};

/* "tensor:nhwc", "host:nchw" and the like. */
static bool is_layout(const char *word) {
    const char *name = strchr(word, ':');
    if (!name || (strncmp(word, "tensor:", 7) != 0 && strncmp(word, "host:", 5) != 0))
        return false;
    for (size_t n = 0; n < sizeof layout_names / sizeof layout_names[0]; n++)
        if (strcmp(layout_names[n], name + 1) == 0)
            return true;
    return false;
}

static bool read_layouts(void) {
    const char *variable = "CLML_EMULATOR_REFUSE_LAYOUT", *list = getenv(variable);
    char word[96];
    for (const char *at = list ? list : ""; next_word(&at, word);)
        if (!is_layout(word))
            return misunderstood(variable, word);
    return true;
}

bool emu_settings_read(void) {
#define X(name) {#name, &settings.strict.name},
    const flag strict[] = {EMU_STRICT_MODES(X){NULL, NULL}};
#undef X
#define X(name) {#name, &settings.variant.name},
    const flag variants[] = {EMU_VARIANTS(X){NULL, NULL}};
#undef X
    settings = (emu_settings){.profile = getenv("CLML_EMULATOR_TRACE") != NULL};
    return read_flags("CLML_EMULATOR_STRICT", strict) &&
           read_flags("CLML_EMULATOR_VARIANT", variants) && read_versions() && read_codes() &&
           read_refusals() && read_layouts() &&
           read_number("CLML_EMULATOR_PADDING", &settings.padding) &&
           read_number("CLML_EMULATOR_DELAY_MS", &settings.delay_ms);
}

/* ---- Refusals ------------------------------------------------------------------------------- */

static bool has_shape(emu_tensor *const *tensors, size_t count, const cl_uint shape[4]) {
    for (size_t t = 0; t < count; t++)
        if (tensors[t] && tensors[t]->n == shape[0] && tensors[t]->c == shape[1] &&
            tensors[t]->h == shape[2] && tensors[t]->w == shape[3])
            return true;
    return false;
}

cl_int emu_refusal(const char *op, emu_tensor *const *tensors, size_t count) {
    const char *list = getenv("CLML_EMULATOR_REFUSE");
    char word[96];
    refusal r;
    for (const char *at = list ? list : ""; next_word(&at, word) && parse_refusal(word, &r);)
        if ((strcmp(r.op, "*") == 0 || strcmp(r.op, op) == 0) &&
            (!r.has_shape || has_shape(tensors, count, r.shape)))
            return r.code;
    return CL_SUCCESS;
}

bool emu_layout_refused(const char *use, cl_uint layout) {
    const char *list = getenv("CLML_EMULATOR_REFUSE_LAYOUT");
    char word[96], refused[96];
    if (layout > EMU_LAYOUT_NHWC)
        return true;
    snprintf(refused, sizeof refused, "%s:%s", use, layout_names[layout]);
    for (const char *at = list ? list : ""; next_word(&at, word);)
        if (strcmp(word, refused) == 0)
            return true;
    return false;
}
