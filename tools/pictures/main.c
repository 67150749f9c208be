/* retune_pictures: draws a set of class folders to train on, so that everything can be tried
 * without a photo or a pretrained network at hand. */
#include "jpeg.h"
#include "worlds.h"

#include <errno.h>
#include <limits.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct request {
    const char *folder;
    const char *world;
    int count, size, seed;
};

static int usage_error(const char *message, const char *detail) {
    fprintf(stderr, "retune_pictures: %s%s; see --help\n", message, detail);
    return 2;
}

static int file_error(const char *path) {
    fprintf(stderr, "retune_pictures: %s: %s\n", path, strerror(errno));
    return 3;
}

static bool make_folder(const char *path) {
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

/* The folder of one class and its pictures. */
static int draw_class(const struct request *request, const struct world *world, size_t class_index,
                      struct canvas *canvas) {
    char path[PATH_MAX];
    const char *name = world->classes[class_index].name;
    int length = snprintf(path, sizeof path, "%s/%s", request->folder, name);
    if (length < 0 || (size_t)length + 16 > sizeof path)
        return usage_error("the folder's path is too long", "");
    if (!make_folder(path))
        return file_error(path);
    for (int i = 0; i < request->count; i++) {
        snprintf(path + length, sizeof path - (size_t)length, "/%05d.jpg", i);
        world_picture(world, class_index, (uint32_t)i, (uint32_t)request->seed, canvas);
        if (!jpeg_write(canvas, path))
            return file_error(path);
    }
    return 0;
}

static int draw(const struct request *request) {
    const struct world *world = world_find(request->world);
    if (!world)
        return usage_error("no such world: ", request->world);
    if (request->count < 1 || request->count > 99999)
        return usage_error("--count is not in 1..99999", "");
    if (request->size < 16 || request->size > 2048)
        return usage_error("--size is not in 16..2048", "");
    if (request->seed < 0)
        return usage_error("--seed is negative", "");
    if (!make_folder(request->folder))
        return file_error(request->folder);
    struct canvas canvas = {request->size, calloc((size_t)request->size * (size_t)request->size,
                                                  sizeof *canvas.pixels)};
    if (!canvas.pixels)
        return file_error(request->folder);
    int code = 0;
    for (size_t i = 0; i < world->class_count && code == 0; i++)
        code = draw_class(request, world, i, &canvas);
    free(canvas.pixels);
    return code;
}

int main(int argc, char **argv) {
    struct request request = {.count = 200, .size = 96, .seed = 1};
    char *world = NULL;
    struct poptOption options[] = {
        {"world", 'w', POPT_ARG_STRING, &world, 0,
         "What is drawn: shapes (eight plain figures) or garden (five flowers)", "NAME"},
        {"count", 'n', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &request.count, 0,
         "Pictures a class", NULL},
        {"size", 's', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &request.size, 0,
         "Pixels along a side", NULL},
        {"seed", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &request.seed, 0,
         "Another seed, other pictures", NULL},
        POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    poptSetOtherOptionHelp(context, "[OPTION...] FOLDER");
    int parsed = poptGetNextOpt(context), code;
    request.folder = poptGetArg(context);
    request.world = world ? world : "shapes";
    if (parsed < -1)
        code = usage_error(poptBadOption(context, 0), ": wrong option");
    else if (!request.folder || poptPeekArg(context))
        code = usage_error("one folder is expected", "");
    else
        code = draw(&request);
    poptFreeContext(context);
    free(world);
    return code;
}
