/* Loading backend and model-format plugins, both by the same rules.
 *
 * A plugin is a file retune_<name>.so (backend) or retune_format_<name>.so (format) in one of the
 * folders of search.h, or was linked into the library; the latter are found first. Finding looks at
 * names only, loading runs the plugin's code. A plugin is loaded once and stays for the life of the
 * process. All functions may be called from any thread. */
#ifndef RETUNE_DEVICE_PLUGIN_H
#define RETUNE_DEVICE_PLUGIN_H

#include "retune/backend.h"
#include "retune/format.h"

#include "device/names.h"
#include "device/pin.h"
#include "device/verdict.h"

typedef enum retune_plugin_kind { RETUNE_PLUGIN_BACKEND, RETUNE_PLUGIN_FORMAT } retune_plugin_kind;

typedef struct retune_plugin retune_plugin;

/* The names of all plugins of a kind, sorted. `folder` may be NULL. Free with retune_names_free. */
retune_status retune_plugin_names(retune_plugin_kind kind, const char *folder,
                                  retune_names *out_names, retune_error *error);

/* Finds a plugin by name. UNAVAILABLE: there is none; the message says where was searched, which
 * there are, and the nearest name. INVALID: no plugin can have that name, or `folder` is wrong. */
retune_status retune_plugin_find(retune_plugin_kind kind, const char *name, const char *folder,
                                 retune_plugin **out_plugin, retune_error *error);

/* Loads it. UNAVAILABLE: not a library, others could write it, or of another ABI version. INTERNAL:
 * its table breaks the ABI (too small, a required function missing, another name than its file).
 * The message names the file. */
retune_status retune_plugin_load(retune_plugin *plugin, retune_error *error);

/* Loads it only when its file is what `pins` say, if they say anything of it; `pins` may be NULL
 * and were checked. UNAVAILABLE also: it is not; there is no file to compare; or it was loaded
 * without a pin before, and nobody knows what the file was like then. */
retune_status retune_plugin_load_pinned(retune_plugin *plugin, const retune_pins *pins,
                                        retune_error *error);

const char *retune_plugin_name(const retune_plugin *plugin);
const char *retune_plugin_path(const retune_plugin *plugin); /* "(linked in)" when it has no file */

/* The table of a loaded plugin, NULL before that or for the other kind. It is a copy as large as
 * this library's own: what an older plugin does not have is NULL. */
const retune_backend *retune_plugin_backend(const retune_plugin *plugin);
const retune_format *retune_plugin_format(const retune_plugin *plugin);

/* Looks for drivers through a loaded backend. The first time this happens in a child process, so
 * that a driver that crashes or hangs (`timeout_ms`; 0: ten seconds) costs the backend and not the
 * process. UNAVAILABLE with the reason, and in the report the backend's advice; a crash or hang is
 * remembered and not tried again. */
retune_status retune_plugin_probe(retune_plugin *plugin, uint32_t timeout_ms,
                                  retune_probe_report *out_report, retune_error *error);

/* When the devices of a backend are tested with ops of known answers. */
typedef enum retune_self_test_mode {
    RETUNE_SELF_TEST_ONCE = 0, /* those that no verdict is remembered of */
    RETUNE_SELF_TEST_REPEAT,   /* all */
    RETUNE_SELF_TEST_SKIP      /* none, and what is remembered does not count either */
} retune_self_test_mode;

typedef struct retune_plugin_contact {
    uint32_t probe_timeout_ms; /* as above */
    uint32_t test_timeout_ms;  /* of one op's test; 0: a minute */
    retune_self_test_mode self_test;
    uint32_t least_score; /* devices of a lower score are left untested */

    /* Optional: told before each op of a test, which may take a driver long. */
    void (*on_test)(void *user, retune_op_kind op);
    void *user;
} retune_plugin_contact;

/* A probe, and before it, the first time, the self-test of the backend's devices in the same child
 * process. A device on which a test crashes or hangs gets a verdict that says so. */
retune_status retune_plugin_contact_first(retune_plugin *plugin, const retune_plugin_contact *how,
                                          retune_probe_report *out_report, retune_error *error);

/* The verdict on device `index` of a backend that was probed. Where there is none yet although
 * `mode` asks for one (the driver was in use before, or there can be no child), it is tested now,
 * in this process. */
void retune_plugin_judge(retune_plugin *plugin, uint32_t index, const retune_device_info *info,
                         retune_self_test_mode mode, retune_verdict *out_verdict);

/* The format plugin that reads files with the extension of `path`: the first by name among those
 * found. `folder` and `pins` may be NULL. UNAVAILABLE lists what was found and what could not be
 * loaded. INVALID: the folder or the pins are wrong. */
retune_status retune_format_find(const char *path, const char *folder, const retune_pins *pins,
                                 const retune_format **out_format, retune_error *error);

/* Makes what a plugin's function answered fit to pass on: an unknown status is INTERNAL, the
 * message is terminated, one line, and says something. The caller emptied the message before the
 * call. */
retune_status retune_plugin_answer(retune_status status, const char *function, retune_error *error);

/* Terminates a text field that a plugin filled and takes line breaks out of it. */
void retune_plugin_text(char *text, size_t size);

#endif
