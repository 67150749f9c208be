#include "train/feature_file.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/tensor_desc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)4096)
#define VERSION    1u

typedef struct file_header {
    char magic[8];
    uint32_t version;
    uint32_t dtype, rank, reserved;
    int64_t shape[RETUNE_RANK_MAX];
    retune_hash network;
    uint64_t rows;
    uint64_t checksum; /* of what stands before it */
} file_header;

_Static_assert(sizeof(file_header) == 88, "file layout");
_Static_assert(sizeof(retune_feature_entry) == 24, "file layout");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "feature files are little-endian");

static file_header make_header(const retune_feature_file *file, uint64_t rows) {
    file_header header = {.magic = "RETUNEFS",
                          .version = VERSION,
                          .dtype = file->row.dtype,
                          .rank = file->row.rank,
                          .network = file->network,
                          .rows = rows};
    for (uint32_t d = 0; d < file->row.rank; d++)
        header.shape[d] = file->row.shape[d];
    header.checksum = retune_hash_checksum(&header, offsetof(file_header, checksum));
    return header;
}

/* Where the parts of a file of `rows` rows end. False when no file can be that large. */
typedef struct file_layout {
    size_t rows_end, index, size;
} file_layout;

static bool make_layout(const retune_feature_file *file, uint64_t rows, file_layout *out_layout) {
    *out_layout = (file_layout){0};
    size_t bytes;
    if (rows > UINT32_MAX || !retune_size_multiply((size_t)rows, file->row_bytes, &bytes) ||
        !retune_size_add(bytes, PAGE_BYTES, &out_layout->rows_end) ||
        !retune_size_add(out_layout->rows_end, PAGE_BYTES - 1, &out_layout->index))
        return false;
    out_layout->index -= out_layout->index % PAGE_BYTES;
    return retune_size_multiply((size_t)rows, sizeof *file->entries, &bytes) &&
           retune_size_add(out_layout->index, bytes, &out_layout->size) &&
           out_layout->size <= INT64_MAX;
}

static size_t row_offset(const retune_feature_file *file, size_t row) {
    return PAGE_BYTES + row * file->row_bytes;
}

/* ---- Bytes --------------------------------------------------------------------------------- */

static retune_status fail_io(const retune_feature_file *file, const char *what, int number,
                             retune_error *error) {
    return retune_fail(error, RETUNE_IO, "%s: %s: %s", file->path, what, strerror(number));
}

/* False when the bytes are not there or cannot be read. */
static bool read_at(const retune_feature_file *file, void *data, size_t size, size_t offset) {
    unsigned char *bytes = data;
    while (size > 0) {
        ssize_t got = pread(file->file, bytes, size, (off_t)offset);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        if (got > 0) {
            bytes += got;
            offset += (size_t)got;
            size -= (size_t)got;
        }
    }
    return true;
}

static retune_status write_at(const retune_feature_file *file, const void *data, size_t size,
                              size_t offset, retune_error *error) {
    const unsigned char *bytes = data;
    while (size > 0) {
        ssize_t written = pwrite(file->file, bytes, size, (off_t)offset);
        if (written == 0 || (written < 0 && errno != EINTR))
            return fail_io(file, "features cannot be written", written ? errno : ENOSPC, error);
        if (written > 0) {
            bytes += written;
            offset += (size_t)written;
            size -= (size_t)written;
        }
    }
    return RETUNE_OK;
}

/* ---- Opening ------------------------------------------------------------------------------- */

/* Opens the lasting file and locks it; the lock goes when the file is closed, however the process
 * ends. Failing, gives the errno. */
static int open_lasting(retune_feature_file *file) {
    file->file = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (file->file < 0)
        return errno;
    struct stat properties;
    int failure = 0;
    if (fstat(file->file, &properties) != 0 || flock(file->file, LOCK_EX | LOCK_NB) != 0)
        failure = errno;
    else if (!S_ISREG(properties.st_mode))
        failure = EINVAL;
    if (failure == 0)
        return 0;
    close(file->file);
    file->file = -1;
    return failure;
}

/* A file without a name: it goes with the process. */
static retune_status open_private(retune_feature_file *file, const char *folder,
                                  retune_error *error) {
    char *name = NULL;
    RETUNE_TRY(retune_path_join(folder, ".retune-XXXXXX", &name, error));
    retune_status status = RETUNE_OK;
    file->file = mkostemp(name, O_CLOEXEC);
    if (file->file < 0 || unlink(name) != 0)
        status = fail_io(file, "no file for features can be made in its folder", errno, error);
    free(name);
    return status;
}

/* Reads the index of a file whose header is what we would write ourselves. Anything else leaves
 * the file without rows. */
static retune_status read_index(retune_feature_file *file, retune_error *error) {
    file_header header, expected;
    struct stat properties;
    file_layout layout;
    bool ours = read_at(file, &header, sizeof header, 0);
    if (ours) {
        expected = make_header(file, header.rows);
        ours = memcmp(&header, &expected, sizeof header) == 0 &&
               make_layout(file, header.rows, &layout) && fstat(file->file, &properties) == 0 &&
               (uint64_t)properties.st_size >= layout.size;
    }
    if (!ours)
        return RETUNE_OK;
    size_t rows = (size_t)header.rows;
    RETUNE_TRY(
        retune_allocate(rows, sizeof *file->entries, "index of features", &file->entries, error));
    if (read_at(file, file->entries, rows * sizeof *file->entries, layout.index))
        file->rows = rows;
    return RETUNE_OK;
}

/* The description is part of the name: stores of other precisions live side by side. */
static retune_status name_file(retune_feature_file *file, const char *folder, retune_error *error) {
    file_header header = make_header(file, 0);
    char text[RETUNE_HASH_TEXT_MAX], *name = NULL;
    retune_hash_text(retune_hash_bytes(&header, sizeof header), text);
    RETUNE_TRY(retune_format_text(&name, error, "%s.features", text));
    retune_status status = retune_path_join(folder, name, &file->path, error);
    free(name);
    return status;
}

retune_status retune_feature_file_open(const char *folder, retune_hash network,
                                       const retune_tensor_desc *row, retune_feature_file *out_file,
                                       retune_error *error) {
    retune_feature_file *file = out_file;
    *file = (retune_feature_file){.file = -1, .network = network, .row = *row};
    RETUNE_TRY(retune_desc_bytes(row, &file->row_bytes, error));
    RETUNE_TRY(retune_folder_make(folder, error));
    RETUNE_TRY(name_file(file, folder, error));
    RETUNE_TRY(retune_allocate_aligned(file->row_bytes, "a row of features", &file->buffer, error));
    int failure = open_lasting(file);
    if (failure == 0)
        return read_index(file, error);
    const char *reason = failure == EWOULDBLOCK ? "another run is using it" : strerror(failure);
    RETUNE_TRY(retune_format_text(&file->notice, error,
                                  "%s: %s; the features of this run will not be kept", file->path,
                                  reason));
    return open_private(file, folder, error);
}

void retune_feature_file_close(retune_feature_file *file) {
    if (file->mapping)
        munmap(file->mapping, file->mapping_bytes);
    if (file->file >= 0)
        close(file->file);
    free(file->entries);
    free(file->buffer);
    free(file->notice);
    free(file->path);
    *file = (retune_feature_file){.file = -1};
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static uint64_t row_checksum(const retune_feature_file *file, retune_hash key, const void *data) {
    return retune_hash_combine(retune_hash_bytes(data, file->row_bytes), key).low;
}

bool retune_feature_file_verify(retune_feature_file *file, size_t row) {
    const retune_feature_entry *entry = &file->entries[row];
    return read_at(file, file->buffer, file->row_bytes, row_offset(file, row)) &&
           row_checksum(file, entry->key, file->buffer) == entry->checksum;
}

/* Makes the file `size` bytes long, with the disk space to fill them. Only what no index speaks of
 * is cut off. */
static retune_status take_space(retune_feature_file *file, size_t size, retune_error *error) {
    struct stat before;
    if (fstat(file->file, &before) != 0)
        return fail_io(file, "cannot be examined", errno, error);
    int failure;
    do
        failure = posix_fallocate(file->file, 0, (off_t)size);
    while (failure == EINTR);
    /* Where space cannot be taken in advance, a full disk shows when rows are written. */
    if (failure == EOPNOTSUPP || failure == EINVAL)
        failure = ftruncate(file->file, (off_t)size) == 0 ? 0 : errno;
    else if (failure == 0 && (size_t)before.st_size > size)
        failure = ftruncate(file->file, (off_t)size) == 0 ? 0 : errno;
    if (failure == 0)
        return RETUNE_OK;
    if (before.st_size == 0 && !file->notice)
        unlink(file->path);
    else if (ftruncate(file->file, before.st_size) != 0)
        return fail_io(file, "cannot be shortened", errno, error);
    return retune_fail(error, RETUNE_IO, "%s: %zu bytes for features cannot be had: %s", file->path,
                       size, strerror(failure));
}

static retune_status write_index(retune_feature_file *file, const file_layout *layout,
                                 retune_error *error) {
    file_header header = make_header(file, file->rows);
    RETUNE_TRY(
        write_at(file, file->entries, file->rows * sizeof *file->entries, layout->index, error));
    return write_at(file, &header, sizeof header, 0, error);
}

retune_status retune_feature_file_settle(retune_feature_file *file, size_t rows,
                                         retune_error *error) {
    file_layout layout;
    if (!make_layout(file, rows, &layout))
        return retune_fail(error, RETUNE_INVALID, "%s: %zu rows of %zu bytes are too many",
                           file->path, rows, file->row_bytes);
    RETUNE_TRY(take_space(file, layout.size, error));
    retune_feature_entry *entries = NULL;
    RETUNE_TRY(retune_allocate(rows, sizeof *entries, "index of features", &entries, error));
    if (file->rows > 0)
        memcpy(entries, file->entries, file->rows * sizeof *entries);
    free(file->entries);
    file->entries = entries;
    file->rows = rows;
    RETUNE_TRY(write_index(file, &layout, error));
    void *mapping = mmap(NULL, layout.rows_end, PROT_READ, MAP_SHARED, file->file, 0);
    if (mapping == MAP_FAILED)
        return fail_io(file, "cannot be mapped", errno, error);
    file->mapping = mapping;
    file->mapping_bytes = layout.rows_end;
    return RETUNE_OK;
}

const void *retune_feature_file_table(const retune_feature_file *file) {
    return (const unsigned char *)file->mapping + PAGE_BYTES;
}

retune_status retune_feature_file_write(retune_feature_file *file, size_t row, retune_hash key,
                                        const void *data, retune_error *error) {
    file_layout layout;
    make_layout(file, file->rows, &layout);
    RETUNE_TRY(write_at(file, data, file->row_bytes, row_offset(file, row), error));
    retune_feature_entry *entry = &file->entries[row];
    *entry = (retune_feature_entry){.key = key, .checksum = row_checksum(file, key, data)};
    return write_at(file, entry, sizeof *entry, layout.index + row * sizeof *entry, error);
}

void retune_feature_file_release(retune_feature_file *file) {
    madvise(file->mapping, file->mapping_bytes, MADV_DONTNEED);
}
