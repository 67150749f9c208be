#include "report/run_report.h"

#include "base/figures.h"
#include "base/file.h"
#include "base/memory.h"
#include "report/run_report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NOTES 100 /* shown; metrics.jsonl has all */

/* ---- Headline ------------------------------------------------------------------------------ */

/* "conv_pw_13, dense" */
static retune_status join_list(const retune_text_list *list, char **out_text, retune_error *error) {
    RETUNE_TRY(retune_copy_text(list->count > 0 ? list->items[0] : "nothing", out_text, error));
    for (size_t i = 1; i < list->count; i++) {
        char *longer = NULL;
        retune_status status =
            retune_format_text(&longer, error, "%s, %s", *out_text, list->items[i]);
        free(*out_text);
        *out_text = longer;
        if (status != RETUNE_OK)
            return status;
    }
    return RETUNE_OK;
}

static retune_status put_task(const retune_run_report *report, retune_html *page,
                              retune_error *error) {
    const retune_config *config = report->config;
    const retune_dataset *data = report->dataset;
    char *trained = NULL;
    RETUNE_TRY(join_list(&config->freeze_train, &trained, error));
    retune_html_paragraph(
        page,
        "%s (alpha %g, %d x %d pixels) learned %u classes from %s images; %s others test it. "
        "Trained: %s, which is %s of %s parameters.",
        report->model->architecture, config->model_alpha, (int)config->model_input,
        (int)config->model_input, data->class_count, figure_count(data->train_count).text,
        figure_count(data->test_count).text, trained, figure_count(report->model->trainable).text,
        figure_count(report->model->total).text);
    free(trained);
    return RETUNE_OK;
}

/* How the run ended. */
static void put_end(const retune_run_report *report, retune_html *page) {
    int64_t epochs = report->config->train_epochs;
    if (report->status == RETUNE_CANCELLED)
        retune_html_paragraph(
            page, "Interrupted after %u of %lld epochs: train --resume goes on with it.",
            report->epochs, (long long)epochs);
    else if (report->status != RETUNE_OK)
        retune_html_paragraph(page, "Failed after %u of %lld epochs: %s", report->epochs,
                              (long long)epochs, report->message);
    else if (report->epochs < epochs)
        retune_html_paragraph(
            page,
            "Ended early after %u of %lld epochs: the test accuracy had not risen "
            "for %lld.",
            report->epochs, (long long)epochs, (long long)report->config->train_early_stop);
}

static const char *last_device(const cJSON *events) {
    const char *id = NULL;
    for (const cJSON *e = NULL; (e = retune_history_next(events, e, "device"));)
        id = retune_history_text(e, "device");
    return id ? id : "none";
}

static void put_figures(const retune_run_report *report, const cJSON *events, retune_html *page) {
    const cJSON *start = retune_history_next(events, NULL, "eval");
    struct figure best = figure_percent(report->best_accuracy);
    struct figure before = figure_percent(retune_history_number(start, "accuracy"));
    struct figure last = figure_percent(report->accuracy);
    struct figure time = figure_duration(report->seconds);
    struct figure memory = figure_bytes((double)report->peak_memory);
    char best_label[64], last_label[64];
    snprintf(best_label, sizeof best_label, "of the test images right, best epoch (%u)",
             report->best_epoch);
    snprintf(last_label, sizeof last_label, "after the last epoch (%u)", report->epochs);
    retune_html_figure figures[6];
    size_t count = 0;
    if (start && report->dataset->test_count > 0) {
        figures[count++] = (retune_html_figure){best.text, best_label};
        figures[count++] = (retune_html_figure){before.text, "before training"};
        figures[count++] = (retune_html_figure){last.text, last_label};
    }
    figures[count++] = (retune_html_figure){time.text, "whole run"};
    figures[count++] = (retune_html_figure){memory.text, "of memory at most"};
    figures[count++] = (retune_html_figure){last_device(events), "device"};
    retune_html_figures(page, figures, count);
}

/* ---- Time ---------------------------------------------------------------------------------- */

static void put_time_row(retune_html *page, const char *what, double seconds, double whole) {
    retune_html_cell(page, "%s", what);
    retune_html_cell(page, "%s", figure_duration(seconds).text);
    double share = whole > 0.0 ? seconds / whole : 0.0;
    retune_html_heat_cell(page, share, "%.0f %%", 100.0 * share);
}

static void put_time(const retune_run_report *report, const cJSON *events, retune_html *page) {
    static const retune_html_column columns[] = {{"phase", false}, {"time", true}, {"share", true}};
    static const struct {
        retune_phase phase;
        const char *text;
    } phases[] = {{RETUNE_PHASE_SCAN, "reading the images"},
                  {RETUNE_PHASE_FEATURES, "frozen layers, once an image"},
                  {RETUNE_PHASE_TRAIN, "training"},
                  {RETUNE_PHASE_EVALUATE, "testing"}};
    double rest = report->seconds, rate = NAN;
    retune_html_section(page, "Time");
    retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
    for (size_t p = 0; p < sizeof phases / sizeof *phases; p++) {
        double seconds = report->phase_seconds[phases[p].phase];
        put_time_row(page, phases[p].text, seconds, report->seconds);
        rest -= seconds;
    }
    put_time_row(page, "everything else: weights, device, saving", fmax(rest, 0.0),
                 report->seconds);
    put_time_row(page, "whole run", report->seconds, report->seconds);
    retune_html_table_close(page);
    for (const cJSON *e = NULL; (e = retune_history_next(events, e, "epoch"));)
        rate = retune_history_number(e, "images_per_second");
    if (isfinite(rate))
        retune_html_paragraph(page, "The last epoch trained %s images a second.",
                              figure_count((uint64_t)fmax(rate, 0.0)).text);
}

/* ---- Notes, settings, model ---------------------------------------------------------------- */

/* What the run said besides. Each process of a resumed run says it again. */
static void put_notes(const cJSON *events, retune_html *page) {
    size_t count = 0;
    for (const cJSON *e = NULL; (e = retune_history_next(events, e, "notice"));) {
        const char *text = retune_history_text(e, "text");
        bool again = false;
        for (const cJSON *b = NULL; (b = retune_history_next(events, b, "notice")) != e && !again;)
            again = cJSON_Compare(b, e, true);
        if (!text || again)
            continue;
        if (count == 0)
            retune_html_section(page, "Notes");
        if (++count > NOTES) {
            retune_html_paragraph(page, "There are more: metrics.jsonl has all of them.");
            return;
        }
        retune_html_paragraph(page, "%s", text);
    }
}

static retune_status put_settings(const retune_config *config, bool defaults, retune_html *page,
                                  retune_error *error) {
    static const retune_html_column columns[] = {
        {"setting", false}, {"value", false}, {"from", false}};
    retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < retune_config_setting_count(config); i++) {
        retune_setting setting = {.struct_size = sizeof setting};
        RETUNE_TRY(retune_config_setting(config, i, &setting, error));
        if ((strcmp(setting.origin, "default") == 0) != defaults)
            continue;
        retune_html_cell(page, "%s.%s", setting.section, setting.key);
        retune_html_cell(page, "%s", *setting.value ? setting.value : "(empty)");
        retune_html_cell(page, "%s", setting.origin);
    }
    retune_html_table_close(page);
    return RETUNE_OK;
}

static void put_layer(retune_html *page, const retune_layer_summary *layer) {
    char shape[128] = "";
    for (uint32_t d = 0; d < layer->rank; d++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%lld", d > 0 ? " x " : "",
                 (long long)layer->shape[d]);
    retune_html_cell(page, "%s", layer->name);
    retune_html_cell(page, "%s", layer->type);
    retune_html_cell(page, "%s", shape);
    retune_html_cell(page, "%s", figure_count(layer->parameters).text);
    retune_html_cell(page, "%s", figure_count(layer->trainable).text);
    retune_html_cell(page, "%s", figure_scaled(layer->flops).text);
}

static void put_model(const retune_model_summary *model, retune_html *page) {
    static const retune_html_column columns[] = {{"layer", false},  {"type", false},
                                                 {"output", true},  {"parameters", true},
                                                 {"trained", true}, {"FLOP an image", true}};
    retune_html_section(page, "Model");
    retune_html_paragraph(
        page, "%u layers with %s parameters: %s trained, %s frozen.%s%s%s", model->layer_count,
        figure_count(model->total).text, figure_count(model->trainable).text,
        figure_count(model->non_trainable).text, model->frontier ? " Everything up to " : "",
        model->frontier ? model->frontier : "",
        model->frontier ? " is a constant function of the image." : "");
    retune_html_fold(page, "All layers");
    retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
    for (uint32_t l = 0; l < model->layer_count; l++)
        put_layer(page, &model->layers[l]);
    retune_html_table_close(page);
}

/* ---- The page ------------------------------------------------------------------------------ */

/* There are predictions once a model was saved and when there are test images. */
static retune_status put_results(const retune_run_report *report, retune_html *page,
                                 retune_error *error) {
    const retune_dataset *dataset = report->dataset;
    const char *path = retune_run_folder_file(report->folder, RETUNE_RUN_PREDICTIONS);
    if (dataset->test_count == 0 || !retune_file_exists(path))
        return RETUNE_OK;
    retune_prediction *predictions = NULL;
    RETUNE_TRY(retune_allocate(dataset->test_count, sizeof *predictions, "predictions",
                               &predictions, error));
    retune_status status = retune_predictions_read(path, dataset, predictions, error);
    if (status == RETUNE_OK)
        status = retune_run_report_results(page, dataset, predictions,
                                           (uint32_t)report->config->data_max_megapixels, error);
    free(predictions);
    return status;
}

static retune_status put_all(const retune_run_report *report, const cJSON *events,
                             retune_html *page, retune_error *error) {
    RETUNE_TRY(put_task(report, page, error));
    put_end(report, page);
    put_figures(report, events, page);
    RETUNE_TRY(retune_run_report_curves(page, events, error));
    RETUNE_TRY(put_results(report, page, error));
    retune_run_report_devices(page, events);
    put_time(report, events, page);
    put_notes(events, page);
    retune_html_section(page, "Settings");
    RETUNE_TRY(put_settings(report->config, false, page, error));
    retune_html_fold(page, "Defaults");
    RETUNE_TRY(put_settings(report->config, true, page, error));
    put_model(report->model, page);
    return RETUNE_OK;
}

/* "Run flowers" for the folder ../runs/flowers. */
static retune_status open_page(const retune_run_report *report, retune_html **out_page,
                               retune_error *error) {
    char *title = NULL;
    RETUNE_TRY(retune_format_text(&title, error, "Run %s",
                                  retune_path_name(report->config->output_folder)));
    retune_status status = retune_html_open(title, out_page, error);
    free(title);
    return status;
}

retune_status retune_run_report_write(const retune_run_report *report, retune_error *error) {
    cJSON *events = NULL;
    retune_html *page = NULL;
    retune_status status = retune_history_read(
        retune_run_folder_file(report->folder, RETUNE_RUN_JSONL), &events, error);
    if (status == RETUNE_OK)
        status = open_page(report, &page, error);
    if (status == RETUNE_OK)
        status = put_all(report, events, page, error);
    if (status == RETUNE_OK)
        status = retune_html_save(page, retune_run_folder_file(report->folder, RETUNE_RUN_REPORT),
                                  error);
    retune_html_close(page);
    cJSON_Delete(events);
    return status;
}
