/* A small world for whole runs, in a folder of the test's own: pictures of coloured shapes, weights
 * that stand for pretrained ones, and a job. A run on it takes well under a second. */
#ifndef TESTS_RUN_SCENE_H
#define TESTS_RUN_SCENE_H

#include "cli/command.h"

#include <stdbool.h>

/* Makes and enters the folder with
 *   data/disc data/ring data/stripes   SCENE_COUNT pictures each, JPEG and PNG
 *   base.safetensors                   a MobileNet V1, alpha 0.25, without a head
 *   job.ini                            fine-tunes it, into the folder run/
 * For .init and .fini. */
void scene_begin(void);
void scene_end(void);

#define SCENE_CLASSES 3
#define SCENE_COUNT   16
extern const char *const scene_classes[SCENE_CLASSES];

/* Adds `count` pictures of a class to a folder, which is made with those above it. The same
 * `first` gives the same pictures. */
void scene_pictures(const char *folder, unsigned class_index, unsigned first, unsigned count);

/* One picture as a file; the extension says of which kind. */
void scene_picture(const char *path, unsigned class_index, unsigned number);

/* Weights for a base of this alpha, different for each seed. */
void scene_weights(const char *path, double alpha, unsigned seed);

/* Runs `retune` with printf-like arguments; see command_run. */
int scene_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `retune train job.ini --json` with more arguments; the test fails unless its exit code is 0. */
void scene_train(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The test fails unless `retune` ends with `code` and says each of the texts, up to NULL, on
 * stderr. */
void scene_refuse(int code, const char *arguments, ...) __attribute__((sentinel));

/* A whole file; free it with free(). */
char *scene_read(const char *path, size_t *out_size);

#endif
