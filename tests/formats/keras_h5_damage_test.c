/* The Keras reader on files that were good once: cut short, or with bits turned over.
 *
 * libhdf5 itself parses the damage, so every damaged file is tried in a process of its own. */
#include "format_plugin.h"
#include "keras_file.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED = 10, READ = 11, BROKEN_RULE = 12 };

/* Opens a file and reads all there is. A refusal must come with a message; nothing may stay open.
 */
static int read_everything(const retune_format *format, const char *path) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_format_reader *reader = NULL;
    int answer = READ;
    retune_status status = format->reader_open(path, &reader, &error);
    if ((status == RETUNE_OK) != (reader != NULL))
        return BROKEN_RULE;
    for (size_t i = 0; reader && i < format->tensor_count(reader); i++) {
        size_t bytes = sizeof(float);
        retune_format_tensor tensor;
        if (format->tensor_info(reader, i, &tensor, &error) != RETUNE_OK)
            return BROKEN_RULE;
        for (uint32_t d = 0; d < tensor.desc.rank; d++)
            bytes *= (size_t)tensor.desc.shape[d];
        void *data = malloc(bytes);
        retune_status read = format->tensor_read(reader, i, data, bytes, &error);
        if (read != RETUNE_OK)
            status = read;
        free(data);
    }
    format->reader_close(reader);
    if (status != RETUNE_OK) {
        answer = REFUSED;
        if (error.code == RETUNE_OK || !strstr(error.message, path) || strchr(error.message, '\n'))
            answer = BROKEN_RULE;
    }
    return keras_open_objects() == 0 ? answer : BROKEN_RULE;
}

/* The same in a child; its exit status, or minus the signal that ended it. */
static int read_apart(const retune_format *format, const char *path) {
    fflush(NULL);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        alarm(20);
        _exit(read_everything(format, path));
    }
    int state = 0;
    cr_assert_eq(waitpid(child, &state, 0), child);
    return WIFSIGNALED(state) ? -WTERMSIG(state) : WEXITSTATUS(state);
}

/* A small file with each kind of thing the reader looks at. */
static void write_sample(keras_file *file, const char *name, keras_style style) {
    keras_file_begin(file, name, style);
    keras_single(file, "conv", "conv/kernel:0", "3x3x3x8");
    keras_single(file, "conv_dw", "conv_dw/depthwise_kernel:0", "3x3x8x1");
    keras_single(file, "conv_bn", "conv_bn/gamma:0", "8");
    keras_single(file, "dense", "dense/kernel:0", "8x5");
    if (style.whole_model)
        keras_strings(file->file, "model_config", "{}", style.fixed_strings);
    keras_file_end(file);
}

/* ---- Cut short ----------------------------------------------------------------------------- */

static void expect_truncation_noticed(const char *name, keras_style style) {
    const retune_format *format = format_plugin("keras_h5");
    retune_random random = retune_random_make(11, 1);
    char path[256];
    size_t size = 0;
    keras_file file;
    write_sample(&file, name, style);
    unsigned char *data = keras_read_bytes(file.path, &size);
    keras_path("cut.h5", path);
    for (unsigned i = 0; i < 16 + 24; i++) {
        size_t length = i < 16 ? size * i / 16 : (size_t)retune_random_below(&random, size);
        keras_write_bytes(path, data, length);
        cr_assert_eq(read_apart(format, path), REFUSED, "%s cut to %zu of %zu bytes", name, length,
                     size);
    }
    keras_write_bytes(path, data, size / 2);
    format_refuses(format, path, RETUNE_CORRUPT, "truncated file");
    keras_write_bytes(path, data, size - 1);
    format_refuses(format, path, RETUNE_CORRUPT, "truncated file");
    keras_write_bytes(path, data, size);
    cr_assert_eq(read_apart(format, path), READ);
    free(data);
}

Test(keras_h5_damage, cut_short) {
    expect_truncation_noticed("weights.h5", (keras_style){0});
    expect_truncation_noticed("model.h5", (keras_style){.whole_model = true, .compressed = true});
}

/* ---- Turned bits --------------------------------------------------------------------------- */

/* Turns one to four bits, `trials` times from a fixed seed; says which trial ended badly. */
static void expect_flips_survived(const char *name, keras_style style, unsigned trials) {
    const retune_format *format = format_plugin("keras_h5");
    retune_random random = retune_random_make(7, style.whole_model);
    char path[256];
    size_t size = 0;
    unsigned refused = 0, bad = 0;
    keras_file file;
    write_sample(&file, name, style);
    unsigned char *data = keras_read_bytes(file.path, &size), *copy = malloc(size);
    keras_path("turned.h5", path);
    for (unsigned trial = 0; trial < trials; trial++) {
        memcpy(copy, data, size);
        size_t flips = 1 + (size_t)retune_random_below(&random, 4), at = 0;
        for (size_t flip = 0; flip < flips; flip++) {
            at = (size_t)retune_random_below(&random, size);
            copy[at] ^= (unsigned char)(1u << retune_random_below(&random, 8));
        }
        keras_write_bytes(path, copy, size);
        int answer = read_apart(format, path);
        refused += answer == REFUSED;
        if (answer != REFUSED && answer != READ) {
            bad++;
            fprintf(stderr, "%s: trial %u, last byte %zu: %d\n", name, trial, at, answer);
        }
    }
    cr_assert_eq(bad, 0, "%u of %u damaged files", bad, trials);
    cr_assert_gt(refused, 0, "no damage was noticed: nothing was tested");
    free(copy);
    free(data);
}

Test(keras_h5_damage, turned_bits) {
    expect_flips_survived("weights.h5", (keras_style){.fixed_strings = true}, 150);
    expect_flips_survived("model.h5", (keras_style){.whole_model = true, .compressed = true}, 150);
}
