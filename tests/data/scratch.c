#include "data/scratch.h"

#include "base/file.h"
#include "image/pictures.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[64];

void scratch_open(void) {
    strcpy(root, "/tmp/retune-data-XXXXXX");
    if (!mkdtemp(root))
        abort();
}

static int remove_entry(const char *path, const struct stat *properties, int kind,
                        struct FTW *place) {
    (void)properties, (void)place;
    if (kind == FTW_DNR)
        chmod(path, 0700);
    return remove(path);
}

void scratch_close(void) {
    nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_root(void) {
    return root;
}

const char *scratch_path(const char *name) {
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void make_parent(const char *path) {
    char *folder = NULL;
    if (retune_path_folder(path, &folder, NULL) != RETUNE_OK ||
        retune_folder_make(folder, NULL) != RETUNE_OK)
        abort();
    free(folder);
}

void scratch_folder(const char *name) {
    if (retune_folder_make(scratch_path(name), NULL) != RETUNE_OK)
        abort();
}

void scratch_text(const char *name, const char *text) {
    const char *path = scratch_path(name);
    make_parent(path);
    picture_file file = {(unsigned char *)text, strlen(text)};
    picture_save(&file, path);
}

void scratch_image(const char *name, uint32_t width, uint32_t height) {
    const char *path = scratch_path(name);
    make_parent(path);
    picture_file file = retune_path_has_extension(name, ".png") ? picture_png(width, height)
                                                                : picture_jpeg(width, height, 90);
    picture_save(&file, path);
    picture_free(&file);
}

void scratch_images(const char *folder, int count) {
    char name[256];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s/%03d.png", folder, i);
        scratch_image(name, (uint32_t)(8 + i % 40), (uint32_t)(8 + i / 40));
    }
}

void scratch_cats_and_dogs(int count) {
    scratch_images("cat", count);
    scratch_images("dog", count);
}
