/* garden: draws pictures to train on, so that everything can be tried without a photo at hand. It
 * ships none: a seed is all they are made of. */
#include "album.h"

#include <errno.h>
#include <popt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_FILE = 3 };

/* What stands on the command line. */
struct request {
    const char *verb, *world, *path, *more; /* NULL: missing */
    int count, size;
    long seed;
    bool counted; /* a count was given */
};

static int usage_error(const char *message, const char *detail) {
    fprintf(stderr, "garden: %s%s; see garden --help\n", message, detail);
    return EXIT_USAGE;
}

static int print_classes(const struct world *world) {
    for (size_t c = 0; c < world_class_count(world); c++)
        puts(world_class(world, c)->name);
    if (fflush(stdout) == 0)
        return EXIT_DONE;
    fprintf(stderr, "garden: standard output: %s\n", strerror(errno));
    return EXIT_FILE;
}

static int serve_album(const struct request *request, const struct world *world, bool sheet) {
    int most = sheet ? 100 : 99999;
    int count = request->counted ? request->count : sheet ? 8 : 300;
    if (!request->path || request->more)
        return usage_error(request->verb, " takes a world and one path");
    if (count < 1 || count > most)
        return usage_error("--count is not in 1..", sheet ? "100" : "99999");
    if (request->size < 16 || request->size > 1024)
        return usage_error("--size is not in 16..1024", "");
    if (request->seed < 0 || request->seed > UINT32_MAX)
        return usage_error("--seed is not in 0..4294967295", "");
    struct album album = {world, count, request->size, (uint32_t)request->seed};
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = sheet ? album_sheet(&album, request->path, &error)
                                 : album_draw(&album, request->path, &error);
    if (status == RETUNE_OK)
        return EXIT_DONE;
    fprintf(stderr, "garden: %s\n", error.message);
    return EXIT_FILE;
}

static int serve(const struct request *request) {
    if (!request->verb)
        return usage_error("a verb is missing", "");
    bool sheet = strcmp(request->verb, "sheet") == 0, draw = strcmp(request->verb, "draw") == 0;
    if (!sheet && !draw && strcmp(request->verb, "classes") != 0)
        return usage_error("no such verb: ", request->verb);
    if (!request->world)
        return usage_error("a world is missing", "");
    const struct world *world = world_find(request->world);
    if (!world)
        return usage_error("no such world: ", request->world);
    if (sheet || draw)
        return serve_album(request, world, sheet);
    return request->path ? usage_error("classes takes a world and nothing else", "")
                         : print_classes(world);
}

int main(int argc, char **argv) {
    struct request request = {.size = 128, .seed = 1};
    struct poptOption options[] = {{"count", 'n', POPT_ARG_INT, &request.count, 'n',
                                    "Pictures of each class (default: 300, on a sheet 8)", "N"},
                                   {"size", 's', POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT,
                                    &request.size, 0, "Pixels along a side of a picture", "N"},
                                   {"seed", 0, POPT_ARG_LONG | POPT_ARGFLAG_SHOW_DEFAULT,
                                    &request.seed, 0, "Another seed, other pictures", "N"},
                                   POPT_AUTOHELP POPT_TABLEEND};
    poptContext context = poptGetContext(NULL, argc, (const char **)argv, options, 0);
    poptSetOtherOptionHelp(
        context, "VERB WORLD [PATH]\n\n"
                 "  draw WORLD FOLDER    a new folder with one folder of JPEG files a class\n"
                 "  sheet WORLD FILE     one picture with a row a class; .png or .jpg\n"
                 "  classes WORLD        names of the classes\n\n"
                 "World things: figures, textures, creatures, objects. World flowers: five kinds.");
    int parsed, code;
    while ((parsed = poptGetNextOpt(context)) > 0)
        request.counted = true;
    request.verb = poptGetArg(context);
    request.world = poptGetArg(context);
    request.path = poptGetArg(context);
    request.more = poptPeekArg(context);
    if (parsed < -1) {
        fprintf(stderr, "garden: %s: %s; see garden --help\n",
                poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(parsed));
        code = EXIT_USAGE;
    } else {
        code = serve(&request);
    }
    poptFreeContext(context);
    return code;
}
