/* What the best model said about the test images. */
#include "report/run_report_parts.h"

#include "base/figures.h"
#include "base/memory.h"
#include "image/encoder.h"
#include "image/resize.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MATRIX_CLASSES 30 /* the most for which the whole matrix is shown */
#define PAIRS          20 /* shown instead */
#define MISTAKES       12 /* shown with their pictures */
#define PICTURE_SIDE                                                                               \
    320 /* pixels, of the longer side: twice what the page shows, for fine screens */
#define JPEG_QUALITY 75

typedef struct results {
    retune_html *page;
    const retune_dataset *dataset;
    const retune_prediction *predictions;
    uint32_t max_megapixels;
    size_t classes;
    uint64_t *confusion; /* [true][predicted] */
    uint64_t *trained;   /* training images of each class */
} results;

static const retune_sample *test_sample(const results *r, size_t test) {
    return &r->dataset->samples[r->dataset->test[test]];
}

static bool is_mistake(const results *r, size_t test) {
    uint32_t predicted = r->predictions[test].predicted;
    return predicted != RETUNE_NOT_PREDICTED && predicted != test_sample(r, test)->label;
}

static void count(results *r) {
    for (size_t t = 0; t < r->dataset->test_count; t++)
        if (r->predictions[t].predicted != RETUNE_NOT_PREDICTED)
            r->confusion[test_sample(r, t)->label * r->classes + r->predictions[t].predicted]++;
    for (size_t t = 0; t < r->dataset->train_count; t++)
        r->trained[r->dataset->samples[r->dataset->train[t]].label]++;
}

/* ---- Classes ------------------------------------------------------------------------------- */

static double share(uint64_t part, uint64_t whole) {
    return whole > 0 ? (double)part / (double)whole : (double)NAN;
}

static void put_class(const results *r, size_t c) {
    uint64_t present = 0, predicted = 0, right = r->confusion[c * r->classes + c];
    for (size_t o = 0; o < r->classes; o++) {
        present += r->confusion[c * r->classes + o];
        predicted += r->confusion[o * r->classes + c];
    }
    retune_html_cell(r->page, "%s", r->dataset->classes[c]);
    retune_html_cell(r->page, "%s", figure_count(r->trained[c]).text);
    retune_html_cell(r->page, "%s", figure_count(present).text);
    retune_html_cell(r->page, "%s", figure_count(right).text);
    retune_html_cell(r->page, "%s", figure_percent(share(right, predicted)).text);
    retune_html_cell(r->page, "%s", figure_percent(share(right, present)).text);
}

static void put_classes(const results *r) {
    static const retune_html_column columns[] = {{"class", false},      {"training images", true},
                                                 {"test images", true}, {"right", true},
                                                 {"precision", true},   {"recall", true}};
    retune_html_section(r->page, "Classes");
    retune_html_paragraph(r->page,
                          "On the test images, after the best epoch. Precision: how many of "
                          "those taken for a class are of it. Recall: how many of a class "
                          "are found.");
    retune_html_table_open(r->page, columns, sizeof columns / sizeof *columns);
    for (size_t c = 0; c < r->classes; c++)
        put_class(r, c);
    retune_html_table_close(r->page);
}

/* ---- Confusion ----------------------------------------------------------------------------- */

/* Shaded by the share of the class. */
static void put_matrix_row(const results *r, size_t row) {
    uint64_t present = 0;
    for (size_t c = 0; c < r->classes; c++)
        present += r->confusion[row * r->classes + c];
    retune_html_cell(r->page, "%s", r->dataset->classes[row]);
    for (size_t c = 0; c < r->classes; c++) {
        uint64_t images = r->confusion[row * r->classes + c];
        retune_html_heat_cell(r->page, present > 0 ? (double)images / (double)present : 0.0, "%s",
                              figure_count(images).text);
    }
}

static retune_status put_matrix(const results *r, retune_error *error) {
    retune_html_column *columns = NULL;
    RETUNE_TRY(retune_allocate(r->classes + 1, sizeof *columns, "a matrix", &columns, error));
    columns[0] = (retune_html_column){"is \\ taken for", false};
    for (size_t c = 0; c < r->classes; c++)
        columns[c + 1] = (retune_html_column){r->dataset->classes[c], true};
    retune_html_table_open(r->page, columns, r->classes + 1);
    for (size_t row = 0; row < r->classes; row++)
        put_matrix_row(r, row);
    retune_html_table_close(r->page);
    free(columns);
    return RETUNE_OK;
}

/* The pairs of different classes that were confused most often, by repeated search: there are few.
 */
static void put_pairs(const results *r) {
    static const retune_html_column columns[] = {
        {"class", false}, {"taken for", false}, {"images", true}};
    retune_html_table_open(r->page, columns, sizeof columns / sizeof *columns);
    size_t last = 0;
    uint64_t limit = UINT64_MAX;
    for (int shown = 0; shown < PAIRS; shown++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < r->classes * r->classes; i++) {
            uint64_t images = r->confusion[i];
            bool later = images < limit || (images == limit && i > last);
            if (i / r->classes != i % r->classes && images > 0 && later &&
                (best == SIZE_MAX || images > r->confusion[best]))
                best = i;
        }
        if (best == SIZE_MAX)
            break;
        retune_html_cell(r->page, "%s", r->dataset->classes[best / r->classes]);
        retune_html_cell(r->page, "%s", r->dataset->classes[best % r->classes]);
        retune_html_cell(r->page, "%s", figure_count(r->confusion[best]).text);
        last = best;
        limit = r->confusion[best];
    }
    retune_html_table_close(r->page);
}

static retune_status put_confusion(const results *r, retune_error *error) {
    retune_html_section(r->page, "Confusion");
    if (r->classes <= MATRIX_CLASSES) {
        retune_html_paragraph(r->page,
                              "A row is a class, a column what its test images were taken for.");
        return put_matrix(r, error);
    }
    retune_html_paragraph(r->page, "What was confused most often, of %zu classes.", r->classes);
    put_pairs(r);
    return RETUNE_OK;
}

/* ---- Mistakes ------------------------------------------------------------------------------ */

/* The surest mistakes first, and of equals the one that comes first. Returns how many of them. */
static size_t find_mistakes(const results *r, size_t mistakes[MISTAKES], size_t *out_total) {
    size_t found = 0;
    *out_total = 0;
    for (size_t t = 0; t < r->dataset->test_count; t++) {
        if (!is_mistake(r, t))
            continue;
        ++*out_total;
        size_t place = found < MISTAKES ? found++ : MISTAKES;
        for (; place > 0 &&
               r->predictions[mistakes[place - 1]].confidence < r->predictions[t].confidence;
             place--)
            if (place < MISTAKES)
                mistakes[place] = mistakes[place - 1];
        if (place < MISTAKES)
            mistakes[place] = t;
    }
    return found;
}

/* A copy that fits the page. */
static retune_status shrink(const retune_image *image, retune_image *out_small,
                            retune_error *error) {
    uint32_t side = image->width > image->height ? image->width : image->height;
    double scale = side > PICTURE_SIDE ? (double)PICTURE_SIDE / side : 1.0;
    *out_small = (retune_image){.width = (uint32_t)fmax(1.0, round(image->width * scale)),
                                .height = (uint32_t)fmax(1.0, round(image->height * scale))};
    RETUNE_TRY(retune_allocate((size_t)out_small->width * out_small->height, 3, "a picture",
                               &out_small->pixels, error));
    return retune_image_resize(image, retune_view_whole(image), out_small->width, out_small->height,
                               out_small->pixels, error);
}

static retune_status put_picture(const results *r, size_t test, const char *caption,
                                 retune_error *error) {
    retune_image image = {0}, small = {0};
    unsigned char *jpeg = NULL;
    size_t size = 0;
    retune_status status =
        retune_image_read(test_sample(r, test)->path, r->max_megapixels, &image, error);
    if (status == RETUNE_OK)
        status = shrink(&image, &small, error);
    if (status == RETUNE_OK)
        status = retune_image_encode_jpeg(&small, JPEG_QUALITY, &jpeg, &size, error);
    if (status == RETUNE_OK)
        retune_html_picture(r->page, "image/jpeg", jpeg, size, caption);
    free(jpeg);
    retune_image_free(&small);
    retune_image_free(&image);
    return status;
}

/* An image that is gone since is still named. */
static retune_status put_mistake(const results *r, size_t test, retune_error *error) {
    const retune_sample *sample = test_sample(r, test);
    const retune_prediction *prediction = &r->predictions[test];
    retune_error fault = RETUNE_ERROR_INIT;
    char *caption = NULL;
    RETUNE_TRY(retune_format_text(&caption, error, "%s\ntaken for %s, %.1f %% sure\n%s",
                                  r->dataset->classes[sample->label],
                                  r->dataset->classes[prediction->predicted],
                                  100.0 * (double)prediction->confidence, sample->name));
    retune_status status = put_picture(r, test, caption, &fault);
    if (status != RETUNE_OK && status != RETUNE_OUT_OF_MEMORY)
        retune_html_paragraph(r->page, "%s (%s)", caption, fault.message);
    free(caption);
    return status == RETUNE_OUT_OF_MEMORY ? retune_fail(error, status, "%s", fault.message)
                                          : RETUNE_OK;
}

static retune_status put_mistakes(const results *r, retune_error *error) {
    size_t mistakes[MISTAKES], total = 0;
    size_t shown = find_mistakes(r, mistakes, &total);
    retune_html_section(r->page, "Mistakes");
    if (total == 0) {
        retune_html_paragraph(r->page, "Not one test image was taken for another class.");
        return RETUNE_OK;
    }
    retune_html_paragraph(r->page,
                          "%s of %s test images were taken for another class. First come those "
                          "the network was surest about%s.",
                          figure_count(total).text, figure_count(r->dataset->test_count).text,
                          total > shown ? "; predictions.jsonl has all of them" : "");
    for (size_t m = 0; m < shown; m++)
        RETUNE_TRY(put_mistake(r, mistakes[m], error));
    return RETUNE_OK;
}

/* -------------------------------------------------------------------------------------------- */

retune_status retune_run_report_results(retune_html *page, const retune_dataset *dataset,
                                        const retune_prediction *predictions,
                                        uint32_t max_megapixels, retune_error *error) {
    results r = {.page = page,
                 .dataset = dataset,
                 .predictions = predictions,
                 .max_megapixels = max_megapixels,
                 .classes = dataset->class_count};
    retune_status status = retune_allocate(r.classes * r.classes, sizeof *r.confusion,
                                           "a confusion matrix", &r.confusion, error);
    if (status == RETUNE_OK)
        status = retune_allocate(r.classes, sizeof *r.trained, "classes", &r.trained, error);
    if (status == RETUNE_OK) {
        count(&r);
        put_classes(&r);
        status = put_confusion(&r, error);
    }
    if (status == RETUNE_OK)
        status = put_mistakes(&r, error);
    free(r.confusion);
    free(r.trained);
    return status;
}
