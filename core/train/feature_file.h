/* The file of a feature store: a header, a table of rows, an index of keys and checksums.
 *
 *   0       header: magic, version, row description, network, number of rows, checksum
 *   4096    rows, dense
 *   then    index, at a multiple of 4096: a key and a checksum for each row
 *
 * Rows are written with ordinary writes and read through a mapping: a write that fails is an error
 * instead of a signal, and what was written takes no memory of the process. No order of writes
 * matters, because a row is believed only when its checksum, which covers its key, is right. */
#ifndef RETUNE_TRAIN_FEATURE_FILE_H
#define RETUNE_TRAIN_FEATURE_FILE_H

#include "base/hash.h"

/* A line of the index; all zero: the row is free. */
typedef struct retune_feature_entry {
    retune_hash key;
    uint64_t checksum;
} retune_feature_entry;

typedef struct retune_feature_file {
    char *path;
    char *notice; /* why the file is a private one, or NULL */
    int file;
    retune_hash network;
    retune_tensor_desc row;
    size_t row_bytes;
    size_t rows;
    retune_feature_entry *entries; /* of `rows` rows */
    unsigned char *buffer;         /* of one row */
    void *mapping;
    size_t mapping_bytes;
} retune_feature_file;

/* Opens or makes the file for a network and a row description, and reads its index. A file that
 * cannot be trusted as a whole is opened as one without rows; one that another run holds is
 * replaced by a private one. Close it also after a failure. */
retune_status retune_feature_file_open(const char *folder, retune_hash network,
                                       const retune_tensor_desc *row, retune_feature_file *out_file,
                                       retune_error *error);
void retune_feature_file_close(retune_feature_file *file);

/* Whether a row's bytes are those its entry was made for. */
bool retune_feature_file_verify(retune_feature_file *file, size_t row);

/* Takes disk space for `rows` rows, at least as many as there are, writes the index and maps the
 * table. Once, before any write. IO: the file is as it was. */
retune_status retune_feature_file_settle(retune_feature_file *file, size_t rows,
                                         retune_error *error);

/* The mapped rows, after settling. */
const void *retune_feature_file_table(const retune_feature_file *file);

/* Writes a row and its entry. */
retune_status retune_feature_file_write(retune_feature_file *file, size_t row, retune_hash key,
                                        const void *data, retune_error *error);

/* Drops the mapped pages from the process. */
void retune_feature_file_release(retune_feature_file *file);

#endif
