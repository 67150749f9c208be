#include "job_text.h"

#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static bool ends_in(const char *path, const char *end) {
    size_t length = strlen(path), end_length = strlen(end);
    return length > end_length && strcasecmp(path + length - end_length, end) == 0;
}

/* "mobilenet_7_5_192_tf_no_top.h5": Keras' name of alpha 0.75 for 192 x 192 pixels. */
static void read_name(const char *path, struct job_weights *weights) {
    static const struct {
        const char *text;
        double alpha;
    } widths[] = {{"1_0", 1.0}, {"7_5", 0.75}, {"5_0", 0.5}, {"2_5", 0.25}};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        char start[32];
        unsigned input = 0;
        int length = snprintf(start, sizeof start, "mobilenet_%s_", widths[w].text);
        if (strncmp(name, start, (size_t)length) == 0 &&
            sscanf(name + length, "%u_tf", &input) == 1) {
            weights->alpha = widths[w].alpha;
            weights->input = input;
        }
    }
}

retune_status job_weights_take(const char *path, struct job_weights *out_weights,
                               retune_error *error) {
    *out_weights = (struct job_weights){0};
    if (ends_in(path, ".safetensors")) {
        retune_model_summary *model = NULL;
        retune_status status = retune_model_inspect(path, &model, error);
        if (status != RETUNE_OK)
            return status;
        out_weights->alpha = model->alpha;
        out_weights->input = model->input_size;
        retune_model_summary_free(model);
    } else if (access(path, R_OK) != 0) {
        snprintf(error->message, sizeof error->message, "%s: weights: there is no such file", path);
        return RETUNE_IO;
    } else {
        read_name(path, out_weights);
    }
    out_weights->path = strdup(path);
    return out_weights->path ? RETUNE_OK : RETUNE_OUT_OF_MEMORY;
}

/* The first of FOLDER/models/mobilenet_*_no_top.h5, which is the widest for the largest images. */
static bool find_in(const char *folder, struct job_weights *out_weights) {
    char pattern[4096];
    retune_error error = RETUNE_ERROR_INIT;
    glob_t found;
    static const char *const names[] = {"1_0_224_tf_no_top.h5", "*_tf_no_top.h5"};
    bool taken = false;
    for (size_t n = 0; n < 2 && !taken; n++) {
        if (snprintf(pattern, sizeof pattern, "%smodels/mobilenet_%s", folder, names[n]) >=
            (int)sizeof pattern)
            return false;
        if (glob(pattern, 0, NULL, &found) != 0)
            continue;
        taken = job_weights_take(found.gl_pathv[0], out_weights, &error) == RETUNE_OK;
        globfree(&found);
    }
    return taken;
}

void job_weights_find(const char *photos, struct job_weights *out_weights) {
    char folder[4096], program[2048];
    *out_weights = (struct job_weights){0};
    if (find_in("", out_weights))
        return;
    snprintf(folder, sizeof folder, "%.2000s/../", photos);
    if (find_in(folder, out_weights))
        return;
    /* The program lies in build/bin of a source tree, where tools/get_flowers puts them. */
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return;
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    snprintf(folder, sizeof folder, "%s/../../", program);
    find_in(folder, out_weights);
}
