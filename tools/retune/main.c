/* The command `retune`: a table of verbs over the embedding API. */
#include "exit_code.h"
#include "output.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct verb {
    const char *name, *arguments, *summary;
    unsigned takes;     /* TAKES_* */
    size_t least, most; /* how many arguments */
    int (*run)(const struct options *options);
};

#define ANY_NUMBER ((size_t)-1)

static const struct verb verbs[] = {
    {"init", "FOLDER", "Looks at a folder of images and writes a job file for it", TAKES_INIT, 1, 1,
     verb_init},
    {"train", "JOB.ini", "Loads, splits, freezes, caches, trains, evaluates, saves",
     TAKES_SET | TAKES_RESUME, 1, 1, verb_train},
    {"check", "JOB.ini", "Everything but training: finds what is wrong, plans memory and work",
     TAKES_SET, 1, 1, verb_check},
    {"explain", "[JOB.ini]", "Every setting, its value and where it came from",
     TAKES_SET | TAKES_REFERENCE, 0, 1, verb_explain},
    {"inspect", "JOB.ini|MODEL", "The layers: shapes, parameters, what is trained", TAKES_SET, 1, 1,
     verb_inspect},
    {"eval", "JOB.ini", "Accuracy, precision and recall a class, confusion matrix",
     TAKES_SET | TAKES_MODEL, 1, 1, verb_evaluate},
    {"predict", "MODEL IMAGE...", "The most probable classes of each image", TAKES_SET | TAKES_TOP,
     2, ANY_NUMBER, verb_predict},
    {"bench", "JOB.ini", "Images a second of each part, and what each op takes",
     TAKES_SET | TAKES_BENCH, 1, 1, verb_bench},
    {"compare", "JOB.ini", "The same job on two devices: where, and whether, they differ",
     TAKES_SET | TAKES_COMPARE, 1, 1, verb_compare},
    {"devices", "[JOB.ini]", "Every backend and device, and why it can or cannot be used",
     TAKES_SET | TAKES_SELF_TEST, 0, 1, verb_devices},
};
#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static void print_usage(FILE *file) {
    fputs("Usage: retune VERB [OPTION...] ARGUMENT...\n\n"
          "Fine-tunes image models on the device they run on.\n\n",
          file);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        char call[64];
        snprintf(call, sizeof call, "%s %s", verbs[i].name, verbs[i].arguments);
        fprintf(file, "  %-24s %s\n", call, verbs[i].summary);
    }
    fputs("\n`retune VERB --help` shows the options of a verb, `retune explain --reference` every\n"
          "key of a job file, `retune --version` the version.\n",
          file);
}

static void print_verb_help(const struct verb *verb) {
    printf("Usage: retune %s [OPTION...] %s\n\n%s.\n\n", verb->name, verb->arguments,
           verb->summary);
    options_print_help(verb->takes);
    fputs("\nExit: 0 done; 2 usage or configuration; 3 data or model file; 4 no usable backend;\n"
          "5 device lost; 6 over a budget; 7 difference found; 130 interrupted and saved.\n",
          stdout);
}

static const struct verb *find_verb(const char *name) {
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* A folder where a file is wanted is most often one of images, or that of a run. Gives the exit
 * code; 0: there is nothing to say. */
static int refuse_folder(const struct verb *verb, const struct options *options) {
    struct stat info;
    char path[4096];
    if (strcmp(verb->arguments, "FOLDER") == 0 || options->argument_count == 0)
        return 0;
    const char *name = options->arguments[0];
    if (stat(name, &info) != 0 || !S_ISDIR(info.st_mode))
        return 0;
    static const char *const files[] = {"model.safetensors", "job.ini"};
    bool job = strstr(verb->arguments, "JOB.ini") != NULL;
    snprintf(path, sizeof path, "%.4000s/%s", name, files[job]);
    if (access(path, F_OK) == 0)
        return output_usage_error(options->json, "%s: is a folder; did you mean %s?", name, path);
    return output_usage_error(options->json,
                              job ? "%s: is a folder, not a job file; `retune init %s` writes one"
                                  : "%s: is a folder, not a model file",
                              name, name);
}

static int run_verb(const struct verb *verb, int argc, const char **argv) {
    struct options options;
    int code = options_parse(argc, argv, verb->takes, &options);
    if (code == 0 && options.help)
        print_verb_help(verb);
    else if (code == 0 &&
             (options.argument_count < verb->least || options.argument_count > verb->most))
        code = output_usage_error(options.json, "usage: retune %s [OPTION...] %s", verb->name,
                                  verb->arguments);
    else if (code == 0)
        code = refuse_folder(verb, &options);
    if (code == 0 && !options.help)
        code = verb->run(&options);
    options_free(&options);
    return code;
}

int main(int argc, char **argv) {
    /* Threads of the CPU backend that wait for each other let others have the core: spinning, a
     * small network on a busy machine takes ten times as long. Read when the plugin is loaded. */
    setenv("OMP_WAIT_POLICY", "passive", 0);
    const char *name = argc > 1 ? argv[1] : "";
    int code = EXIT_CODE_DONE;
    const struct verb *verb = find_verb(name);
    if (verb) {
        code = run_verb(verb, argc - 1, (const char **)argv + 1);
    } else if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
               strcmp(name, "help") == 0) {
        print_usage(stdout);
    } else if (strcmp(name, "--version") == 0) {
        printf("retune %s\n", retune_version());
    } else if (argc < 2) {
        print_usage(stderr);
        code = EXIT_CODE_USAGE;
    } else {
        code = output_usage_error(false, "'%.60s' is no verb; see retune --help", name);
    }
    return output_finish(code);
}
