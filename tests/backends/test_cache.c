/* Files of the cache folder: whole or not there. */
#include "cache.h"

#include "temporary.h"

#include <sys/stat.h>

static const char *folder, *path;
static const char text[] = "found out with much effort";

static void begin(void) {
    temporary_open();
    folder = temporary_folder;
    path = temporary_path("thing");
    backend_cache_write(folder, "thing", text, sizeof text);
}

static void end(void) {
    temporary_close();
}

TestSuite(backend_cache, .init = begin, .fini = end);

static bool is_there(void) {
    size_t bytes = 0;
    char *data = backend_cache_read(folder, "thing", &bytes);
    bool there = data != NULL;
    if (there)
        cr_expect(bytes == sizeof text && memcmp(data, text, bytes) == 0);
    free(data);
    return there;
}

/* One byte of the file, replaced. */
static void damage(long place) {
    FILE *file = fopen(path, "r+");
    cr_assert(file && fseek(file, place, place < 0 ? SEEK_END : SEEK_SET) == 0);
    int byte = fgetc(file);
    cr_assert(fseek(file, -1, SEEK_CUR) == 0 && fputc(byte ^ 0x40, file) != EOF);
    cr_assert(fclose(file) == 0);
}

Test(backend_cache, what_is_written_is_read) {
    struct stat status;
    cr_expect(is_there());
    cr_assert(stat(path, &status) == 0);
    cr_expect_eq(status.st_mode & 077, 0, "others may read it");
}

Test(backend_cache, a_damaged_file_is_not_there) {
    struct stat status;
    cr_assert(stat(path, &status) == 0);
    for (long place = 0; place < status.st_size; place++) {
        damage(place);
        cr_expect_not(is_there(), "byte %ld", place);
        damage(place);
    }
    cr_expect(is_there());
}

Test(backend_cache, a_file_cut_short_is_not_there) {
    struct stat status;
    cr_assert(stat(path, &status) == 0);
    for (off_t size = status.st_size; size-- > 0;) {
        cr_assert(truncate(path, size) == 0);
        cr_expect_not(is_there(), "%ld bytes", (long)size);
    }
}

Test(backend_cache, a_file_that_others_could_write_is_not_trusted) {
    cr_assert(chmod(path, 0622) == 0);
    cr_expect_not(is_there());
}

Test(backend_cache, a_link_is_not_followed) {
    const char *other = temporary_path("other");
    cr_assert(rename(path, other) == 0 && symlink(other, path) == 0);
    cr_expect_not(is_there());
}

Test(backend_cache, nothing_is_left_beside_it) {
    char command[400];
    snprintf(command, sizeof command, "test \"$(ls '%s')\" = thing", folder);
    backend_cache_write(folder, "thing", text, sizeof text);
    cr_expect_eq(system(command), 0);
}

Test(backend_cache, no_folder_is_no_cache) {
    size_t bytes = 1;
    backend_cache_write("", "thing", text, sizeof text);
    cr_expect_null(backend_cache_read("", "thing", &bytes));
    cr_expect_eq(bytes, 0);
}

Test(backend_cache, keys_tell_texts_apart) {
    char a[33], b[33], c[33];
    backend_cache_key(a, (const char *const[]){"a", "bc", NULL});
    backend_cache_key(b, (const char *const[]){"ab", "c", NULL});
    backend_cache_key(c, (const char *const[]){"a", "bc", NULL});
    cr_expect_str_neq(a, b);
    cr_expect_str_eq(a, c);
}
