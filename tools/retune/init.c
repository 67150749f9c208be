/* Looks at a folder of images and writes a job file for it. */
#include "base/figures.h"
#include "exit_code.h"
#include "job_text.h"
#include "output.h"
#include "terminal.h"
#include "verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define FEW_IMAGES 20 /* of a class: fewer are worth a word */

struct init {
    const struct options *options;
    struct terminal terminal;
    retune_data_summary *data;
    struct job_weights weights;
    char job[PATH_BYTES];    /* the file that is written */
    char name[NAME_MAX + 1]; /* of the folder of images */
    char root[PATH_BYTES];   /* as they stand in it */
    char model[PATH_BYTES];
    char *classes;
    retune_error error;
};

static retune_status fail(struct init *init, retune_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static retune_status fail(struct init *init, retune_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(init->error.message, sizeof init->error.message, format, arguments);
    va_end(arguments);
    return status;
}

/* ---- Paths --------------------------------------------------------------------------------- */

/* The last part of the folder's real path: "photos" for ".". */
static retune_status take_name(struct init *init) {
    const char *folder = init->options->arguments[0];
    char *real = realpath(folder, NULL);
    if (!real)
        return fail(init, RETUNE_IO, "%s: %s", folder, strerror(errno));
    const char *last = strrchr(real, '/') + 1;
    snprintf(init->name, sizeof init->name, "%s", *last ? last : "images");
    free(real);
    return RETUNE_OK;
}

static retune_status take_job_path(struct init *init) {
    const char *given = init->options->output;
    int length = given ? snprintf(init->job, PATH_BYTES, "%s", given)
                       : snprintf(init->job, PATH_BYTES, "%s.ini", init->name);
    if (length >= PATH_BYTES)
        return fail(init, RETUNE_INVALID, "the path of the job file is too long");
    if (access(init->job, F_OK) == 0)
        return fail(init, RETUNE_INVALID, "%s: is there already; -o names another file", init->job);
    return RETUNE_OK;
}

/* A path as it stands in the job file: as it is when that lies in the current folder, else whole.
 */
static retune_status put_path(struct init *init, const char *path, char out_path[PATH_BYTES]) {
    char *real = NULL;
    if (path[0] != '/' && strchr(init->job, '/') && !(real = realpath(path, NULL)))
        return fail(init, RETUNE_IO, "%s: %s", path, strerror(errno));
    int length = snprintf(out_path, PATH_BYTES, "%s", real ? real : path);
    free(real);
    while (length > 1 && length < PATH_BYTES && out_path[length - 1] == '/')
        out_path[--length] = '\0';
    return length < PATH_BYTES ? RETUNE_OK : fail(init, RETUNE_INVALID, "%s: is too long", path);
}

/* ---- Looking ------------------------------------------------------------------------------- */

static retune_status look_at_data(struct init *init) {
    retune_status status =
        retune_data_inspect(init->options->arguments[0], &init->data, &init->error);
    return status == RETUNE_OK ? put_path(init, init->options->arguments[0], init->root) : status;
}

static retune_status look_for_weights(struct init *init) {
    retune_status status = RETUNE_OK;
    if (init->options->weights)
        status = job_weights_take(init->options->weights, &init->weights, &init->error);
    else
        job_weights_find(init->options->arguments[0], &init->weights);
    if (status == RETUNE_OK && init->weights.path)
        status = put_path(init, init->weights.path, init->model);
    return status;
}

/* "daisy, roses, tulips"; of many classes the first. */
static retune_status list_classes(struct init *init) {
    const size_t most = 10;
    size_t size = 0;
    FILE *text = open_memstream(&init->classes, &size);
    if (!text)
        return fail(init, RETUNE_OUT_OF_MEMORY, "out of memory");
    for (size_t c = 0; c < init->data->class_count && c < most; c++)
        fprintf(text, "%s%s", c > 0 ? ", " : "", init->data->classes[c]);
    if (init->data->class_count > most)
        fputs(", ...", text);
    if (fclose(text) != 0)
        return fail(init, RETUNE_OUT_OF_MEMORY, "out of memory");
    text_make_printable(init->classes);
    return RETUNE_OK;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static void count_images(const retune_data_summary *data, uint64_t *out_train, uint64_t *out_test) {
    *out_train = *out_test = 0;
    for (size_t c = 0; c < data->class_count; c++) {
        *out_train += data->train[c];
        *out_test += data->test[c];
    }
}

static struct job_choice choose(const struct init *init, char output[PATH_BYTES]) {
    uint64_t train, test;
    count_images(init->data, &train, &test);
    snprintf(output, PATH_BYTES, "runs/%s", init->name);
    return (struct job_choice){.program = program_invocation_name,
                               .job = init->job,
                               .root = init->root,
                               .weights = init->weights.path ? init->model : NULL,
                               .output = output,
                               .classes = init->classes,
                               .alpha = init->weights.alpha,
                               .input = init->weights.input,
                               .class_count = init->data->class_count,
                               .images = train + test,
                               .training = init->data->is_split ? train : train - train / 5,
                               .is_split = (int)init->data->is_split};
}

/* Whether a setting of the job is the path that was meant: a job file cannot say every path. */
static bool says(const retune_job *job, const char *section, const char *key, const char *path) {
    retune_error error = RETUNE_ERROR_INIT;
    bool same = false;
    for (size_t i = 0; i < retune_setting_count(job); i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        if (retune_setting_describe(job, i, &setting, &error) != RETUNE_OK ||
            strcmp(setting.section, section) != 0 || strcmp(setting.key, key) != 0)
            continue;
        char *given = realpath(setting.value, NULL), *meant = realpath(path, NULL);
        same = given && meant && strcmp(given, meant) == 0;
        free(given);
        free(meant);
    }
    return same;
}

/* Reads the file back, which lies where the job will lie. */
static retune_status check_text(struct init *init, const char *path) {
    retune_job *job = NULL;
    const char *lost = NULL;
    retune_status status = retune_job_open(path, NULL, 0, &job, &init->error);
    if (status == RETUNE_OK && !says(job, "data", "root", init->options->arguments[0]))
        lost = init->options->arguments[0];
    else if (status == RETUNE_OK && init->weights.path &&
             !says(job, "model", "weights", init->weights.path))
        lost = init->weights.path;
    retune_job_close(job);
    if (status == RETUNE_INVALID || lost)
        return fail(init, RETUNE_INVALID,
                    "%s: a job file cannot name this path; rename it, or make a link to it",
                    lost ? lost : init->root);
    return status;
}

/* As open does it: mkstemp makes files for the user alone. */
static bool give_usual_mode(int descriptor) {
    mode_t mask = umask(0);
    umask(mask);
    return fchmod(descriptor, 0666 & ~mask) == 0;
}

/* Gives the file its name unless something has that name by now. */
static retune_status publish(struct init *init, const char *path) {
    if (link(path, init->job) == 0)
        return RETUNE_OK;
    /* Some file systems have no links. */
    if (errno != EEXIST && access(init->job, F_OK) != 0 && rename(path, init->job) == 0)
        return RETUNE_OK;
    if (access(init->job, F_OK) == 0)
        return fail(init, RETUNE_INVALID, "%s: is there already; -o names another file", init->job);
    return fail(init, RETUNE_IO, "%s: cannot be written: %s", init->job, strerror(errno));
}

static retune_status write_job(struct init *init) {
    char path[PATH_BYTES + 32], output[PATH_BYTES];
    struct job_choice choice = choose(init, output);
    const char *slash = strrchr(init->job, '/');
    snprintf(path, sizeof path, "%.*s.retune-init-XXXXXX", slash ? (int)(slash - init->job) + 1 : 0,
             init->job);
    int descriptor = mkstemp(path);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!file) {
        if (descriptor >= 0)
            close(descriptor);
        return fail(init, RETUNE_IO, "%s: cannot be written: %s", init->job, strerror(errno));
    }
    job_text_write(&choice, file);
    bool whole = !ferror(file) && give_usual_mode(descriptor);
    whole = fclose(file) == 0 && whole;
    retune_status status =
        whole ? check_text(init, path)
              : fail(init, RETUNE_IO, "%s: cannot be written: %s", init->job, strerror(errno));
    if (status == RETUNE_OK)
        status = publish(init, path);
    unlink(path);
    return status;
}

/* ---- Saying -------------------------------------------------------------------------------- */

static void say_odd(struct init *init) {
    if (init->data->ignored > 0)
        terminal_say(&init->terminal, "note", "%s left out: no JPEG or PNG by name",
                     figure_count(init->data->ignored).text);
    for (size_t c = 0; c < init->data->class_count; c++)
        if (init->data->train[c] < FEW_IMAGES)
            terminal_say(&init->terminal, "note", "%s has %s images; %d or more teach better",
                         init->data->classes[c], figure_count(init->data->train[c]).text,
                         FEW_IMAGES);
}

static void say(struct init *init) {
    uint64_t train, test;
    count_images(init->data, &train, &test);
    if (init->data->is_split)
        terminal_say(&init->terminal, "data", "%u classes, %s training and %s test images: %s",
                     init->data->class_count, figure_count(train).text, figure_count(test).text,
                     init->classes);
    else
        terminal_say(&init->terminal, "data", "%u classes, %s images: %s", init->data->class_count,
                     figure_count(train).text, init->classes);
    say_odd(init);
    if (init->weights.path)
        terminal_say(&init->terminal, "weights", "%s", init->weights.path);
    else
        terminal_say(&init->terminal, "weights",
                     "none found: tools/get_flowers fetches some; then name them in %s", init->job);
    terminal_say(&init->terminal, "job", "%s", init->job);
    terminal_say(&init->terminal, "next", "%s check %s", program_invocation_name, init->job);
    if (!init->options->json)
        return;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", "init");
    cJSON_AddStringToObject(object, "job", init->job);
    cJSON_AddNumberToObject(object, "classes", init->data->class_count);
    cJSON_AddNumberToObject(object, "images", (double)(train + test));
    if (init->weights.path)
        cJSON_AddStringToObject(object, "weights", init->weights.path);
    else
        cJSON_AddNullToObject(object, "weights");
    output_json(object);
}

int verb_init(const struct options *options) {
    struct init init = {
        .options = options, .terminal = terminal_open(options->quiet), .error = RETUNE_ERROR_INIT};
    retune_status status = take_name(&init);
    if (status == RETUNE_OK)
        status = take_job_path(&init);
    if (status == RETUNE_OK)
        status = look_at_data(&init);
    if (status == RETUNE_OK)
        status = look_for_weights(&init);
    if (status == RETUNE_OK)
        status = list_classes(&init);
    if (status == RETUNE_OK)
        status = write_job(&init);
    if (status == RETUNE_OK)
        say(&init);
    retune_data_summary_free(init.data);
    free(init.weights.path);
    free(init.classes);
    return status == RETUNE_OK ? 0 : output_error(options->json, status, init.error.message);
}
