#include "base/figures.h"
#include "exit_code.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH 30

struct ranked {
    size_t class_index;
    float probability;
};

/* Most probable first; equal ones in the order of the classes. */
static int compare(const void *left, const void *right) {
    const struct ranked *a = left, *b = right;
    if (a->probability != b->probability)
        return a->probability < b->probability ? 1 : -1;
    return a->class_index < b->class_index ? -1 : 1;
}

static void print_json(const retune_predictor *predictor, const char *image,
                       const struct ranked *ranking, size_t count) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", "prediction");
    cJSON_AddStringToObject(object, "image", image);
    cJSON *classes = cJSON_AddArrayToObject(object, "classes");
    for (size_t i = 0; i < count; i++) {
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddStringToObject(entry, "class",
                                retune_predictor_class(predictor, ranking[i].class_index));
        output_add_share(entry, "probability", (double)ranking[i].probability);
        cJSON_AddItemToArray(classes, entry);
    }
    output_json(object);
}

static bool print_text(const retune_predictor *predictor, const char *image,
                       const struct ranked *ranking, size_t count) {
    static const char full[BAR_WIDTH + 1] = "==============================";
    struct table table = table_make("lrl");
    for (size_t i = 0; i < count; i++) {
        double share = (double)ranking[i].probability;
        char bar[BAR_WIDTH + 1];
        snprintf(bar, sizeof bar, "%.*s", share > 0 ? (int)(share * BAR_WIDTH + 0.5) : 0, full);
        table_add(&table, retune_predictor_class(predictor, ranking[i].class_index));
        table_add(&table, figure_percent(share).text);
        table_add(&table, bar);
    }
    fputs(style_bold(), stdout);
    output_text(image);
    puts(style_end());
    return table_print(&table, "  ", 0);
}

/* Faults of an image, after which the next may well be fine. */
static bool is_of_image(retune_status status) {
    return status == RETUNE_IO || status == RETUNE_CORRUPT || status == RETUNE_INVALID ||
           status == RETUNE_UNSUPPORTED;
}

static retune_status predict(retune_predictor *predictor, const struct options *options,
                             const char *image, float *probabilities, struct ranked *ranking,
                             retune_error *error) {
    size_t classes = retune_predictor_class_count(predictor);
    retune_status status = retune_predictor_run(predictor, image, probabilities, classes, error);
    if (status != RETUNE_OK)
        return status;
    for (size_t i = 0; i < classes; i++)
        ranking[i] = (struct ranked){i, probabilities[i]};
    qsort(ranking, classes, sizeof *ranking, compare);
    size_t shown = (size_t)options->top < classes ? (size_t)options->top : classes;
    if (options->json)
        print_json(predictor, image, ranking, shown);
    else
        print_text(predictor, image, ranking, shown);
    return RETUNE_OK;
}

static int predict_all(retune_predictor *predictor, const struct options *options) {
    size_t classes = retune_predictor_class_count(predictor);
    float *probabilities = calloc(classes + 1, sizeof *probabilities);
    struct ranked *ranking = calloc(classes + 1, sizeof *ranking);
    int code = EXIT_CODE_DONE;
    if (!probabilities || !ranking)
        code = output_error(options->json, RETUNE_OUT_OF_MEMORY, "out of memory for probabilities");
    for (size_t i = 1; i < options->argument_count && probabilities && ranking; i++) {
        retune_error error = RETUNE_ERROR_INIT;
        retune_status status =
            predict(predictor, options, options->arguments[i], probabilities, ranking, &error);
        if (status == RETUNE_OK)
            continue;
        code = output_error(options->json, status, error.message);
        if (!is_of_image(status))
            break;
        code = EXIT_CODE_FILE;
    }
    free(probabilities);
    free(ranking);
    return code;
}

int verb_predict(const struct options *options) {
    retune_predictor *predictor = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_predictor_open(options->arguments[0], options->sets,
                                                 options->set_count, &predictor, &error);
    if (status != RETUNE_OK)
        return output_error(options->json, status, error.message);
    int code = predict_all(predictor, options);
    retune_predictor_close(predictor);
    return code;
}
