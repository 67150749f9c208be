#include "base/figures.h"
#include "interrupt.h"
#include "listener.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

#include <stdio.h>

/* How many columns a class takes at the head of the confusion matrix. */
#define CLASS_COLUMN 12

static uint64_t images_of(const retune_evaluation *evaluation, uint32_t class_index) {
    uint64_t images = 0;
    for (uint32_t i = 0; i < evaluation->class_count; i++)
        images += evaluation->confusion[(size_t)class_index * evaluation->class_count + i];
    return images;
}

/* ---- Text ---------------------------------------------------------------------------------- */

static bool print_classes(const retune_evaluation *evaluation) {
    struct table table = table_make("lrrr");
    static const char *const header[] = {"Class", "Images", "Precision", "Recall"};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        table_add(&table, header[i]);
    for (uint32_t i = 0; i < evaluation->class_count; i++) {
        table_add(&table, evaluation->classes[i]);
        table_add(&table, figure_count(images_of(evaluation, i)).text);
        table_add(&table, figure_percent(evaluation->precision[i]).text);
        table_add(&table, figure_percent(evaluation->recall[i]).text);
    }
    return table_print(&table, "", 1);
}

/* At most CLASS_COLUMN characters of a class name, never half a character. */
static void shorten(const char *name, char *text, size_t size) {
    size_t used = 0, width = 0;
    for (; *name && used + 1 < size; name++) {
        width += ((unsigned char)*name & 0xc0) != 0x80;
        if (width > CLASS_COLUMN)
            break;
        text[used++] = *name;
    }
    text[used] = '\0';
}

static bool print_confusion(const retune_evaluation *evaluation) {
    uint32_t classes = evaluation->class_count;
    char alignment[130] = "l";
    /* A matrix wider than this is for programs: --json has it. */
    if (classes > 64)
        return true;
    for (uint32_t i = 0; i < classes; i++)
        alignment[i + 1] = 'r';
    alignment[classes + 1] = '\0';
    struct table table = table_make(alignment);
    table_add(&table, "true \\ predicted");
    for (uint32_t i = 0; i < classes; i++) {
        char name[4 * CLASS_COLUMN + 1];
        shorten(evaluation->classes[i], name, sizeof name);
        table_add(&table, name);
    }
    for (uint32_t row = 0; row < classes; row++) {
        table_add(&table, evaluation->classes[row]);
        for (uint32_t column = 0; column < classes; column++)
            table_add(&table,
                      figure_count(evaluation->confusion[(size_t)row * classes + column]).text);
    }
    putchar('\n');
    return table_print(&table, "", 1);
}

static bool print_text(const retune_evaluation *evaluation) {
    printf("Accuracy: %s / %s = %s   loss %.4f\n\n", figure_count(evaluation->correct).text,
           figure_count(evaluation->total).text, figure_percent(evaluation->accuracy).text,
           evaluation->loss);
    return print_classes(evaluation) && print_confusion(evaluation);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void print_json(const retune_evaluation *evaluation) {
    uint32_t classes = evaluation->class_count;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", "evaluation");
    cJSON_AddNumberToObject(object, "correct", (double)evaluation->correct);
    cJSON_AddNumberToObject(object, "total", (double)evaluation->total);
    output_add_share(object, "accuracy", evaluation->accuracy);
    output_add_share(object, "loss", evaluation->loss);
    cJSON *list = cJSON_AddArrayToObject(object, "classes");
    cJSON *matrix = cJSON_AddArrayToObject(object, "confusion");
    for (uint32_t i = 0; i < classes; i++) {
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddStringToObject(entry, "class", evaluation->classes[i]);
        cJSON_AddNumberToObject(entry, "images", (double)images_of(evaluation, i));
        output_add_share(entry, "precision", evaluation->precision[i]);
        output_add_share(entry, "recall", evaluation->recall[i]);
        cJSON_AddItemToArray(list, entry);
        cJSON *row = cJSON_CreateArray();
        for (uint32_t k = 0; k < classes; k++)
            cJSON_AddItemToArray(
                row, cJSON_CreateNumber((double)evaluation->confusion[(size_t)i * classes + k]));
        cJSON_AddItemToArray(matrix, row);
    }
    output_json(object);
}

int verb_evaluate(const struct options *options) {
    interrupt_catch();
    struct listener listener = listener_make(options->json, options->quiet);
    listener.hide_evaluation = true;
    retune_job *job = NULL;
    retune_evaluation *evaluation = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status =
        retune_job_open(options->arguments[0], options->sets, options->set_count, &job, &error);
    if (status == RETUNE_OK)
        status = retune_job_evaluate(job, options->model, listener_receive, &listener, &evaluation,
                                     &error);
    listener_finish(&listener);
    if (status == RETUNE_OK && options->json) {
        print_json(evaluation);
    } else if (status == RETUNE_OK && !print_text(evaluation)) {
        status = RETUNE_OUT_OF_MEMORY;
        snprintf(error.message, sizeof error.message, "out of memory for the table of classes");
    }
    retune_evaluation_free(evaluation);
    retune_job_close(job);
    return status == RETUNE_OK ? 0 : output_error(options->json, status, error.message);
}
