#include "run/scene.h"

#include "base/file.h"
#include "base/random.h"
#include "image/pictures.h"
#include "model/model_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const scene_classes[SCENE_CLASSES] = {"disc", "ring", "stripes"};

static const char job[] = "[model]\n"
                          "alpha   = 0.25\n"
                          "input   = 32\n"
                          "weights = base.safetensors\n"
                          "[data]\n"
                          "root = data\n"
                          "test = 0.25\n"
                          "[train]\n"
                          "epochs = 4\n"
                          "learning_rate = 0.001\n"
                          "seed = 3\n"
                          "batch  = 16\n"
                          "[backend]\n"
                          "order = cpu/simd\n"
                          "[backend.cpu]\n"
                          "threads = 1\n"
                          "[cache]\n"
                          "precision = fp32\n"
                          "[output]\n"
                          "folder = run\n";

/* ---- Pictures ------------------------------------------------------------------------------ */

/* Whether the shape of a class covers a point, measured from the picture's centre in halves of its
 * side. */
static bool covers(unsigned class_index, float x, float y) {
    float radius = sqrtf(x * x + y * y);
    if (class_index == 0)
        return radius < 0.8f;
    if (class_index == 1)
        return radius > 0.5f && radius < 0.9f;
    return fmodf(x + 2.0f, 0.5f) < 0.25f;
}

static unsigned char *draw(unsigned class_index, retune_random *random, uint32_t width,
                           uint32_t height) {
    static const unsigned char colors[SCENE_CLASSES][3] = {
        {210, 60, 50}, {60, 180, 70}, {70, 80, 220}};
    unsigned char *pixels = malloc((size_t)width * height * 3);
    float shift_x = retune_random_unit(random) * 0.4f - 0.2f;
    float shift_y = retune_random_unit(random) * 0.4f - 0.2f;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            bool inside = covers(class_index, 2.0f * (float)x / (float)width - 1.0f + shift_x,
                                 2.0f * (float)y / (float)height - 1.0f + shift_y);
            for (int c = 0; c < 3; c++) {
                int noise = (int)retune_random_below(random, 81) - 40;
                int color = inside ? colors[class_index][c] : 128;
                pixels[(y * width + x) * 3 + (uint32_t)c] = (unsigned char)(color + noise);
            }
        }
    return pixels;
}

void scene_picture(const char *path, unsigned class_index, unsigned number) {
    retune_random random = retune_random_make(number, class_index);
    uint32_t width = 24 + (uint32_t)retune_random_below(&random, 24);
    uint32_t height = 24 + (uint32_t)retune_random_below(&random, 24);
    unsigned char *pixels = draw(class_index, &random, width, height);
    picture_file file =
        picture_encode(pixels, width, height, retune_path_has_extension(path, ".png") ? 0 : 90);
    picture_save(&file, path);
    picture_free(&file);
    free(pixels);
}

void scene_pictures(const char *folder, unsigned class_index, unsigned first, unsigned count) {
    cr_assert(retune_folder_make(folder, NULL) == RETUNE_OK);
    for (unsigned number = first; number < first + count; number++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%03u.%s", folder, number, number % 2 ? "png" : "jpg");
        scene_picture(path, class_index, number);
    }
}

/* ---- Weights ------------------------------------------------------------------------------- */

/* The first convolution mixes colours and edges at random; each channel of a later one mostly hands
 * on what one of its inputs saw. That makes features which tell the pictures apart, as the result
 * of long training would. */
static float kernel_value(const retune_model *model, const retune_parameter *parameter, size_t i,
                          size_t chosen, float noise) {
    if (model->layers[parameter->layer].type == RETUNE_LAYER_DEPTHWISE_CONV2D)
        return i / (size_t)parameter->desc.shape[2] == 4 ? 0.8f : 0.1f + 0.1f * noise;
    size_t inputs = (size_t)parameter->desc.shape[3];
    if (parameter->desc.shape[1] > 1)
        return 0.5f * noise;
    return (i % inputs == chosen ? 1.0f : 0.0f) + 0.3f * noise / sqrtf((float)inputs);
}

static void fill(const retune_model *model, const retune_parameter *parameter,
                 retune_random random) {
    size_t inputs = (size_t)parameter->desc.shape[parameter->desc.rank - 1], chosen = 0;
    for (size_t i = 0; i < parameter->elements; i++) {
        float noise = 2.0f * retune_random_unit(&random) - 1.0f;
        if (i % inputs == 0)
            chosen = (size_t)retune_random_below(&random, inputs);
        if (parameter->role == RETUNE_ROLE_KERNEL)
            parameter->values[i] = kernel_value(model, parameter, i, chosen, noise);
        else if (parameter->role == RETUNE_ROLE_GAMMA ||
                 parameter->role == RETUNE_ROLE_MOVING_VARIANCE)
            parameter->values[i] = 1.0f + 0.1f * noise;
        else
            parameter->values[i] = 0.02f * noise;
    }
}

void scene_weights(const char *path, double alpha, unsigned seed) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_model *model = NULL;
    retune_status status = retune_model_create("mobilenet_v1", alpha, 32, &model, &error);
    if (status == RETUNE_OK)
        status = retune_model_add_architecture(model, &error);
    if (status == RETUNE_OK)
        status = retune_model_allocate(model, seed, &error);
    cr_assert(status == RETUNE_OK, "%s", error.message);
    for (size_t p = 0; p < model->parameter_count; p++)
        fill(model, &model->parameters[p], retune_random_make(seed, p));
    retune_safetensors_entry *entries = calloc(model->parameter_count, sizeof *entries);
    for (size_t p = 0; p < model->parameter_count; p++) {
        const retune_parameter *parameter = &model->parameters[p];
        entries[p] =
            (retune_safetensors_entry){parameter->name, parameter->desc, parameter->values};
    }
    status = retune_safetensors_write(path, NULL, 0, entries, model->parameter_count, &error);
    cr_assert(status == RETUNE_OK, "%s", error.message);
    free(entries);
    retune_model_destroy(model);
}

/* ---- The scene ----------------------------------------------------------------------------- */

void scene_begin(void) {
    command_begin();
    for (unsigned c = 0; c < SCENE_CLASSES; c++) {
        char folder[64];
        snprintf(folder, sizeof folder, "data/%s", scene_classes[c]);
        scene_pictures(folder, c, 0, SCENE_COUNT);
    }
    scene_weights("base.safetensors", 0.25, 1);
    command_write("job.ini", job);
}

void scene_end(void) {
    command_end();
}

static int run(const char *before, const char *format, va_list list) {
    char arguments[4096];
    int used = snprintf(arguments, sizeof arguments, "%s", before);
    vsnprintf(arguments + used, sizeof arguments - (size_t)used, format, list);
    return command_run(arguments);
}

int scene_run(const char *format, ...) {
    va_list list;
    va_start(list, format);
    int code = run("", format, list);
    va_end(list);
    return code;
}

void scene_train(const char *format, ...) {
    va_list list;
    va_start(list, format);
    int code = run("train job.ini --json ", format, list);
    va_end(list);
    cr_assert(code == 0, "train %s: exit code %d: %s", format, code, command_stderr);
}

void scene_refuse(int code, const char *arguments, ...) {
    int got = command_run(arguments);
    cr_expect(got == code, "%s: exit code %d, not %d: %s", arguments, got, code, command_stderr);
    va_list list;
    va_start(list, arguments);
    for (const char *text; (text = va_arg(list, const char *));)
        cr_expect(strstr(command_stderr, text) != NULL, "%s: no '%s' in: %s", arguments, text,
                  command_stderr);
    va_end(list);
}

char *scene_read(const char *path, size_t *out_size) {
    unsigned char *data = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert(retune_file_read(path, (size_t)1 << 30, &data, out_size, &error) == RETUNE_OK, "%s",
              error.message);
    return (char *)data;
}
