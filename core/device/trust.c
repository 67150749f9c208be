#include "device/trust.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it */

/* A path on the way to being resolved. */
typedef struct walk {
    char *done;       /* resolved and checked; "" is the root */
    char *rest;       /* what is still to be followed */
    struct stat last; /* of `done` */
    int links;
} walk;

static retune_status fail_errno(const char *path, retune_error *error) {
    return retune_fail(error, RETUNE_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

static retune_status fail_writable(const char *path, const char *what, const struct stat *entry,
                                   retune_error *error) {
    return retune_fail(error, RETUNE_UNAVAILABLE,
                       "%s: refused, the %s can be written by others (mode %04o)", path, what,
                       (unsigned)entry->st_mode & 07777u);
}

/* Checks the folder `w->done` for the sake of one of its entries. */
static retune_status check_folder(const walk *w, const char *path, const struct stat *entry,
                                  retune_error *error) {
    const char *folder = w->done[0] ? w->done : "/";
    struct stat above;
    if (stat(folder, &above) != 0)
        return fail_errno(folder, error);
    if (!(above.st_mode & S_IWOTH))
        return RETUNE_OK;
    if (!S_ISDIR(entry->st_mode) || !(above.st_mode & S_ISVTX))
        return fail_writable(folder, "folder", &above, error);
    if (entry->st_uid != 0 && entry->st_uid != geteuid())
        return retune_fail(error, RETUNE_UNAVAILABLE,
                           "%s: refused, it belongs to user %u and lies in %s, which can be "
                           "written by others (mode %04o)",
                           path, (unsigned)entry->st_uid, folder, (unsigned)above.st_mode & 07777u);
    return RETUNE_OK;
}

/* Puts the target of the link `path` in front of what is left. */
static retune_status follow(walk *w, const char *path, const struct stat *entry,
                            retune_error *error) {
    const size_t size = entry->st_size > 0 ? (size_t)entry->st_size : 4096;
    char *target = NULL, *rest = NULL;
    if (++w->links > LINKS_MAX) {
        errno = ELOOP;
        return fail_errno(path, error);
    }
    RETUNE_TRY(retune_allocate(size + 1, 1, "a link", &target, error));
    const ssize_t length = readlink(path, target, size);
    retune_status status = RETUNE_OK;
    if (length < 0)
        status = fail_errno(path, error);
    if (status == RETUNE_OK)
        status = retune_format_text(&rest, error, "%s/%s", target, w->rest);
    if (status == RETUNE_OK) {
        if (target[0] == '/')
            w->done[0] = '\0';
        free(w->rest);
        w->rest = rest;
    }
    free(target);
    return status;
}

/* One step: the next component of what is left. */
static retune_status step(walk *w, const char *name, retune_error *error) {
    char *path = NULL;
    struct stat entry;
    if (strcmp(name, ".") == 0)
        return RETUNE_OK;
    if (strcmp(name, "..") == 0) {
        char *slash = strrchr(w->done, '/');
        if (slash)
            *slash = '\0';
        return RETUNE_OK;
    }
    RETUNE_TRY(retune_format_text(&path, error, "%s/%s", w->done, name));
    retune_status status = lstat(path, &entry) == 0 ? RETUNE_OK : fail_errno(path, error);
    if (status == RETUNE_OK)
        status = check_folder(w, path, &entry, error);
    if (status == RETUNE_OK && S_ISLNK(entry.st_mode)) {
        status = follow(w, path, &entry, error);
    } else if (status == RETUNE_OK) {
        free(w->done);
        w->done = path;
        w->last = entry;
        return RETUNE_OK;
    }
    free(path);
    return status;
}

static retune_status walk_all(walk *w, retune_error *error) {
    while (w->rest[0] != '\0') {
        char *name = w->rest + strspn(w->rest, "/"), *copy = NULL;
        const size_t length = strcspn(name, "/");
        RETUNE_TRY(retune_format_text(&copy, error, "%.*s", (int)length, name));
        memmove(w->rest, name + length, strlen(name + length) + 1);
        const retune_status status = length > 0 ? step(w, copy, error) : RETUNE_OK;
        free(copy);
        RETUNE_TRY(status);
    }
    if (!S_ISREG(w->last.st_mode))
        return retune_fail(error, RETUNE_UNAVAILABLE, "%s: not a regular file", w->done);
    return w->last.st_mode & S_IWOTH ? fail_writable(w->done, "file", &w->last, error) : RETUNE_OK;
}

retune_status retune_trust_file(const char *path, char **out_resolved, retune_error *error) {
    walk w = {0};
    *out_resolved = NULL;
    retune_status status =
        path[0] == '/' ? retune_copy_text(path, &w.rest, error)
                       : retune_fail(error, RETUNE_UNAVAILABLE, "%s: not an absolute path", path);
    if (status == RETUNE_OK)
        status = retune_copy_text("", &w.done, error);
    if (status == RETUNE_OK)
        status = walk_all(&w, error);
    if (status == RETUNE_OK) {
        *out_resolved = w.done;
        w.done = NULL;
    }
    free(w.done);
    free(w.rest);
    return status;
}
