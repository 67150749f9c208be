#include "report/predictions.h"

#include "base/file.h"
#include "base/memory.h"
#include "report/json_writer.h"

#include <cJSON.h>
#include <stdio.h>
#include <string.h>

#define DIGITS   9                 /* bring a float back to the bit */
#define FILE_MAX ((size_t)1 << 31) /* bytes */

/* ---- Writing ------------------------------------------------------------------------------- */

static size_t print_line(const retune_dataset *dataset, size_t test, retune_prediction prediction,
                         char *text, size_t size) {
    const retune_sample *sample = &dataset->samples[dataset->test[test]];
    bool known = prediction.predicted < dataset->class_count;
    retune_json json = retune_json_start(text, size);
    retune_json_open(&json, NULL, '{');
    retune_json_text(&json, "image", sample->name);
    retune_json_text(&json, "class", dataset->classes[sample->label]);
    retune_json_text(&json, "predicted", known ? dataset->classes[prediction.predicted] : NULL);
    retune_json_number(&json, "confidence", (double)prediction.confidence, DIGITS);
    retune_json_close(&json, '}');
    return json.length;
}

static retune_status write_line(retune_file_writer *writer, const retune_dataset *dataset,
                                size_t test, retune_prediction prediction, retune_error *error) {
    char *text = NULL;
    size_t size = print_line(dataset, test, prediction, NULL, 0) + 1;
    RETUNE_TRY(retune_allocate(size, 1, "a prediction", &text, error));
    print_line(dataset, test, prediction, text, size);
    text[size - 1] = '\n';
    retune_status status = retune_file_writer_write(writer, text, size, error);
    free(text);
    return status;
}

retune_status retune_predictions_write(const char *path, const retune_dataset *dataset,
                                       const retune_prediction *predictions, retune_error *error) {
    retune_file_writer *writer = NULL;
    RETUNE_TRY(retune_file_writer_open(path, &writer, error));
    retune_status status = RETUNE_OK;
    for (size_t t = 0; t < dataset->test_count && status == RETUNE_OK; t++)
        status = write_line(writer, dataset, t, predictions[t], error);
    if (status == RETUNE_OK)
        return retune_file_writer_commit(writer, error);
    retune_file_writer_discard(writer);
    return status;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static bool find_class(const retune_dataset *dataset, const char *name, uint32_t *out_class) {
    for (uint32_t c = 0; c < dataset->class_count; c++)
        if (strcmp(dataset->classes[c], name) == 0) {
            *out_class = c;
            return true;
        }
    return false;
}

/* Whether the line is just what is written for the test image of this number. */
static bool read_line(const char *line, const retune_dataset *dataset, size_t test,
                      retune_prediction *out_prediction) {
    cJSON *object = cJSON_Parse(line);
    const cJSON *predicted = cJSON_GetObjectItemCaseSensitive(object, "predicted");
    const cJSON *confidence = cJSON_GetObjectItemCaseSensitive(object, "confidence");
    *out_prediction = (retune_prediction){RETUNE_NOT_PREDICTED, 0.0f};
    bool good = cJSON_IsNumber(confidence);
    if (good && cJSON_IsString(predicted)) {
        good = find_class(dataset, predicted->valuestring, &out_prediction->predicted);
        out_prediction->confidence = (float)confidence->valuedouble;
    } else {
        good = good && cJSON_IsNull(predicted);
    }
    cJSON_Delete(object);
    char *again = NULL;
    size_t size = good ? print_line(dataset, test, *out_prediction, NULL, 0) + 1 : 0;
    good = good && retune_allocate(size, 1, "a prediction", &again, NULL) == RETUNE_OK;
    if (good)
        print_line(dataset, test, *out_prediction, again, size);
    good = good && strcmp(again, line) == 0;
    free(again);
    return good;
}

/* Takes one line off `*rest`; false when there is none that ends. */
static bool next_line(char **rest, char **out_line) {
    char *end = strchr(*rest, '\n');
    if (!end)
        return false;
    *end = '\0';
    *out_line = *rest;
    *rest = end + 1;
    return true;
}

retune_status retune_predictions_read(const char *path, const retune_dataset *dataset,
                                      retune_prediction *out_predictions, retune_error *error) {
    unsigned char *data = NULL;
    size_t size = 0, test = 0;
    RETUNE_TRY(retune_file_read(path, FILE_MAX, &data, &size, error));
    char *rest = (char *)data, *line = NULL;
    while (test < dataset->test_count && next_line(&rest, &line) &&
           read_line(line, dataset, test, &out_predictions[test]))
        test++;
    bool whole = test == dataset->test_count && rest == (char *)data + size;
    free(data);
    if (whole)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_CORRUPT,
                       "%s:%zu: is not the prediction for test image %zu of %u", path, test + 1,
                       test + 1, dataset->test_count);
}
