#include "train/features.h"

#include "base/file.h"
#include "base/half.h"

#include "temporary.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

TestSuite(features, .init = temporary_open, .fini = temporary_close, .timeout = 120);

enum { ELEMENTS = 12 };

static const retune_feature_store_options on_disk = {
    .on_disk = true,
    .folder = temporary_folder,
    .network = {1, 2},
    .row = {48, RETUNE_F32, 4, 0, {1, 2, 2, 3}},
};

static retune_hash key_of(size_t i) {
    return retune_hash_bytes(&i, sizeof i);
}

/* Values that tell rows and elements apart and are exact in f16. */
static void values_of(size_t i, float values[ELEMENTS]) {
    for (size_t e = 0; e < ELEMENTS; e++)
        values[e] = (float)(i * ELEMENTS + e) - 0.5f;
}

/* Opens a store for the keys `first` to `first + count - 1`. */
static retune_feature_store *open_store(const retune_feature_store_options *options, size_t first,
                                        size_t count) {
    retune_hash *keys = malloc(count * sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = key_of(first + i);
    retune_feature_store *store;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_feature_store_open(options, keys, count, &store, &error);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    free(keys);
    return store;
}

static void put(retune_feature_store *store, size_t row, size_t i) {
    float values[ELEMENTS];
    values_of(i, values);
    cr_assert_eq(retune_feature_store_put(store, row, values, NULL), RETUNE_OK);
}

static const float *row_of(const retune_feature_store *store, size_t row) {
    size_t position = retune_feature_store_position(store, row);
    cr_assert_lt(position, retune_feature_store_table_rows(store));
    return (const float *)retune_feature_store_table(store) + position * ELEMENTS;
}

/* Rows [0, count) are the keys from `first` on: those present hold their values. Gives how many. */
static size_t check_rows(const retune_feature_store *store, size_t first, size_t count) {
    size_t present = 0;
    for (size_t row = 0; row < count; row++) {
        if (!retune_feature_store_has(store, row))
            continue;
        float values[ELEMENTS];
        values_of(first + row, values);
        cr_assert_eq(memcmp(row_of(store, row), values, sizeof values), 0, "row %zu", row);
        present++;
    }
    return present;
}

/* A file with the keys 0 to count - 1, closed again. */
static void make_file(size_t count) {
    retune_feature_store *store = open_store(&on_disk, 0, count);
    for (size_t i = 0; i < count; i++)
        put(store, i, i);
    cr_assert_null(retune_feature_store_notice(store));
    retune_feature_store_close(store);
}

/* How many of the keys 0 to count - 1 a store opened now has, all of them right. */
static size_t rows_found(size_t count) {
    retune_feature_store *store = open_store(&on_disk, 0, count);
    size_t found = check_rows(store, 0, count);
    retune_feature_store_close(store);
    return found;
}

static const char *only_file(void) {
    DIR *folder = opendir(temporary_folder);
    const char *path = NULL;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (retune_path_has_extension(entry->d_name, ".features"))
            path = temporary_path(entry->d_name);
    closedir(folder);
    cr_assert_not_null(path);
    return path;
}

/* ---- Both kinds ---------------------------------------------------------------------------- */

static void check_table(const retune_feature_store_options *options) {
    retune_feature_store *store = open_store(options, 0, 5);
    cr_expect_eq(retune_feature_store_table_rows(store), 5);
    cr_expect_eq(retune_feature_store_bytes(store), 5 * ELEMENTS * sizeof(float));
    cr_expect_eq((uintptr_t)retune_feature_store_table(store) % 64, 0);
    for (size_t row = 0; row < 5; row++) {
        cr_expect_not(retune_feature_store_has(store, row));
        put(store, row, row);
        cr_expect_eq(check_rows(store, 0, 5), row + 1);
        cr_expect_eq(retune_feature_store_position(store, row), row);
    }
    retune_feature_store_release(store);
    cr_expect_eq(check_rows(store, 0, 5), 5);
    retune_feature_store_close(store);
}

Test(features, fills_a_table_in_memory) {
    retune_feature_store_options options = on_disk;
    options.on_disk = false;
    check_table(&options);
    cr_expect_eq(temporary_count(), 0);
}

Test(features, fills_a_table_on_disk) {
    check_table(&on_disk);
    cr_expect_eq(temporary_count(), 1);
}

Test(features, equal_keys_share_a_row) {
    const retune_hash keys[] = {key_of(3), key_of(1), key_of(3), key_of(2), key_of(1)};
    for (int disk = 0; disk < 2; disk++) {
        retune_feature_store_options options = on_disk;
        options.on_disk = disk;
        retune_feature_store *store;
        cr_assert_eq(retune_feature_store_open(&options, keys, 5, &store, NULL), RETUNE_OK);
        cr_expect_eq(retune_feature_store_table_rows(store), 3);
        static const uint32_t positions[] = {0, 1, 0, 2, 1};
        for (size_t i = 0; i < 5; i++)
            cr_expect_eq(retune_feature_store_position(store, i), positions[i]);
        put(store, 2, 7);
        cr_expect(retune_feature_store_has(store, 0));
        cr_expect_not(retune_feature_store_has(store, 1));
        cr_expect_eq(row_of(store, 0)[0], 7 * ELEMENTS - 0.5f);
        retune_feature_store_close(store);
    }
}

Test(features, rounds_to_f16) {
    static const float values[ELEMENTS] = {0,     -0.0f, 1.0f / 3, 65504, 65519.9f, 70000,
                                           1e-7f, 3e-8f, -6e-8f,   2049,  2051,     -1e9f};
    uint16_t halves[ELEMENTS];
    retune_half_from_float(values, halves, ELEMENTS);
    for (int disk = 0; disk < 2; disk++) {
        retune_feature_store_options options = on_disk;
        options.on_disk = disk;
        options.row.dtype = RETUNE_F16;
        retune_feature_store *store = open_store(&options, 0, 2);
        cr_expect_eq(retune_feature_store_bytes(store), 2 * sizeof halves);
        cr_assert_eq(retune_feature_store_put(store, 1, values, NULL), RETUNE_OK);
        const uint16_t *table = retune_feature_store_table(store);
        cr_expect_eq(memcmp(table + ELEMENTS, halves, sizeof halves), 0);
        retune_feature_store_close(store);
    }
}

Test(features, takes_no_rows) {
    for (int disk = 0; disk < 2; disk++) {
        retune_feature_store_options options = on_disk;
        options.on_disk = disk;
        retune_feature_store *store;
        cr_assert_eq(retune_feature_store_open(&options, NULL, 0, &store, NULL), RETUNE_OK);
        cr_expect_eq(retune_feature_store_table_rows(store), 1);
        cr_expect_not_null(retune_feature_store_table(store));
        retune_feature_store_release(store);
        retune_feature_store_close(store);
    }
    retune_feature_store_close(NULL);
}

Test(features, refuses_rows_it_cannot_keep) {
    static const retune_tensor_desc rows[] = {
        {48, RETUNE_U8, 2, 0, {1, 3}},  {48, RETUNE_BF16, 2, 0, {1, 3}},
        {48, RETUNE_F32, 2, 0, {2, 3}}, {48, RETUNE_F32, 2, 0, {1, 0}},
        {48, RETUNE_F32, 0, 0, {1}},    {48, RETUNE_F32, 3, 0, {1, INT64_MAX, INT64_MAX}}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        retune_feature_store_options options = on_disk;
        options.row = rows[i];
        retune_feature_store *store = (retune_feature_store *)1;
        const retune_hash key = {1, 1};
        cr_expect_eq(retune_feature_store_open(&options, &key, 1, &store, NULL), RETUNE_INVALID);
        cr_expect_null(store);
    }
    retune_feature_store_options options = on_disk;
    options.row = (retune_tensor_desc){48, RETUNE_F32, 2, 0, {1, INT64_MAX / 4}};
    options.on_disk = false;
    const retune_hash keys[] = {{1, 1}, {2, 2}, {3, 3}};
    retune_feature_store *store;
    cr_expect_eq(retune_feature_store_open(&options, keys, 3, &store, NULL), RETUNE_OUT_OF_MEMORY);
    cr_expect_eq(temporary_count(), 0);
}

/* ---- Files that last ----------------------------------------------------------------------- */

Test(features, finds_its_rows_again) {
    make_file(6);
    cr_expect_eq(rows_found(6), 6);
    cr_expect_eq(temporary_count(), 1);
}

Test(features, finds_rows_in_any_order) {
    make_file(4);
    const retune_hash keys[] = {key_of(3), key_of(9), key_of(0)};
    retune_feature_store *store;
    cr_assert_eq(retune_feature_store_open(&on_disk, keys, 3, &store, NULL), RETUNE_OK);
    cr_expect(retune_feature_store_has(store, 0));
    cr_expect_not(retune_feature_store_has(store, 1));
    cr_expect(retune_feature_store_has(store, 2));
    cr_expect_eq(row_of(store, 0)[1], 3 * ELEMENTS + 0.5f);
    cr_expect_eq(row_of(store, 2)[1], 0.5f);
    cr_expect_eq(retune_feature_store_table_rows(store), 5);
    put(store, 1, 9);
    retune_feature_store_close(store);
    cr_expect_eq(rows_found(4), 4);
}

Test(features, grows_and_keeps_what_others_want) {
    make_file(3);
    enum { MORE = 1000 }; /* the old index ends up inside the new table */
    retune_feature_store *store = open_store(&on_disk, 2, MORE);
    cr_expect_eq(check_rows(store, 2, MORE), 1);
    cr_expect_eq(retune_feature_store_table_rows(store), MORE + 2);
    for (size_t row = 1; row < MORE; row++)
        put(store, row, row + 2);
    cr_expect_eq(check_rows(store, 2, MORE), MORE);
    retune_feature_store_close(store);
    cr_expect_eq(rows_found(MORE + 2), MORE + 2);
    struct stat small, large;
    cr_assert_eq(stat(only_file(), &large), 0);
    cr_expect_eq(rows_found(3), 3);
    cr_assert_eq(stat(only_file(), &small), 0);
    cr_expect_eq(small.st_size, large.st_size);
}

Test(features, grows_by_single_rows) {
    for (size_t count = 1; count < 40; count++) {
        retune_feature_store *store = open_store(&on_disk, 0, count);
        cr_assert_eq(check_rows(store, 0, count), count - 1);
        put(store, count - 1, count - 1);
        retune_feature_store_close(store);
    }
}

Test(features, other_networks_and_precisions_have_other_files) {
    make_file(2);
    retune_feature_store_options other = on_disk;
    other.network.high ^= 1;
    retune_feature_store *store = open_store(&other, 0, 2);
    cr_expect_not(retune_feature_store_has(store, 0));
    retune_feature_store_close(store);
    other = on_disk;
    other.row.dtype = RETUNE_F16;
    store = open_store(&other, 0, 2);
    cr_expect_not(retune_feature_store_has(store, 0));
    retune_feature_store_close(store);
    cr_expect_eq(temporary_count(), 3);
    cr_expect_eq(rows_found(2), 2);
}

Test(features, a_row_that_was_not_put_is_not_there) {
    retune_feature_store *store = open_store(&on_disk, 0, 3);
    put(store, 1, 1);
    retune_feature_store_close(store);
    store = open_store(&on_disk, 0, 3);
    cr_expect_not(retune_feature_store_has(store, 0));
    cr_expect(retune_feature_store_has(store, 1));
    cr_expect_not(retune_feature_store_has(store, 2));
    retune_feature_store_close(store);
}

Test(features, makes_its_folder) {
    retune_feature_store_options options = on_disk;
    options.folder = temporary_path("x/y");
    retune_feature_store_close(open_store(&options, 0, 1));
    cr_expect(retune_folder_exists(temporary_path("x/y")));
}

/* ---- Damage -------------------------------------------------------------------------------- */

static unsigned char *content;
static size_t content_size;

static void remember_file(void) {
    cr_assert_eq(retune_file_read(only_file(), 1 << 20, &content, &content_size, NULL), RETUNE_OK);
}

static void restore_file(size_t size) {
    FILE *file = fopen(only_file(), "wb");
    cr_assert_eq(fwrite(content, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

Test(features, a_damaged_byte_costs_its_row_alone) {
    make_file(5);
    remember_file();
    size_t row = ELEMENTS * sizeof(float);
    content[4096 + 2 * row + 7] ^= 1;
    restore_file(content_size);
    retune_feature_store *store = open_store(&on_disk, 0, 5);
    cr_expect_eq(check_rows(store, 0, 5), 4);
    cr_expect_not(retune_feature_store_has(store, 2));
    cr_expect_eq(retune_feature_store_table_rows(store), 5);
    put(store, 2, 2);
    retune_feature_store_close(store);
    cr_expect_eq(rows_found(5), 5);
    free(content);
}

Test(features, no_damaged_byte_is_believed) {
    make_file(3);
    remember_file();
    for (size_t i = 0; i < content_size; i++) {
        bool used = i < 88 || (i >= 4096 && i < 4096 + 3 * ELEMENTS * sizeof(float)) ||
                    (i >= 8192 && i < 8192 + 3 * 24);
        if (!used)
            continue;
        content[i] ^= 0x10;
        restore_file(content_size);
        content[i] ^= 0x10;
        size_t found = rows_found(3);
        cr_assert_eq(found, i < 88 ? 0 : 2, "byte %zu: %zu rows", i, found);
    }
    free(content);
}

Test(features, a_file_cut_anywhere_is_not_believed) {
    make_file(3);
    remember_file();
    for (size_t size = 0; size < content_size; size += size < 128 || size > 8100 ? 1 : 61) {
        restore_file(size);
        cr_assert_eq(rows_found(3), 0, "%zu bytes", size);
    }
    restore_file(content_size);
    cr_expect_eq(rows_found(3), 3);
    free(content);
}

Test(features, swapped_rows_are_not_believed) {
    make_file(3);
    remember_file();
    size_t row = ELEMENTS * sizeof(float);
    unsigned char *rows = content + 4096, saved[ELEMENTS * sizeof(float)];
    memcpy(saved, rows, row);
    memcpy(rows, rows + row, row);
    memcpy(rows + row, saved, row);
    restore_file(content_size);
    cr_expect_eq(rows_found(3), 1);
    free(content);
}

/* The checksum covers the key: a row that was written for one image is not that of another. */
Test(features, a_row_with_another_key_is_not_believed) {
    make_file(3);
    remember_file();
    retune_hash other = key_of(4);
    memcpy(content + 8192 + 24, &other, sizeof other);
    restore_file(content_size);
    cr_expect_eq(rows_found(5), 2);
    free(content);
}

/* A valid header that promises more rows than there are bytes. */
Test(features, a_file_with_too_many_rows_is_not_believed) {
    make_file(3);
    remember_file();
    static const uint64_t counts[] = {4, UINT32_MAX, UINT64_MAX, UINT64_MAX / 48};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        memcpy(content + 72, &counts[i], 8);
        uint64_t checksum = retune_hash_checksum(content, 80);
        memcpy(content + 80, &checksum, 8);
        restore_file(content_size);
        cr_expect_eq(rows_found(3), 0);
    }
    free(content);
}

Test(features, a_foreign_file_is_made_anew) {
    make_file(3);
    content_size = 100000;
    content = malloc(content_size);
    memset(content, 'x', content_size);
    restore_file(content_size);
    cr_expect_eq(rows_found(3), 0);
    struct stat status;
    cr_assert_eq(stat(only_file(), &status), 0);
    cr_expect_lt(status.st_size, 10000);
    make_file(3);
    cr_expect_eq(rows_found(3), 3);
    free(content);
}

/* ---- Files that cannot be had -------------------------------------------------------------- */

/* A store works beside whatever stands in its way, says so and leaves nothing behind. */
static void expect_private(size_t names, const char *part) {
    retune_feature_store *store = open_store(&on_disk, 0, 3);
    const char *notice = retune_feature_store_notice(store);
    cr_assert_not_null(notice);
    cr_expect_not_null(strstr(notice, part), "%s", notice);
    cr_expect_eq(check_rows(store, 0, 3), 0);
    for (size_t i = 0; i < 3; i++)
        put(store, i, i);
    cr_expect_eq(check_rows(store, 0, 3), 3);
    cr_expect_eq(temporary_count(), names);
    retune_feature_store_close(store);
    cr_expect_eq(temporary_count(), names);
}

Test(features, two_runs_do_not_share_a_file) {
    make_file(2);
    retune_feature_store *first = open_store(&on_disk, 0, 3);
    expect_private(1, "another run is using it");
    cr_expect_eq(check_rows(first, 0, 3), 2);
    put(first, 2, 2);
    retune_feature_store_close(first);
    cr_expect_eq(rows_found(3), 3);
}

Test(features, does_without_a_file_it_cannot_open, .timeout = 10) {
    make_file(1);
    const char *path = only_file();
    unlink(path);
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_private(1, "Is a directory");
    rmdir(path);
    cr_assert_eq(mkfifo(path, 0600), 0);
    expect_private(1, "Invalid argument");
    unlink(path);
    temporary_write("precious", "content", 7);
    cr_assert_eq(symlink("precious", path), 0);
    expect_private(2, "symbolic links");
    unsigned char *data;
    size_t size;
    cr_assert_eq(retune_file_read(temporary_path("precious"), 100, &data, &size, NULL), RETUNE_OK);
    cr_expect_str_eq((const char *)data, "content");
    free(data);
}

Test(features, says_when_there_is_no_folder) {
    temporary_write("plain", "x", 1);
    retune_feature_store_options options = on_disk;
    options.folder = temporary_path("plain/features");
    retune_error error = RETUNE_ERROR_INIT;
    retune_feature_store *store;
    const retune_hash key = {1, 1};
    cr_expect_eq(retune_feature_store_open(&options, &key, 1, &store, &error), RETUNE_IO);
    cr_expect_not_null(strstr(error.message, "/plain: folder cannot be made"), "%s", error.message);
}

static void limit_file_size(size_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, RLIM_INFINITY}), 0);
}

Test(features, a_full_disk_is_an_error_when_opening) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_feature_store *store;
    enum { COUNT = 1000 };
    static retune_hash keys[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        keys[i] = key_of(i);
    limit_file_size(20000);
    cr_expect_eq(retune_feature_store_open(&on_disk, keys, COUNT, &store, &error), RETUNE_IO);
    cr_expect_not_null(strstr(error.message, ".features: 77248 bytes for features cannot be had"),
                       "%s", error.message);
    cr_expect_null(store);
    cr_expect_eq(temporary_count(), 0);
    make_file(3);
    cr_expect_eq(retune_feature_store_open(&on_disk, keys, COUNT, &store, &error), RETUNE_IO);
    cr_expect_eq(temporary_count(), 1);
    cr_expect_eq(rows_found(3), 3);
}

Test(features, a_failed_write_leaves_the_row_missing) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_feature_store *store = open_store(&on_disk, 0, 3);
    float values[ELEMENTS];
    values_of(1, values);
    put(store, 0, 0);
    put(store, 2, 2);
    limit_file_size(4096 + ELEMENTS * sizeof(float) + 5);
    retune_status status = retune_feature_store_put(store, 1, values, &error);
    retune_status again = retune_feature_store_put(store, 2, values, NULL);
    limit_file_size(RLIM_INFINITY);
    cr_expect_eq(status, RETUNE_IO);
    cr_expect_eq(again, RETUNE_IO);
    cr_expect_not(retune_feature_store_has(store, 2));
    cr_expect_not_null(strstr(error.message, "features cannot be written: File too large"), "%s",
                       error.message);
    cr_expect_not(retune_feature_store_has(store, 1));
    cr_expect_eq(check_rows(store, 0, 3), 1);
    retune_feature_store_close(store);
    cr_expect(retune_file_exists(only_file()));
    cr_expect_leq(rows_found(3), 2);
}

/* ---- Crashes and memory -------------------------------------------------------------------- */

/* Another process fills and grows the file until it is killed; what it leaves is right. */
Test(features, survives_kills) {
    size_t most = 0;
    for (int round = 0; round < 12; round++) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            for (size_t count = 50; count < 100000; count += 50) {
                retune_feature_store *store = open_store(&on_disk, 0, count);
                for (size_t i = 0; i < count; i++)
                    if (!retune_feature_store_has(store, i))
                        put(store, i, i);
                retune_feature_store_close(store);
            }
            _exit(0);
        }
        usleep(3000 + (useconds_t)round * 1700);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        size_t found = rows_found(3000);
        most = found > most ? found : most;
    }
    cr_expect_gt(most, 0);
    cr_expect_eq(temporary_count(), 1);
}

static size_t resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long total = 0, resident = 0;
    cr_assert_eq(fscanf(file, "%lu %lu", &total, &resident), 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

Test(features, a_table_on_disk_takes_little_memory) {
    enum { WIDE = 1 << 18, ROWS = 64 }; /* 64 MB */
    retune_feature_store_options options = on_disk;
    options.row = (retune_tensor_desc){48, RETUNE_F32, 2, 0, {1, WIDE}};
    float *values = calloc(WIDE, sizeof *values);
    for (int pass = 0; pass < 2; pass++) {
        size_t before = resident_bytes();
        retune_feature_store *store = open_store(&options, 0, ROWS);
        for (size_t row = 0; row < ROWS; row++) {
            cr_expect_eq(retune_feature_store_has(store, row), pass == 1);
            values[0] = (float)row;
            cr_assert_eq(retune_feature_store_put(store, row, values, NULL), RETUNE_OK);
        }
        cr_expect_lt(resident_bytes(), before + (16 << 20));
        const float *table = retune_feature_store_table(store);
        volatile float sum = 0;
        for (size_t i = 0; i < (size_t)WIDE * ROWS; i += 512)
            sum += table[i];
        cr_expect_eq(sum, ROWS * (ROWS - 1) / 2);
        cr_expect_gt(resident_bytes(), before + (48 << 20));
        retune_feature_store_release(store);
        cr_expect_lt(resident_bytes(), before + (16 << 20));
        retune_feature_store_close(store);
    }
    free(values);
}
