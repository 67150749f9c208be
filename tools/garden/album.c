#include "album.h"

#include "base/file.h"
#include "base/memory.h"
#include "picture_file.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SHEET_GAP 2 /* pixels between the pictures of a sheet */

/* What pictures are drawn with, one after the other. */
struct easel {
    struct canvas canvas;
    struct bitmap bitmap;
};

static retune_status easel_open(const struct album *album, int width, int height,
                                struct easel *out_easel, retune_error *error) {
    size_t pixels = (size_t)album->size * (size_t)album->size;
    *out_easel = (struct easel){.canvas = {.size = album->size}};
    RETUNE_TRY(retune_allocate(pixels, sizeof *out_easel->canvas.pixels, "a canvas",
                               &out_easel->canvas.pixels, error));
    return bitmap_make(width, height, &out_easel->bitmap, error);
}

static void easel_close(struct easel *easel) {
    free(easel->bitmap.bytes);
    free(easel->canvas.pixels);
}

/* ---- Folders ------------------------------------------------------------------------------- */

static retune_status fail_errno(const char *path, retune_error *error) {
    return retune_fail(error, RETUNE_IO, "%s: %s", path, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

/* A folder and all that is in it; none need be there. */
static retune_status remove_folder(const char *path, retune_error *error) {
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT)
        return RETUNE_OK;
    return fail_errno(path, error);
}

/* A file in a folder that is thrown away when something goes wrong, so without retune_file_write's
 * care, which takes a moment for each of thousands. */
static retune_status write_plainly(const char *path, const unsigned char *data, size_t size,
                                   retune_error *error) {
    FILE *file = fopen(path, "wb");
    if (!file)
        return fail_errno(path, error);
    bool good = fwrite(data, 1, size, file) == size;
    good = fclose(file) == 0 && good;
    return good ? RETUNE_OK : fail_errno(path, error);
}

static retune_status draw_picture(const struct album *album, size_t class_index, int number,
                                  const char *folder, struct easel *easel, retune_error *error) {
    char *path = NULL;
    unsigned char *data = NULL;
    size_t size = 0;
    world_picture(album->world, class_index, (uint32_t)number, album->seed, &easel->canvas);
    bitmap_put(&easel->bitmap, 0, 0, &easel->canvas);
    RETUNE_TRY(retune_format_text(&path, error, "%s/%05d.jpg", folder, number));
    retune_status status = bitmap_encode(&easel->bitmap, path, &data, &size, error);
    if (status == RETUNE_OK)
        status = write_plainly(path, data, size, error);
    free(data);
    free(path);
    return status;
}

static retune_status draw_class(const struct album *album, size_t class_index, const char *folder,
                                struct easel *easel, retune_error *error) {
    char *path = NULL;
    RETUNE_TRY(
        retune_path_join(folder, world_class(album->world, class_index)->name, &path, error));
    retune_status status = retune_folder_make(path, error);
    for (int i = 0; i < album->count && status == RETUNE_OK; i++)
        status = draw_picture(album, class_index, i, path, easel, error);
    free(path);
    return status;
}

/* Fills a folder that only this program uses. */
static retune_status draw_part(const struct album *album, const char *part, retune_error *error) {
    struct easel easel;
    RETUNE_TRY(remove_folder(part, error));
    RETUNE_TRY(retune_folder_make(part, error));
    retune_status status = easel_open(album, album->size, album->size, &easel, error);
    for (size_t c = 0; c < world_class_count(album->world) && status == RETUNE_OK; c++)
        status = draw_class(album, c, part, &easel, error);
    easel_close(&easel);
    return status;
}

retune_status album_draw(const struct album *album, const char *folder, retune_error *error) {
    struct stat properties;
    char *part = NULL;
    if (lstat(folder, &properties) == 0)
        return retune_fail(error, RETUNE_IO,
                           "%s: is there already; remove it, or name another folder", folder);
    RETUNE_TRY(retune_format_text(&part, error, "%s.part", folder));
    retune_status status = draw_part(album, part, error);
    if (status == RETUNE_OK && rename(part, folder) != 0)
        status = fail_errno(folder, error);
    if (status != RETUNE_OK)
        (void)remove_folder(part, NULL); /* the first error is the one to tell */
    free(part);
    return status;
}

/* ---- Sheets -------------------------------------------------------------------------------- */

static retune_status write_sheet(const struct bitmap *sheet, const char *path,
                                 retune_error *error) {
    unsigned char *data = NULL;
    size_t size = 0;
    RETUNE_TRY(bitmap_encode(sheet, path, &data, &size, error));
    retune_status status = retune_file_write(path, data, size, error);
    free(data);
    return status;
}

retune_status album_sheet(const struct album *album, const char *path, retune_error *error) {
    int step = album->size + SHEET_GAP, rows = (int)world_class_count(album->world);
    struct easel easel;
    retune_status status =
        easel_open(album, step * album->count - SHEET_GAP, step * rows - SHEET_GAP, &easel, error);
    for (int row = 0; row < rows && status == RETUNE_OK; row++)
        for (int column = 0; column < album->count; column++) {
            world_picture(album->world, (size_t)row, (uint32_t)column, album->seed, &easel.canvas);
            bitmap_put(&easel.bitmap, column * step, row * step, &easel.canvas);
        }
    if (status == RETUNE_OK)
        status = write_sheet(&easel.bitmap, path, error);
    easel_close(&easel);
    return status;
}
