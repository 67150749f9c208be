/* Tries a backend plugin against the contract of backend.h and the reference of every op.
 *
 * Exit codes: 0 everything is as expected; 2 a wrong command line or list; 4 the plugin does not
 * load or has no such device; 7 something is not as expected; 1 no child process or no memory. */
#include "report.h"

#include "../retune/exit_code.h"
#include "base/memory.h"
#include "base/status.h"
#include "device/plugin.h"

#include <popt.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "[OPTIONS] PLUGIN.so\n\n"
    "Runs every op with every shape and element type on the plugin's devices, each in a process "
    "of\n"
    "its own, and compares with the reference; then checks what else backend.h promises.\n";

static const char notes[] =
    "\nA line names a case, as --list prints it; in PATTERN and in the lists * stands for any "
    "text.\n"
    "A listed case must be refused, or fail: one that passes is a finding.\n\n"
    "Exit: 0 all as expected, 2 wrong usage, 4 the plugin or device cannot be used, 7 findings.\n";

typedef struct settings {
    char *device, *options, *filter, *line, *unsupported, *failing;
    const char *plugin;
    uint32_t kinds[RETUNE_OP_KIND_COUNT];
    size_t kind_count;
    int list, json, verbose, reduced, timeout_s, batch, steps;
    pattern_list unsupported_list, failing_list;
} settings;

/* ---- The command line ---------------------------------------------------------------------- */

static int fail_usage(const settings *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int fail_usage(const settings *s, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report_error(s->json, text);
    return EXIT_CODE_USAGE;
}

static int add_op(settings *s, char *name) {
    const uint32_t kind = op_kind_named(name);
    int code = EXIT_CODE_DONE;
    if (kind == RETUNE_OP_KIND_COUNT)
        code = fail_usage(s, "--op %s: no such op; ops.def names them", name);
    else if (s->kind_count < RETUNE_OP_KIND_COUNT)
        s->kinds[s->kind_count++] = kind;
    free(name);
    return code;
}

static int check_range(const settings *s, const char *name, int value, int most) {
    if (value >= 1 && value <= most)
        return EXIT_CODE_DONE;
    return fail_usage(s, "--%s %d: not in 1..%d", name, value, most);
}

static int read_list(const settings *s, const char *path, pattern_list *out_list) {
    retune_error error = RETUNE_ERROR_INIT;
    if (!path || pattern_list_read(path, out_list, &error) == RETUNE_OK)
        return EXIT_CODE_DONE;
    return fail_usage(s, "%s", error.message);
}

enum { TAKE_OP = 1, TAKE_HELP };

/* Reads the options in front of and behind the plugin; -1: go on. */
static int take_options(poptContext context, settings *s) {
    int code = EXIT_CODE_DONE, value;
    while (code == EXIT_CODE_DONE && (value = poptGetNextOpt(context)) > 0) {
        if (value == TAKE_OP) {
            code = add_op(s, poptGetOptArg(context));
        } else {
            poptPrintHelp(context, stdout, 0);
            fputs(notes, stdout);
            return EXIT_CODE_DONE;
        }
    }
    if (code == EXIT_CODE_DONE && value < -1)
        code = fail_usage(s, "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS),
                          poptStrerror(value));
    s->plugin = poptGetArg(context);
    if (code == EXIT_CODE_DONE && !s->plugin && !s->list)
        code = fail_usage(s, "which plugin? conform --help says more");
    if (code == EXIT_CODE_DONE && poptPeekArg(context))
        code = fail_usage(s, "%s: one plugin at a time", poptPeekArg(context));
    if (code == EXIT_CODE_DONE)
        code = check_range(s, "timeout", s->timeout_s, 86400);
    if (code == EXIT_CODE_DONE)
        code = check_range(s, "batch", s->batch, 1000000);
    if (code == EXIT_CODE_DONE)
        code = check_range(s, "steps", s->steps, 1000);
    if (code == EXIT_CODE_DONE)
        code = read_list(s, s->unsupported, &s->unsupported_list);
    if (code == EXIT_CODE_DONE)
        code = read_list(s, s->failing, &s->failing_list);
    return code == EXIT_CODE_DONE ? -1 : code;
}

/* ---- The plugin ---------------------------------------------------------------------------- */

/* Finds and loads by the rules of the library: what conform takes, retune takes. `path` is cut. */
static retune_status load_cut(char *path, retune_plugin **out_plugin, retune_error *error) {
    char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path, *folder = NULL;
    const size_t length = strlen(file), before = strlen("retune_"), after = strlen(".so");
    if (length <= before + after || strncmp(file, "retune_", before) != 0 ||
        strcmp(file + length - after, ".so") != 0)
        return retune_fail(error, RETUNE_INVALID, "%s: plugins are called retune_<name>.so", path);
    file[length - after] = '\0';
    if (slash)
        *slash = '\0';
    folder = realpath(!slash ? "." : slash == path ? "/" : path, NULL);
    if (!folder)
        return retune_fail(error, RETUNE_UNAVAILABLE, "%s: %s", path, strerror(errno));
    retune_status status =
        retune_plugin_find(RETUNE_PLUGIN_BACKEND, file + before, folder, out_plugin, error);
    if (status == RETUNE_OK)
        status = retune_plugin_load(*out_plugin, error);
    free(folder);
    return status;
}

static retune_status load(const char *path, retune_plugin **out_plugin, retune_error *error) {
    char *copy = NULL;
    *out_plugin = NULL;
    RETUNE_TRY(retune_copy_text(path, &copy, error));
    const retune_status status = load_cut(copy, out_plugin, error);
    free(copy);
    return status;
}

/* ---- Running ------------------------------------------------------------------------------- */

/* Patterns that fit nothing, unless only a part was run. */
static void report_unused(report *r, const pattern_list *list) {
    char text[OP_CASE_TEXT_MAX + PATH_MAX];
    for (size_t i = 0; list && i < list->count; i++) {
        if (list->items[i].used > 0)
            continue;
        snprintf(text, sizeof text, "%s:%zu: fits nothing: %s", list->path, list->items[i].line,
                 list->items[i].text);
        report_finding(r, text);
    }
}

/* An op that was asked for and not tried is no success. */
static void report_untried(report *r, const settings *s) {
    for (size_t k = 0; k < s->kind_count; k++) {
        char text[128];
        size_t run = 0;
        for (uint32_t t = 0; t < REPORT_DTYPES; t++)
            for (int o = 0; o < OUTCOME_COUNT; o++)
                run += o == OUTCOME_UNSUPPORTED ? 0 : r->cases[s->kinds[k]][t][o];
        snprintf(text, sizeof text, "%s: every case is refused", op_info_of(s->kinds[k])->name);
        if (run == 0)
            report_finding(r, text);
    }
}

static int run_device(settings *s, const retune_backend *backend, uint32_t index,
                      const retune_device_info *info, const subject_list *list) {
    retune_error error = RETUNE_ERROR_INIT;
    report r = {.json = s->json,
                .verbose = s->verbose,
                .plugin = s->plugin,
                .options = s->options,
                .device = info,
                .list = list,
                .unsupported = s->unsupported ? &s->unsupported_list : NULL,
                .failing = s->failing ? &s->failing_list : NULL};
    const runner runs = {.backend = backend,
                         .device = index,
                         .options = s->options,
                         .timeout_s = (unsigned)s->timeout_s,
                         .batch = (size_t)s->batch,
                         .each = report_result,
                         .user = &r};
    report_start(&r);
    if (runner_run(&runs, list, &error) != RETUNE_OK) {
        report_error(s->json, error.message);
        return EXIT_CODE_INTERNAL;
    }
    if (!s->filter && !s->line && !s->reduced && s->kind_count == 0) {
        report_unused(&r, r.unsupported);
        report_unused(&r, r.failing);
    }
    if (!s->filter && !s->line)
        report_untried(&r, s);
    report_finish(&r);
    return r.unexpected ? EXIT_CODE_DIFFERENCE : EXIT_CODE_DONE;
}

static int run_devices(settings *s, const retune_backend *backend, const subject_list *list) {
    static retune_device_info devices[RUNNER_DEVICES_MAX];
    char text[RETUNE_ERROR_MESSAGE_MAX + PATH_MAX], ids[512] = "";
    retune_error error = RETUNE_ERROR_INIT;
    uint32_t count = 0;
    int code = -1;
    if (runner_survey(backend, (unsigned)s->timeout_s, devices, &count, &error) != RETUNE_OK) {
        snprintf(text, sizeof text, "%s: %s", s->plugin, error.message);
        report_error(s->json, text);
        return EXIT_CODE_BACKEND;
    }
    for (uint32_t i = 0; i < count; i++) {
        const size_t used = strlen(ids);
        snprintf(ids + used, sizeof ids - used, "%s%s", i ? ", " : "", devices[i].id);
        if (s->device && strcmp(s->device, devices[i].id) != 0)
            continue;
        const int now = run_device(s, backend, i, &devices[i], list);
        code = code > now ? code : now;
    }
    if (code >= 0)
        return code;
    snprintf(text, sizeof text, "%s has no device %s; there are: %s", s->plugin, s->device, ids);
    report_error(s->json, text);
    return EXIT_CODE_BACKEND;
}

static int run(settings *s) {
    char line[OP_CASE_TEXT_MAX];
    retune_error error = RETUNE_ERROR_INIT;
    retune_plugin *plugin = NULL;
    subject_list list;
    int code = EXIT_CODE_DONE;
    const subject_choice choice = {.kinds = s->kinds,
                                   .kind_count = s->kind_count,
                                   .reduced = s->reduced,
                                   .filter = s->filter,
                                   .line = s->line,
                                   .steps = (uint64_t)s->steps};
    const retune_status status = subject_list_make(&choice, &list, &error);
    if (status != RETUNE_OK) {
        report_error(s->json, error.message);
        return exit_code_of(status);
    }
    if (list.count == 0)
        code = fail_usage(s, "%s: fits nothing; --list shows what there is", s->filter);
    for (size_t i = 0; i < list.count && s->list; i++)
        puts(subject_format(&list.items[i], line));
    if (code == EXIT_CODE_DONE && !s->list) {
        if (load(s->plugin, &plugin, &error) == RETUNE_OK) {
            code = run_devices(s, retune_plugin_backend(plugin), &list);
        } else {
            report_error(s->json, error.message);
            code = EXIT_CODE_BACKEND;
        }
    }
    free(list.items);
    return code;
}

int main(int argc, const char **argv) {
    settings s = {.timeout_s = 60, .batch = 1, .steps = 8};
    const struct poptOption options[] = {
        {"device", 'd', POPT_ARG_STRING, &s.device, 0, "This device only", "ID"},
        {"options", 'o', POPT_ARG_STRING, &s.options, 0,
         "Opens devices with these keys of [backend.<name>]", "KEY=VALUE,..."},
        {"op", 0, POPT_ARG_STRING, NULL, TAKE_OP, "This op only; may be repeated", "NAME"},
        {"filter", 'f', POPT_ARG_STRING, &s.filter, 0, "Only what fits", "PATTERN"},
        {"case", 'c', POPT_ARG_STRING, &s.line, 0, "This case only", "LINE"},
        {"reduced", 0, POPT_ARG_NONE, &s.reduced, 0, "Small shapes only, for emulated devices",
         NULL},
        {"list", 'l', POPT_ARG_NONE, &s.list, 0, "Prints the lines and runs nothing", NULL},
        {"unsupported", 0, POPT_ARG_STRING, &s.unsupported, 0,
         "What the device may refuse, and nothing else", "FILE"},
        {"expected-failures", 0, POPT_ARG_STRING, &s.failing, 0, "What may fail, crash or hang",
         "FILE"},
        {"timeout", 't', POPT_ARG_INT, &s.timeout_s, 0, "A case hangs after so long (60)",
         "SECONDS"},
        {"batch", 0, POPT_ARG_INT, &s.batch, 0,
         "Cases that share a process, for drivers that start slowly (1)", "N"},
        {"steps", 0, POPT_ARG_INT, &s.steps, 0, "Steps of training (8)", "N"},
        {"json", 'j', POPT_ARG_NONE, &s.json, 0, "Prints lines of JSON", NULL},
        {"verbose", 'v', POPT_ARG_NONE, &s.verbose, 0, "Prints also what is refused as expected",
         NULL},
        {"help", 'h', POPT_ARG_NONE, NULL, TAKE_HELP, "Shows this help", NULL},
        POPT_TABLEEND};
    poptContext context = poptGetContext("conform", argc, argv, options, 0);
    poptSetOtherOptionHelp(context, usage);
    int code = take_options(context, &s);
    if (code < 0)
        code = run(&s);
    pattern_list_free(&s.unsupported_list);
    pattern_list_free(&s.failing_list);
    char *texts[] = {s.device, s.options, s.filter, s.line, s.unsupported, s.failing};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    poptFreeContext(context);
    if (fflush(stdout) != 0 && code == EXIT_CODE_DONE)
        code = EXIT_CODE_FILE;
    return code;
}
