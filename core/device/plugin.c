#include "device/plugin.h"

#include "base/memory.h"
#include "device/plugin_private.h"
#include "device/search.h"
#include "device/static_plugins.h"
#include "device/trust.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- What the two kinds differ in ----------------------------------------------------------- */

struct entry {
    size_t offset;
    const char *name;
};

struct kind {
    const char *noun, *prefix, *query;
    uint32_t abi;
    size_t table_size, minimum_size; /* minimum: up to the last required entry of minor 0 */
    const struct entry *required;
    size_t required_count;
};

/* What may not be NULL; the name is compared with the file instead. */
#define BACKEND(field)                                                                             \
    { offsetof(retune_backend, field), #field }
#define FORMAT(field)                                                                              \
    { offsetof(retune_format, field), #field }

static const struct entry backend_entries[] = {
    BACKEND(version),         BACKEND(probe),        BACKEND(device_count), BACKEND(device_info),
    BACKEND(device_open),     BACKEND(device_close), BACKEND(op_query),     BACKEND(tensor_create),
    BACKEND(tensor_destroy),  BACKEND(tensor_write), BACKEND(tensor_read),  BACKEND(program_create),
    BACKEND(program_destroy), BACKEND(program_run),  BACKEND(program_wait),
};

static const struct entry format_entries[] = {
    FORMAT(version),      FORMAT(extensions),  FORMAT(reader_open), FORMAT(reader_close),
    FORMAT(tensor_count), FORMAT(tensor_info), FORMAT(tensor_read),
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct kind kinds[] = {
    [RETUNE_PLUGIN_BACKEND] = {"backend", "retune_", "retune_backend_query", RETUNE_BACKEND_ABI,
                               sizeof(retune_backend), offsetof(retune_backend, program_times),
                               backend_entries, COUNT(backend_entries)},
    [RETUNE_PLUGIN_FORMAT] = {"format", "retune_format_", "retune_format_query", RETUNE_FORMAT_ABI,
                              sizeof(retune_format), offsetof(retune_format, metadata),
                              format_entries, COUNT(format_entries)},
};

/* Every file of a format plugin also looks like one of a backend named "format_...". */
static bool name_valid(retune_plugin_kind kind, const char *name) {
    return retune_search_name_valid(name, strlen(name)) &&
           !(kind == RETUNE_PLUGIN_BACKEND && strncmp(name, "format_", 7) == 0);
}

#define FILE_NAME_MAX (RETUNE_PLUGIN_NAME_MAX + 32)

/* "retune_cpu.so"; returns `text`. */
static const char *file_name_of(retune_plugin_kind kind, const char *name,
                                char text[FILE_NAME_MAX]) {
    snprintf(text, FILE_NAME_MAX, "%s%s.so", kinds[kind].prefix, name);
    return text;
}

/* ---- The plugins of this process ------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static retune_plugin *plugins; /* guarded by `lock`; only ever grows */

/* The record of a plugin, made when there is none yet. `query` is NULL for one in a file. */
static retune_status record(retune_plugin_kind kind, const char *name, const char *path,
                            const union retune_plugin_query *query, retune_plugin **out_plugin,
                            retune_error *error) {
    retune_status status = RETUNE_OK;
    retune_plugin *plugin = NULL;
    pthread_mutex_lock(&lock);
    for (retune_plugin *known = plugins; known; known = known->next)
        if (known->kind == kind && strcmp(known->name, name) == 0 &&
            strcmp(known->path, path) == 0) {
            *out_plugin = known;
            goto done;
        }
    status = retune_allocate(1, sizeof *plugin, "a plugin", &plugin, error);
    if (status != RETUNE_OK)
        goto done;
    plugin->kind = kind;
    if (query)
        plugin->query = *query;
    snprintf(plugin->name, sizeof plugin->name, "%s", name);
    status = retune_copy_text(path, &plugin->path, error);
    if (status != RETUNE_OK) {
        free(plugin);
        goto done;
    }
    plugin->next = plugins;
    plugins = plugin;
    *out_plugin = plugin;
done:
    pthread_mutex_unlock(&lock);
    return status;
}

/* ---- Plugins that were linked in ------------------------------------------------------------- */

#define LINKED_IN "(linked in)"

/* The fields that begin the table of both kinds, for ever. */
struct head {
    uint32_t struct_size;
    uint32_t abi;
    const char *name, *version;
};
_Static_assert(offsetof(retune_backend, name) == offsetof(struct head, name), "common head");
_Static_assert(offsetof(retune_format, name) == offsetof(struct head, name), "common head");
_Static_assert(offsetof(retune_backend, version) == offsetof(struct head, version), "common head");
_Static_assert(offsetof(retune_format, version) == offsetof(struct head, version), "common head");

static const void *ask(retune_plugin_kind kind, union retune_plugin_query query, uint32_t abi) {
    return kind == RETUNE_PLUGIN_BACKEND ? (const void *)query.backend(abi)
                                         : (const void *)query.format(abi);
}

/* Linked-in plugin number `index`; false past the last one. */
static bool linked(retune_plugin_kind kind, size_t index, union retune_plugin_query *out_query,
                   const char **out_name) {
    struct head head = {0};
    if (kind == RETUNE_PLUGIN_BACKEND)
        out_query->backend = retune_static_backends[index];
    else
        out_query->format = retune_static_formats[index];
    if (!out_query->backend)
        return false;
    const void *table = ask(kind, *out_query, kinds[kind].abi);
    if (table)
        memcpy(&head, table, sizeof head);
    *out_name = head.name ? head.name : "";
    return true;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static retune_status names_in(retune_plugin_kind kind, const retune_names *folders,
                              retune_names *out_names, retune_error *error) {
    union retune_plugin_query query;
    const char *name = NULL;
    RETUNE_TRY(retune_search_names(folders, kinds[kind].prefix, out_names, error));
    for (size_t i = out_names->count; i-- > 0;)
        if (!name_valid(kind, out_names->items[i])) {
            free(out_names->items[i]);
            out_names->items[i] = out_names->items[--out_names->count];
        }
    for (size_t i = 0; linked(kind, i, &query, &name); i++) {
        retune_status status = retune_names_add(out_names, name, strlen(name), error);
        if (status != RETUNE_OK) {
            retune_names_free(out_names);
            return status;
        }
    }
    retune_names_sort(out_names);
    return RETUNE_OK;
}

retune_status retune_plugin_names(retune_plugin_kind kind, const char *folder,
                                  retune_names *out_names, retune_error *error) {
    retune_names folders;
    *out_names = (retune_names){0};
    RETUNE_TRY(retune_search_folders(folder, &folders, error));
    retune_status status = names_in(kind, &folders, out_names, error);
    retune_names_free(&folders);
    return status;
}

static retune_status fail_missing(retune_plugin_kind kind, const char *name,
                                  const retune_names *folders, retune_error *error) {
    retune_names found;
    char searched[512], there[256];
    RETUNE_TRY(names_in(kind, folders, &found, error));
    const char *nearest = retune_names_nearest(&found, name);
    retune_status status = retune_fail(
        error, RETUNE_UNAVAILABLE, "no plugin %s%s.so; %s%s%sfound: %s; searched: %s",
        kinds[kind].prefix, name, nearest ? "did you mean '" : "", nearest ? nearest : "",
        nearest ? "'? " : "", retune_names_text(&found, there, sizeof there),
        retune_names_text(folders, searched, sizeof searched));
    retune_names_free(&found);
    return status;
}

retune_status retune_plugin_find(retune_plugin_kind kind, const char *name, const char *folder,
                                 retune_plugin **out_plugin, retune_error *error) {
    char file_name[FILE_NAME_MAX], *path = NULL;
    const char *linked_name = NULL;
    union retune_plugin_query query;
    retune_names folders;
    *out_plugin = NULL;
    if (!name_valid(kind, name))
        return retune_fail(error, RETUNE_INVALID,
                           "'%s' is no name of a %s: 1 to %d of a-z 0-9 _ - are allowed", name,
                           kinds[kind].noun, RETUNE_PLUGIN_NAME_MAX);
    RETUNE_TRY(retune_search_folders(folder, &folders, error));
    retune_status status = RETUNE_OK;
    for (size_t i = 0; linked(kind, i, &query, &linked_name); i++)
        if (strcmp(linked_name, name) == 0) {
            status = record(kind, name, LINKED_IN, &query, out_plugin, error);
            goto done;
        }
    status = retune_search_file(&folders, file_name_of(kind, name, file_name), &path, error);
    if (status != RETUNE_OK)
        goto done;
    status = path ? record(kind, name, path, NULL, out_plugin, error)
                  : fail_missing(kind, name, &folders, error);
done:
    free(path);
    retune_names_free(&folders);
    return status;
}

/* ---- Loading --------------------------------------------------------------------------------- */

static retune_status open_library(retune_plugin *plugin, retune_error *error) {
    const struct kind *kind = &kinds[plugin->kind];
    char *resolved = NULL;
    RETUNE_TRY(retune_trust_file(plugin->path, &resolved, error));
    void *library = dlopen(resolved, RTLD_NOW | RTLD_LOCAL); /* stays open for ever */
    free(resolved);
    if (!library)
        return retune_fail(error, RETUNE_UNAVAILABLE, "%s: cannot be loaded: %s", plugin->path,
                           dlerror());
    void *symbol = dlsym(library, kind->query);
    if (!symbol)
        return retune_fail(error, RETUNE_INTERNAL, "%s: not a %s plugin: it exports no %s",
                           plugin->path, kind->noun, kind->query);
    /* ISO C has no cast from an object pointer to a function pointer. */
    memcpy(&plugin->query, &symbol, sizeof symbol);
    return RETUNE_OK;
}

#define MAJOR(abi) ((abi) >> 16)
#define MINOR(abi) ((abi)&0xffffu)

static retune_status fail_version(const retune_plugin *plugin, const char *theirs,
                                  retune_error *error) {
    const struct kind *kind = &kinds[plugin->kind];
    return retune_fail(error, RETUNE_UNAVAILABLE,
                       "%s: made for version %s of the %s ABI, this library has %u.%u",
                       plugin->path, theirs, kind->noun, MAJOR(kind->abi), MINOR(kind->abi));
}

/* The plugin has answered NULL to our version. Which one would it take? Asking is free. */
static retune_status fail_refused(const retune_plugin *plugin, retune_error *error) {
    char theirs[32] = "unknown";
    for (uint32_t major = 0; major < 32; major++) {
        const void *table = ask(plugin->kind, plugin->query, major << 16);
        uint32_t head[2];
        if (!table)
            continue;
        memcpy(head, table, sizeof head);
        snprintf(theirs, sizeof theirs, "%u.%u", MAJOR(head[1]), MINOR(head[1]));
    }
    return fail_version(plugin, theirs, error);
}

/* Copies the plugin's table into ours as far as both go, and checks it. */
static retune_status read_table(retune_plugin *plugin, retune_error *error) {
    const struct kind *kind = &kinds[plugin->kind];
    const void *theirs = ask(plugin->kind, plugin->query, kind->abi);
    uint32_t size = 0, abi = 0;
    struct head head;
    if (!theirs)
        return fail_refused(plugin, error);
    memcpy(&size, theirs, sizeof size);
    if (size >= sizeof size + sizeof abi)
        memcpy(&abi, (const char *)theirs + sizeof size, sizeof abi);
    if (size >= sizeof size + sizeof abi && MAJOR(abi) != MAJOR(kind->abi)) {
        char version[32];
        snprintf(version, sizeof version, "%u.%u", MAJOR(abi), MINOR(abi));
        return fail_version(plugin, version, error);
    }
    if (size < kind->minimum_size)
        return retune_fail(error, RETUNE_INTERNAL,
                           "%s: its table has %u bytes, version %u.0 of the %s ABI needs %zu",
                           plugin->path, size, MAJOR(kind->abi), kind->noun, kind->minimum_size);
    memset(&plugin->table, 0, sizeof plugin->table);
    /* Whole pointers only: half a field is no field. */
    size_t common = size < kind->table_size ? size - size % sizeof(void *) : kind->table_size;
    memcpy(&plugin->table, theirs, common);
    memcpy(&head, &plugin->table, sizeof head);
    head.struct_size = (uint32_t)kind->table_size;
    memcpy(&plugin->table, &head, sizeof head);
    if (!head.name || strcmp(head.name, plugin->name) != 0)
        return retune_fail(error, RETUNE_INTERNAL, "%s: calls itself '%s', its file says '%s'",
                           plugin->path, head.name ? head.name : "", plugin->name);
    for (size_t i = 0; i < kind->required_count; i++) {
        void *entry = NULL;
        memcpy(&entry, (const char *)&plugin->table + kind->required[i].offset, sizeof entry);
        if (!entry)
            return retune_fail(error, RETUNE_INTERNAL, "%s: required entry '%s' is missing",
                               plugin->path, kind->required[i].name);
    }
    return RETUNE_OK;
}

/* Compares the file with its pin. */
static retune_status check_pin(retune_plugin *plugin, const retune_pins *pins,
                               retune_error *error) {
    char file_name[FILE_NAME_MAX], *resolved = NULL;
    const char *wanted =
        pins ? retune_pins_find(pins, file_name_of(plugin->kind, plugin->name, file_name)) : NULL;
    if (!wanted)
        return RETUNE_OK;
    if (plugin->sha256[0] != '\0')
        return retune_pin_compare_hash(plugin->path, wanted, plugin->sha256, error);
    if (plugin->query.backend)
        return retune_fail(
            error, RETUNE_UNAVAILABLE,
            "%s: refused, [backend] plugin_sha256 cannot be checked: it is %s", file_name,
            strcmp(plugin->path, LINKED_IN) == 0 ? "linked in" : "loaded already, without a pin");
    RETUNE_TRY(retune_trust_file(plugin->path, &resolved, error));
    retune_status status = retune_pin_compare(resolved, wanted, plugin->sha256, error);
    if (status != RETUNE_OK)
        plugin->sha256[0] = '\0';
    free(resolved);
    return status;
}

retune_status retune_plugin_load_pinned(retune_plugin *plugin, const retune_pins *pins,
                                        retune_error *error) {
    pthread_mutex_lock(&lock);
    retune_status status = check_pin(plugin, pins, error);
    if (status == RETUNE_OK && !plugin->loaded) {
        if (!plugin->query.backend)
            status = open_library(plugin, error);
        if (status == RETUNE_OK)
            status = read_table(plugin, error);
        plugin->loaded = status == RETUNE_OK;
    }
    pthread_mutex_unlock(&lock);
    return status;
}

retune_status retune_plugin_load(retune_plugin *plugin, retune_error *error) {
    return retune_plugin_load_pinned(plugin, NULL, error);
}

const char *retune_plugin_name(const retune_plugin *plugin) {
    return plugin->name;
}

const char *retune_plugin_path(const retune_plugin *plugin) {
    return plugin->path;
}

const retune_backend *retune_plugin_backend(const retune_plugin *plugin) {
    return plugin->loaded && plugin->kind == RETUNE_PLUGIN_BACKEND ? &plugin->table.backend : NULL;
}

const retune_format *retune_plugin_format(const retune_plugin *plugin) {
    return plugin->loaded && plugin->kind == RETUNE_PLUGIN_FORMAT ? &plugin->table.format : NULL;
}

/* ---- Formats by extension -------------------------------------------------------------------- */

static bool reads(const retune_format *format, const char *path) {
    size_t path_length = strlen(path);
    for (const char *word = format->extensions; *word != '\0';) {
        size_t length = strcspn(word, " ");
        if (length > 1 && length < path_length &&
            strncasecmp(path + path_length - length, word, length) == 0)
            return true;
        word += length + strspn(word + length, " ");
    }
    return false;
}

static void append(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void append(char *text, size_t size, const char *format, ...) {
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

retune_status retune_format_find(const char *path, const char *folder, const retune_pins *pins,
                                 const retune_format **out_format, retune_error *error) {
    char seen[768] = "";
    retune_names names;
    *out_format = NULL;
    if (pins)
        RETUNE_TRY(retune_pins_check(pins, error));
    RETUNE_TRY(retune_plugin_names(RETUNE_PLUGIN_FORMAT, folder, &names, error));
    retune_status status = RETUNE_OK;
    for (size_t i = 0; i < names.count && !*out_format; i++) {
        retune_error refusal = RETUNE_ERROR_INIT;
        retune_plugin *plugin = NULL;
        status =
            retune_plugin_find(RETUNE_PLUGIN_FORMAT, names.items[i], folder, &plugin, &refusal);
        if (status == RETUNE_OK)
            status = retune_plugin_load_pinned(plugin, pins, &refusal);
        const char *separator = seen[0] ? "; " : "";
        if (status != RETUNE_OK)
            append(seen, sizeof seen, "%s%s (%s)", separator, names.items[i], refusal.message);
        else if (reads(&plugin->table.format, path))
            *out_format = &plugin->table.format;
        else
            append(seen, sizeof seen, "%s%s reads %s", separator, names.items[i],
                   plugin->table.format.extensions);
    }
    retune_names_free(&names);
    if (*out_format)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_UNAVAILABLE,
                       "%s: no plugin reads this kind of file; found: %s", path,
                       seen[0] ? seen : "none");
}

/* ---- Answers --------------------------------------------------------------------------------- */

void retune_plugin_text(char *text, size_t size) {
    text[size - 1] = '\0';
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

retune_status retune_plugin_answer(retune_status status, const char *function,
                                   retune_error *error) {
    bool known = (uint32_t)status <= RETUNE_INTERNAL;
    if (status == RETUNE_OK)
        return RETUNE_OK;
    if (!known)
        return retune_fail(error, RETUNE_INTERNAL, "%s answered %d, which is no status", function,
                           (int)status);
    if (error) {
        retune_plugin_text(error->message, sizeof error->message);
        error->code = (int32_t)status;
        if (error->message[0] == '\0')
            retune_fail(error, status, "%s failed and does not say why", function);
    }
    return status;
}
