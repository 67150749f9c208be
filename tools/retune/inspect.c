#include "base/figures.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_model_file(const char *path) {
    static const char extension[] = ".safetensors";
    size_t length = strlen(path), tail = strlen(extension);
    return length >= tail && strcasecmp(path + length - tail, extension) == 0;
}

/* "(None,7,7,1024)": the batch first, of any size. */
static void write_shape(const retune_layer_summary *layer, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "(None");
    for (uint32_t i = 0; i < layer->rank && i < RETUNE_RANK_MAX && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, ",%" PRId64, layer->shape[i]);
    if (used < size)
        snprintf(text + used, size - used, ")");
}

static const char *trained_mark(const retune_layer_summary *layer) {
    if (layer->trainable == 0)
        return "";
    return layer->trainable == layer->parameters ? "yes" : "part";
}

/* ---- Text ---------------------------------------------------------------------------------- */

static bool print_layers(const retune_model_summary *model) {
    struct table table = table_make("lllrlrr");
    static const char *const header[] = {"Layer",   "Type",  "Output shape", "Parameters",
                                         "Trained", "FLOPs", "Bytes"};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        table_add(&table, header[i]);
    for (uint32_t i = 0; i < model->layer_count; i++) {
        const retune_layer_summary *layer = &model->layers[i];
        char shape[128];
        write_shape(layer, shape, sizeof shape);
        table_add(&table, layer->name);
        table_add(&table, layer->type);
        table_add(&table, shape);
        table_add(&table, figure_count(layer->parameters).text);
        table_add(&table, trained_mark(layer));
        table_add(&table, figure_scaled(layer->flops).text);
        table_add(&table, figure_bytes(layer->bytes).text);
    }
    return table_print(&table, "", 1);
}

static bool print_text(const retune_model_summary *model) {
    fputs(style_bold(), stdout);
    output_text(model->architecture);
    printf("%s\n\n", style_end());
    if (!print_layers(model))
        return false;
    printf("\nTotal params: %s / Trainable: %s / Non-trainable: %s\n",
           figure_count(model->total).text, figure_count(model->trainable).text,
           figure_count(model->non_trainable).text);
    double flops = 0;
    for (uint32_t i = 0; i < model->layer_count; i++)
        flops += model->layers[i].flops;
    printf("Forward pass: %sFLOP an image\n", figure_scaled(flops).text);
    fputs("Frontier: ", stdout);
    output_text(model->frontier ? model->frontier : "none; the first layer is trained");
    puts(model->frontier ? "; up to here everything is frozen and computed once an image" : "");
    for (uint32_t i = 0; i < model->class_count && model->classes; i++) {
        fputs(i == 0 ? "Classes: " : ", ", stdout);
        output_text(model->classes[i]);
    }
    if (model->class_count > 0 && model->classes)
        putchar('\n');
    return true;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void print_model_json(const retune_model_summary *model) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", "model");
    cJSON_AddNumberToObject(object, "total", (double)model->total);
    cJSON_AddNumberToObject(object, "trainable", (double)model->trainable);
    cJSON_AddNumberToObject(object, "non_trainable", (double)model->non_trainable);
    cJSON_AddStringToObject(object, "architecture", model->architecture);
    if (model->frontier)
        cJSON_AddStringToObject(object, "frontier", model->frontier);
    else
        cJSON_AddNullToObject(object, "frontier");
    cJSON *classes = cJSON_AddArrayToObject(object, "classes");
    for (uint32_t i = 0; i < model->class_count && model->classes; i++)
        cJSON_AddItemToArray(classes, cJSON_CreateString(model->classes[i]));
    output_json(object);
}

static void print_layer_json(const retune_layer_summary *layer) {
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "event", "layer");
    cJSON_AddStringToObject(object, "name", layer->name);
    cJSON_AddStringToObject(object, "type", layer->type);
    cJSON *shape = cJSON_AddArrayToObject(object, "shape");
    cJSON_AddItemToArray(shape, cJSON_CreateNull());
    for (uint32_t i = 0; i < layer->rank && i < RETUNE_RANK_MAX; i++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)layer->shape[i]));
    cJSON_AddNumberToObject(object, "parameters", (double)layer->parameters);
    cJSON_AddNumberToObject(object, "trainable", (double)layer->trainable);
    cJSON_AddNumberToObject(object, "flops", layer->flops);
    cJSON_AddNumberToObject(object, "bytes", layer->bytes);
    output_json(object);
}

static bool print_json(const retune_model_summary *model) {
    print_model_json(model);
    for (uint32_t i = 0; i < model->layer_count; i++)
        print_layer_json(&model->layers[i]);
    return true;
}

int verb_inspect(const struct options *options) {
    const char *path = options->arguments[0];
    retune_job *job = NULL;
    retune_model_summary *model = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status;
    if (is_model_file(path)) {
        if (options->set_count > 0)
            return output_usage_error(options->json, "--set goes with a job, not with a model");
        status = retune_model_inspect(path, &model, &error);
    } else {
        status = retune_job_open(path, options->sets, options->set_count, &job, &error);
        if (status == RETUNE_OK)
            status = retune_job_inspect(job, &model, &error);
    }
    if (status == RETUNE_OK && !(options->json ? print_json(model) : print_text(model))) {
        status = RETUNE_OUT_OF_MEMORY;
        snprintf(error.message, sizeof error.message, "out of memory for the table of layers");
    }
    retune_model_summary_free(model);
    retune_job_close(job);
    return status == RETUNE_OK ? 0 : output_error(options->json, status, error.message);
}
