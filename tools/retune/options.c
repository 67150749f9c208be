#include "options.h"

#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What popt gives back for each option. */
enum {
    SET = 's',
    JSON = 'j',
    QUIET = 'q',
    HELP = 'h',
    RESUME = 'r',
    FRESH = 'f',
    MODEL = 'm',
    TOP = 't',
    REFERENCE = 'R',
    MARKDOWN = 'M',
    TOP_OPS = 'T',
    CLASSES = 'c',
    SECONDS = 'S',
    DEVICE_A = 'a',
    DEVICE_B = 'b',
    STEPS = 'n',
    EPOCHS = 'e',
    BATCH = 'B',
    TEST = 'i',
    FROM = 'F',
    SAVE = 'V',
    HTML = 'H',
    SELF_TEST = 'E',
    OUTPUT = 'o',
    WEIGHTS = 'w'
};

struct row {
    unsigned taken; /* by verbs that have this bit; 0: by all */
    int value;
    const char *name, *argument, *description;
};

static const struct row rows[] = {
    {TAKES_SET, SET, "set", "section.key=value", "Overrides a setting; may be repeated"},
    {TAKES_RESUME, RESUME, "resume", NULL, "Goes on from the last checkpoint"},
    {TAKES_RESUME, FRESH, "fresh", NULL, "Replaces a run that is already there"},
    {TAKES_MODEL, MODEL, "model", "FILE", "Takes this model instead of the run's best"},
    {TAKES_TOP, TOP, "top", "K", "Shows the K most probable classes (5)"},
    {TAKES_BENCH, SECONDS, "seconds", "S", "Measures each figure for so long at least (2)"},
    {TAKES_BENCH, CLASSES, "classes", "N", "Classes, when the data set is not there (5)"},
    {TAKES_BENCH, TOP_OPS, "top", "N", "Shows the N slowest ops of each part (20; 0: all)"},
    {TAKES_COMPARE, DEVICE_A, "a", "DEVICE", "One device: opencl, cpu/scalar, vulkan/0, ..."},
    {TAKES_COMPARE, DEVICE_B, "b", "DEVICE", "The other one"},
    {TAKES_COMPARE, STEPS, "steps", "N", "Trains N steps on both (3)"},
    {TAKES_COMPARE, EPOCHS, "epochs", "N", "Trains N whole epochs instead"},
    {TAKES_COMPARE, BATCH, "batch", "N", "Images a step (32; the job's with --epochs)"},
    {TAKES_COMPARE, TEST, "test", "N", "Test images both predict (64; all with --epochs)"},
    {TAKES_COMPARE, FROM, "from", "RUN", "Goes on from the checkpoint of a run's folder"},
    {TAKES_COMPARE, SAVE, "save-tensors", "FOLDER",
     "Keeps the tensors of the first op that diverges"},
    {TAKES_COMPARE, HTML, "html", "FILE", "Writes a web page about it"},
    {TAKES_INIT, OUTPUT, "output", "JOB.ini", "Writes this file (also -o); by default FOLDER.ini"},
    {TAKES_INIT, WEIGHTS, "weights", "FILE", "Starts from these; by default looks in models/"},
    {TAKES_REFERENCE, REFERENCE, "reference", NULL, "Prints every key there is, as an INI"},
    {TAKES_REFERENCE, MARKDOWN, "markdown", NULL, "With --reference: as a page of tables"},
    {TAKES_SELF_TEST, SELF_TEST, "self-test", NULL, "Tests every device again"},
    {0, JSON, "json", NULL, "Prints results on stdout as lines of JSON"},
    {0, QUIET, "quiet", NULL, "Shows no progress"},
    {0, HELP, "help", NULL, "Shows this help"},
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

static bool is_taken(const struct row *row, unsigned taken) {
    return row->taken == 0 || (row->taken & taken) != 0;
}

void options_print_help(unsigned taken) {
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!is_taken(&rows[i], taken))
            continue;
        char name[64];
        snprintf(name, sizeof name, "--%s%s%s", rows[i].name, rows[i].argument ? " " : "",
                 rows[i].argument ? rows[i].argument : "");
        printf("  %-26s %s\n", name, rows[i].description);
    }
}

/* Splits "section.key=value", which it takes over, and appends it. */
static int add_set(struct options *options, char *text) {
    char *equals = strchr(text, '=');
    options->texts[options->set_count] = text;
    options->sets[options->set_count++] = (retune_option){text, equals ? equals + 1 : ""};
    if (!equals)
        return output_usage_error(options->json, "--set %s: expected section.key=value", text);
    *equals = '\0';
    return 0;
}

/* Reads a whole number from `least` on out of `text`, which it takes over. */
static int set_number(const struct options *options, const char *name, long least, char *text,
                      int *out_number) {
    char *end = NULL;
    long number = strtol(text, &end, 10);
    bool good =
        *text >= '0' && *text <= '9' && *end == '\0' && number >= least && number <= 1000000;
    *out_number = good ? (int)number : *out_number;
    int code = good ? 0
                    : output_usage_error(options->json, "--%s %s: expected a number from %ld", name,
                                         text, least);
    free(text);
    return code;
}

/* The limit keeps a slip of the hand from measuring for days. */
static int set_seconds(struct options *options, char *text) {
    char *end = NULL;
    double seconds = strtod(text, &end);
    bool good = end != text && *end == '\0' && seconds > 0.0 && seconds <= 3600.0;
    options->seconds = good ? seconds : options->seconds;
    int code =
        good ? 0
             : output_usage_error(options->json,
                                  "--seconds %s: expected a number above 0, up to 3600", text);
    free(text);
    return code;
}

/* Keeps the argument of an option; the last one counts. */
static int set_text(const struct options *options, const char **text) {
    free((char *)(uintptr_t)*text);
    *text = poptGetOptArg(options->context);
    return 0;
}

static int take_option(struct options *options, int value) {
    switch (value) {
    case SET:
        return add_set(options, poptGetOptArg(options->context));
    case TOP:
        return set_number(options, "top", 1, poptGetOptArg(options->context), &options->top);
    case TOP_OPS:
        return set_number(options, "top", 0, poptGetOptArg(options->context), &options->top_ops);
    case CLASSES:
        return set_number(options, "classes", 2, poptGetOptArg(options->context),
                          &options->classes);
    case SECONDS:
        return set_seconds(options, poptGetOptArg(options->context));
    case MODEL:
        return set_text(options, &options->model);
    case DEVICE_A:
        return set_text(options, &options->a);
    case DEVICE_B:
        return set_text(options, &options->b);
    case FROM:
        return set_text(options, &options->from);
    case SAVE:
        return set_text(options, &options->save);
    case HTML:
        return set_text(options, &options->html);
    case STEPS:
        return set_number(options, "steps", 1, poptGetOptArg(options->context), &options->steps);
    case EPOCHS:
        return set_number(options, "epochs", 1, poptGetOptArg(options->context), &options->epochs);
    case BATCH:
        return set_number(options, "batch", 1, poptGetOptArg(options->context), &options->batch);
    case TEST:
        return set_number(options, "test", 1, poptGetOptArg(options->context), &options->test);
    case OUTPUT:
        return set_text(options, &options->output);
    case WEIGHTS:
        return set_text(options, &options->weights);
    case RESUME:
        options->resume = true;
        return 0;
    case FRESH:
        options->fresh = true;
        return 0;
    case REFERENCE:
        options->reference = true;
        return 0;
    case MARKDOWN:
        options->markdown = true;
        return 0;
    case SELF_TEST:
        options->self_test = true;
        return 0;
    case JSON:
        options->json = true;
        return 0;
    case QUIET:
        options->quiet = true;
        return 0;
    case HELP:
        options->help = true;
        return 0;
    default:
        return output_usage_error(options->json, "%s: %s",
                                  poptBadOption(options->context, POPT_BADOPTION_NOALIAS),
                                  poptStrerror(value));
    }
}

/* Errors are JSON too when asked for, also those found before --json is reached. */
static bool wants_json(int argc, const char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

static char short_name(int value) {
    return value == HELP ? 'h' : value == OUTPUT ? 'o' : '\0';
}

int options_parse(int argc, const char **argv, unsigned taken, struct options *out_options) {
    *out_options =
        (struct options){.json = wants_json(argc, argv), .top = 5, .top_ops = 20, .seconds = 2.0};
    struct poptOption table[ROW_COUNT + 1];
    memset(table, 0, sizeof table);
    size_t used = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (!is_taken(&rows[i], taken))
            continue;
        table[used++] =
            (struct poptOption){.longName = rows[i].name,
                                .shortName = short_name(rows[i].value),
                                .argInfo = rows[i].argument ? POPT_ARG_STRING : POPT_ARG_NONE,
                                .val = rows[i].value};
    }
    out_options->context = poptGetContext("retune", argc, argv, table, 0);
    /* Each --set is at least one argument. */
    out_options->texts = calloc((size_t)argc, sizeof *out_options->texts);
    out_options->sets = calloc((size_t)argc, sizeof *out_options->sets);
    if (!out_options->context || !out_options->texts || !out_options->sets)
        return output_error(out_options->json, RETUNE_OUT_OF_MEMORY, "out of memory");
    int value, code = 0;
    while (code == 0 && (value = poptGetNextOpt(out_options->context)) != -1)
        code = take_option(out_options, value);
    if (code != 0)
        return code;
    out_options->arguments = poptGetArgs(out_options->context);
    while (out_options->arguments && out_options->arguments[out_options->argument_count])
        out_options->argument_count++;
    return 0;
}

void options_free(struct options *options) {
    for (size_t i = 0; i < options->set_count; i++)
        free(options->texts[i]);
    free(options->texts);
    free(options->sets);
    const char *const texts[] = {options->model, options->output, options->weights, options->a,
                                 options->b,     options->from,   options->save,    options->html};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *)(uintptr_t)texts[i]);
    poptFreeContext(options->context);
}
