#include "base/file.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* "path: what: No such file or directory" */
static retune_status fail_io(retune_error *error, const char *path, const char *what, int number) {
    return retune_fail(error, RETUNE_IO, "%s: %s: %s", path, what, strerror(number));
}

/* ---- Paths --------------------------------------------------------------------------------- */

retune_status retune_path_join(const char *folder, const char *name, char **out_path,
                               retune_error *error) {
    if (folder[0] == '\0' || name[0] == '/')
        return retune_copy_text(name, out_path, error);
    const char *separator = folder[strlen(folder) - 1] == '/' ? "" : "/";
    return retune_format_text(out_path, error, "%s%s%s", folder, separator, name);
}

retune_status retune_path_folder(const char *path, char **out_folder, retune_error *error) {
    const char *end = strrchr(path, '/');
    if (!end)
        return retune_copy_text(".", out_folder, error);
    while (end > path && end[-1] == '/')
        end--;
    size_t length = end == path ? 1 : (size_t)(end - path); /* the folder of "/a" is "/" */
    *out_folder = strndup(path, length);
    return *out_folder ? RETUNE_OK : retune_fail_memory(error, length + 1, "path");
}

const char *retune_path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool retune_path_has_extension(const char *path, const char *extension) {
    const char *name = retune_path_name(path);
    size_t length = strlen(name), wanted = strlen(extension);
    if (length < wanted)
        return false;
    for (size_t i = 0; i < wanted; i++)
        if (lower(name[length - wanted + i]) != lower(extension[i]))
            return false;
    return true;
}

bool retune_file_exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool retune_folder_exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static retune_status make_one_folder(const char *path, retune_error *error) {
    if (mkdir(path, 0777) == 0)
        return RETUNE_OK;
    int number = errno; /* of an existing folder it may also be EROFS or EACCES */
    if (retune_folder_exists(path))
        return RETUNE_OK;
    return fail_io(error, path, "folder cannot be made", number);
}

retune_status retune_folder_make(const char *path, retune_error *error) {
    if (path[0] == '\0')
        return retune_fail(error, RETUNE_INVALID, "a folder without a name cannot be made");
    char *prefix = NULL;
    RETUNE_TRY(retune_copy_text(path, &prefix, error));
    retune_status status = RETUNE_OK;
    for (char *slash = strchr(prefix + 1, '/'); slash && status == RETUNE_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_one_folder(prefix, error);
        *slash = '/';
    }
    if (status == RETUNE_OK)
        status = make_one_folder(prefix, error);
    free(prefix);
    return status;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* Opens a regular file. Anything else is refused, and nothing here waits: a FIFO opened in the
 * ordinary way would block until somebody writes to it. */
static retune_status open_regular(const char *path, int *out_file, size_t *out_size,
                                  retune_error *error) {
    *out_file = -1;
    *out_size = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return fail_io(error, path, "cannot be opened", errno);
    retune_status status = RETUNE_OK;
    struct stat properties;
    if (fstat(file, &properties) != 0)
        status = fail_io(error, path, "cannot be examined", errno);
    else if (!S_ISREG(properties.st_mode))
        status = retune_fail(error, RETUNE_IO, "%s: is not a regular file", path);
    else if ((uintmax_t)properties.st_size > SIZE_MAX / 2)
        status = retune_fail(error, RETUNE_IO, "%s: is too large for this machine", path);
    if (status != RETUNE_OK) {
        close(file);
        return status;
    }
    *out_file = file;
    *out_size = (size_t)properties.st_size;
    return RETUNE_OK;
}

/* Reads up to `capacity` bytes, stopping early only at the end of the file. */
static retune_status read_up_to(int file, const char *path, unsigned char *data, size_t capacity,
                                size_t *out_size, retune_error *error) {
    *out_size = 0;
    while (*out_size < capacity) {
        ssize_t got = read(file, data + *out_size, capacity - *out_size);
        if (got == 0)
            break;
        if (got > 0)
            *out_size += (size_t)got;
        else if (errno != EINTR)
            return fail_io(error, path, "cannot be read", errno);
    }
    return RETUNE_OK;
}

retune_status retune_file_read(const char *path, size_t limit, unsigned char **out_data,
                               size_t *out_size, retune_error *error) {
    *out_data = NULL;
    *out_size = 0;
    int file;
    size_t size, got;
    RETUNE_TRY(open_regular(path, &file, &size, error));
    unsigned char *data = NULL;
    retune_status status = RETUNE_OK;
    if (size > limit) {
        status = retune_fail(error, RETUNE_IO, "%s: has %zu bytes; at most %zu are allowed here",
                             path, size, limit);
        goto done;
    }
    data = malloc(size + 1);
    if (!data) {
        status = retune_fail_memory(error, size + 1, path);
        goto done;
    }
    /* One byte more than there should be shows that the file is growing. */
    status = read_up_to(file, path, data, size + 1, &got, error);
    if (status != RETUNE_OK)
        goto done;
    if (got != size) {
        status = retune_fail(error, RETUNE_IO, "%s: changed while it was read", path);
        goto done;
    }
    data[size] = '\0';
    *out_data = data;
    *out_size = size;
    data = NULL;
done:
    free(data);
    close(file);
    return status;
}

retune_status retune_file_map_open(const char *path, retune_file_map *out_map,
                                   retune_error *error) {
    *out_map = (retune_file_map){0};
    int file;
    size_t size;
    RETUNE_TRY(open_regular(path, &file, &size, error));
    retune_status status = RETUNE_OK;
    static const unsigned char nothing[1] = {0};
    if (size == 0) { /* mmap refuses an empty range */
        out_map->data = nothing;
    } else {
        void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED)
            status = fail_io(error, path, "cannot be mapped", errno);
        else
            *out_map = (retune_file_map){.data = data, .size = size};
    }
    close(file); /* the mapping keeps the file */
    return status;
}

void retune_file_map_close(retune_file_map *map) {
    if (map->size > 0)
        munmap((void *)(uintptr_t)map->data, map->size);
    *map = (retune_file_map){0};
}

/* ---- Writing ------------------------------------------------------------------------------- */

#define TEMPORARY_NAME_MAX 64
#define BUFFER_BYTES       ((size_t)64 * 1024)

/* Names are relative to the open folder, so that nothing changes when the process changes its
 * working folder or somebody renames a folder above. */
struct retune_file_writer {
    char *path; /* as the caller wrote it */
    int folder, file;
    int failure;                        /* errno of the first write that failed */
    char temporary[TEMPORARY_NAME_MAX]; /* empty: there is none */
    size_t buffered;
    unsigned char buffer[BUFFER_BYTES];
};

static retune_status open_target_folder(retune_file_writer *writer, retune_error *error) {
    const char *name = retune_path_name(writer->path);
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return retune_fail(error, RETUNE_IO, "%s: cannot be written: it names a folder",
                           writer->path);
    char *folder = NULL;
    RETUNE_TRY(retune_path_folder(writer->path, &folder, error));
    writer->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (writer->folder < 0)
        return fail_io(error, writer->path, "its folder cannot be opened", errno);
    /* Renaming over a device would replace it. */
    struct stat properties;
    if (fstatat(writer->folder, name, &properties, 0) == 0 && !S_ISREG(properties.st_mode))
        return retune_fail(error, RETUNE_IO, "%s: cannot be written: it is not a regular file",
                           writer->path);
    return RETUNE_OK;
}

/* Names of temporary files. */
#define TEMPORARY_BEGIN ".retune-"
#define TEMPORARY_END   ".tmp"

static retune_status open_temporary(retune_file_writer *writer, retune_error *error) {
    static atomic_uint counter;
    for (int attempt = 0; attempt < 100; attempt++) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(writer->temporary, sizeof writer->temporary,
                 TEMPORARY_BEGIN "%lx-%x-%lx" TEMPORARY_END, (unsigned long)getpid(),
                 atomic_fetch_add(&counter, 1), (unsigned long)now.tv_nsec);
        writer->file = openat(writer->folder, writer->temporary,
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (writer->file >= 0)
            return RETUNE_OK;
        if (errno != EEXIST)
            break;
    }
    int number = errno;
    writer->temporary[0] = '\0';
    return fail_io(error, writer->path, "cannot be written", number);
}

retune_status retune_file_writer_open(const char *path, retune_file_writer **out_writer,
                                      retune_error *error) {
    *out_writer = NULL;
    retune_file_writer *writer = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *writer, "file buffer", &writer, error));
    writer->folder = writer->file = -1;
    retune_status status = retune_copy_text(path, &writer->path, error);
    if (status == RETUNE_OK)
        status = open_target_folder(writer, error);
    if (status == RETUNE_OK)
        status = open_temporary(writer, error);
    if (status == RETUNE_OK)
        *out_writer = writer;
    else
        retune_file_writer_discard(writer);
    return status;
}

static retune_status write_through(retune_file_writer *writer, const unsigned char *data,
                                   size_t size, retune_error *error) {
    while (size > 0 && writer->failure == 0) {
        ssize_t written = write(writer->file, data, size);
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        } else if (written == 0) {
            writer->failure = ENOSPC;
        } else if (errno != EINTR) {
            writer->failure = errno;
        }
    }
    if (writer->failure != 0)
        return fail_io(error, writer->path, "cannot be written", writer->failure);
    return RETUNE_OK;
}

retune_status retune_file_writer_write(retune_file_writer *writer, const void *data, size_t size,
                                       retune_error *error) {
    if (size > BUFFER_BYTES - writer->buffered || writer->failure != 0) {
        RETUNE_TRY(write_through(writer, writer->buffer, writer->buffered, error));
        writer->buffered = 0;
    }
    if (size >= BUFFER_BYTES)
        return write_through(writer, data, size, error);
    if (size > 0)
        memcpy(writer->buffer + writer->buffered, data, size);
    writer->buffered += size;
    return RETUNE_OK;
}

static retune_status publish(retune_file_writer *writer, retune_error *error) {
    RETUNE_TRY(write_through(writer, writer->buffer, writer->buffered, error));
    if (fsync(writer->file) != 0)
        return fail_io(error, writer->path, "cannot be flushed to disk", errno);
    int closed = close(writer->file); /* network file systems report a full disk here */
    writer->file = -1;
    if (closed != 0 && errno != EINTR)
        return fail_io(error, writer->path, "cannot be written", errno);
    if (renameat(writer->folder, writer->temporary, writer->folder,
                 retune_path_name(writer->path)) != 0)
        return fail_io(error, writer->path, "cannot be replaced", errno);
    writer->temporary[0] = '\0';
    /* Some file systems cannot flush folders and say EINVAL: their renames are durable. */
    if (fsync(writer->folder) != 0 && errno != EINVAL)
        return fail_io(error, writer->path, "is written, but its folder cannot be flushed to disk",
                       errno);
    return RETUNE_OK;
}

retune_status retune_file_writer_commit(retune_file_writer *writer, retune_error *error) {
    retune_status status = publish(writer, error);
    retune_file_writer_discard(writer);
    return status;
}

void retune_file_writer_discard(retune_file_writer *writer) {
    if (!writer)
        return;
    if (writer->file >= 0)
        close(writer->file);
    if (writer->temporary[0] != '\0')
        unlinkat(writer->folder, writer->temporary, 0);
    if (writer->folder >= 0)
        close(writer->folder);
    free(writer->path);
    free(writer);
}

retune_status retune_file_write(const char *path, const void *data, size_t size,
                                retune_error *error) {
    retune_file_writer *writer = NULL;
    RETUNE_TRY(retune_file_writer_open(path, &writer, error));
    retune_status status = retune_file_writer_write(writer, data, size, error);
    if (status == RETUNE_OK)
        return retune_file_writer_commit(writer, error);
    retune_file_writer_discard(writer);
    return status;
}

void retune_file_remove_leftovers(const char *folder) {
    static const char begin[] = TEMPORARY_BEGIN, end[] = TEMPORARY_END;
    DIR *stream = opendir(folder);
    if (!stream)
        return;
    for (const struct dirent *entry; (entry = readdir(stream));) {
        size_t length = strlen(entry->d_name);
        if (length >= sizeof begin + sizeof end - 2 &&
            strncmp(entry->d_name, begin, sizeof begin - 1) == 0 &&
            strcmp(entry->d_name + length - (sizeof end - 1), end) == 0)
            (void)unlinkat(dirfd(stream), entry->d_name, 0);
    }
    closedir(stream);
}
