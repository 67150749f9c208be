/* A folder of files for one test, gone when the test is over. */
#ifndef TESTS_DATA_SCRATCH_H
#define TESTS_DATA_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* Makes the folder; scratch_close removes it and all that is in it. One a process. */
void scratch_open(void);
void scratch_close(void);

/* The folder. */
const char *scratch_root(void);

/* "<folder>/<name>"; good until eight more were asked for. */
const char *scratch_path(const char *name);

/* These make the folders they need. */
void scratch_folder(const char *name);
void scratch_text(const char *name, const char *text);
void scratch_image(const char *name, uint32_t width,
                   uint32_t height); /* JPEG, or PNG by the name */

/* `count` small PNGs "<folder>/000.png", "001.png", ..., all of different content. */
void scratch_images(const char *folder, int count);

/* Two classes, "cat" and "dog", of `count` images each. */
void scratch_cats_and_dogs(int count);

#endif
