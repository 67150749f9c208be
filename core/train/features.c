#include "train/features.h"

#include "base/half.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "train/feature_file.h"

#include <string.h>

#define NO_POSITION UINT32_MAX

struct retune_feature_store {
    bool on_disk;
    retune_feature_file file; /* on disk */
    unsigned char *memory;    /* the table in memory; on disk NULL */
    unsigned char *scratch;   /* on disk: a row on its way to the file */
    bool half;
    size_t row_bytes, elements;
    size_t row_count, table_rows;
    retune_hash *keys;   /* by row */
    uint32_t *positions; /* by row */
    bool *present;       /* by position */
};

/* ---- Places of rows ------------------------------------------------------------------------ */

/* A key that is wanted, and where its row is. */
typedef struct wanted_key {
    retune_hash key;
    uint32_t row; /* the first with this key */
    uint32_t position;
} wanted_key;

static int compare_keys(const void *a, const void *b) {
    const wanted_key *x = a, *y = b;
    if (x->key.high != y->key.high)
        return x->key.high < y->key.high ? -1 : 1;
    if (x->key.low != y->key.low)
        return x->key.low < y->key.low ? -1 : 1;
    return 0;
}

static wanted_key *find_key(wanted_key *wanted, size_t count, retune_hash key) {
    const wanted_key sought = {.key = key};
    return bsearch(&sought, wanted, count, sizeof *wanted, compare_keys);
}

static int compare_keys_and_rows(const void *a, const void *b) {
    const wanted_key *x = a, *y = b;
    int order = compare_keys(a, b);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* The different keys of the rows, in order, none placed yet. */
static retune_status list_keys(const retune_hash *keys, size_t count, wanted_key **out_wanted,
                               size_t *out_count, retune_error *error) {
    *out_count = 0;
    RETUNE_TRY(retune_allocate(count, sizeof **out_wanted, "keys of rows", out_wanted, error));
    wanted_key *wanted = *out_wanted;
    for (size_t i = 0; i < count; i++)
        wanted[i] = (wanted_key){.key = keys[i], .row = (uint32_t)i, .position = NO_POSITION};
    qsort(wanted, count, sizeof *wanted, compare_keys_and_rows);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_keys(&wanted[i], &wanted[*out_count - 1]) != 0)
            wanted[(*out_count)++] = wanted[i];
    return RETUNE_OK;
}

/* What becomes of a row of the file. */
enum { ROW_FREE, ROW_WANTED, ROW_KEPT };

/* Finds the wanted rows that the file already has. The others stay, for runs that want them. */
static void find_rows_in_file(retune_feature_file *file, wanted_key *wanted, size_t wanted_count,
                              unsigned char *states) {
    for (size_t i = 0; i < file->rows; i++) {
        const retune_feature_entry *entry = &file->entries[i];
        wanted_key *key = find_key(wanted, wanted_count, entry->key);
        if (!key) {
            bool empty = entry->checksum == 0 && retune_hash_equal(entry->key, (retune_hash){0});
            states[i] = empty ? ROW_FREE : ROW_KEPT;
        } else if (key->position == NO_POSITION && retune_feature_file_verify(file, i)) {
            states[i] = ROW_WANTED;
            key->position = (uint32_t)i;
        }
    }
}

/* Gives every key without a place the next free row, in the order the rows were asked for, which is
 * the order in which they will be filled. Gives the number of rows the table needs. */
static size_t place_keys(retune_feature_store *store, const unsigned char *states, size_t rows,
                         wanted_key *wanted, size_t wanted_count) {
    size_t next = 0, used = rows;
    for (size_t row = 0; row < store->row_count; row++) {
        wanted_key *key = find_key(wanted, wanted_count, store->keys[row]);
        if (key->position == NO_POSITION) {
            while (next < rows && states[next] != ROW_FREE)
                next++;
            key->position = (uint32_t)next++;
            if (next > used)
                used = next;
        }
        store->positions[row] = key->position;
    }
    return used > 0 ? used : 1;
}

static void mark_present(retune_feature_store *store, const unsigned char *states, size_t rows) {
    for (size_t i = 0; i < rows; i++)
        store->present[i] = states[i] == ROW_WANTED;
}

static retune_status place_rows(retune_feature_store *store, retune_error *error) {
    wanted_key *wanted = NULL;
    size_t wanted_count, rows = store->file.rows;
    unsigned char *states = NULL;
    retune_status status = list_keys(store->keys, store->row_count, &wanted, &wanted_count, error);
    if (status == RETUNE_OK)
        status = retune_allocate(rows, 1, "states of rows", &states, error);
    if (status != RETUNE_OK)
        goto done;
    find_rows_in_file(&store->file, wanted, wanted_count, states);
    store->table_rows = place_keys(store, states, rows, wanted, wanted_count);
    status = retune_allocate(store->table_rows, sizeof *store->present, "states of rows",
                             &store->present, error);
    if (status == RETUNE_OK)
        mark_present(store, states, rows);
done:
    free(wanted);
    free(states);
    return status;
}

/* ---- The store ----------------------------------------------------------------------------- */

static retune_status check_options(const retune_feature_store_options *options, size_t row_count,
                                   retune_error *error) {
    const retune_tensor_desc *row = &options->row;
    size_t bytes;
    RETUNE_TRY(retune_desc_bytes(row, &bytes, error));
    if (row->shape[0] != 1 || (row->dtype != RETUNE_F32 && row->dtype != RETUNE_F16))
        return retune_fail(error, RETUNE_INVALID, "a row of features must be [1,...], f32 or f16");
    if (row_count >= NO_POSITION)
        return retune_fail(error, RETUNE_INVALID, "%zu rows of features are too many", row_count);
    return RETUNE_OK;
}

static retune_status copy_keys(retune_feature_store *store, const retune_hash *keys, size_t count,
                               retune_error *error) {
    store->row_count = count;
    RETUNE_TRY(retune_allocate(count, sizeof *keys, "keys of rows", &store->keys, error));
    if (count > 0)
        memcpy(store->keys, keys, count * sizeof *keys);
    return retune_allocate(count, sizeof *store->positions, "positions of rows", &store->positions,
                           error);
}

static retune_status open_table(retune_feature_store *store, retune_error *error) {
    size_t bytes;
    if (!retune_size_multiply(store->table_rows, store->row_bytes, &bytes))
        return retune_fail_memory(error, SIZE_MAX, "features");
    if (!store->on_disk)
        return retune_allocate_aligned(bytes, "features", &store->memory, error);
    RETUNE_TRY(retune_feature_file_settle(&store->file, store->table_rows, error));
    return retune_allocate_aligned(store->row_bytes, "a row of features", &store->scratch, error);
}

retune_status retune_feature_store_open(const retune_feature_store_options *options,
                                        const retune_hash *row_keys, size_t row_count,
                                        retune_feature_store **out_store, retune_error *error) {
    *out_store = NULL;
    RETUNE_TRY(check_options(options, row_count, error));
    retune_feature_store *store = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *store, "feature store", &store, error));
    store->on_disk = options->on_disk;
    store->file.file = -1;
    store->half = options->row.dtype == RETUNE_F16;
    retune_status status = retune_desc_elements(&options->row, &store->elements, error);
    store->row_bytes = store->elements * retune_dtype_size(options->row.dtype);
    if (status == RETUNE_OK)
        status = copy_keys(store, row_keys, row_count, error);
    if (status == RETUNE_OK && store->on_disk)
        status = retune_feature_file_open(options->folder, options->network, &options->row,
                                          &store->file, error);
    if (status == RETUNE_OK)
        status = place_rows(store, error);
    if (status == RETUNE_OK)
        status = open_table(store, error);
    if (status == RETUNE_OK)
        *out_store = store;
    else
        retune_feature_store_close(store);
    return status;
}

void retune_feature_store_close(retune_feature_store *store) {
    if (!store)
        return;
    retune_feature_file_close(&store->file);
    free(store->memory);
    free(store->scratch);
    free(store->keys);
    free(store->positions);
    free(store->present);
    free(store);
}

const char *retune_feature_store_notice(const retune_feature_store *store) {
    return store->file.notice;
}

bool retune_feature_store_has(const retune_feature_store *store, size_t row) {
    return store->present[store->positions[row]];
}

retune_status retune_feature_store_put(retune_feature_store *store, size_t row, const float *values,
                                       retune_error *error) {
    size_t position = store->positions[row];
    store->present[position] = false;
    void *target = store->on_disk ? store->scratch : store->memory + position * store->row_bytes;
    if (store->half)
        retune_half_from_float(values, target, store->elements);
    else
        memcpy(target, values, store->row_bytes);
    if (store->on_disk)
        RETUNE_TRY(
            retune_feature_file_write(&store->file, position, store->keys[row], target, error));
    store->present[position] = true;
    return RETUNE_OK;
}

uint32_t retune_feature_store_position(const retune_feature_store *store, size_t row) {
    return store->positions[row];
}

const void *retune_feature_store_table(const retune_feature_store *store) {
    return store->on_disk ? retune_feature_file_table(&store->file) : store->memory;
}

size_t retune_feature_store_table_rows(const retune_feature_store *store) {
    return store->table_rows;
}

size_t retune_feature_store_bytes(const retune_feature_store *store) {
    return store->table_rows * store->row_bytes;
}

void retune_feature_store_release(retune_feature_store *store) {
    if (store->on_disk)
        retune_feature_file_release(&store->file);
}
