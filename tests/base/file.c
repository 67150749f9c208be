#include "base/file.h"

#include "temporary.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

TestSuite(file, .init = temporary_open, .fini = temporary_close);

static void expect_error(retune_status got, retune_status wanted, const retune_error *error,
                         const char *part) {
    cr_expect_eq(got, wanted, "status %d: %s", got, error->message);
    cr_expect_eq(error->code, (int32_t)wanted);
    cr_expect_not_null(strstr(error->message, part), "\"%s\" is not in \"%s\"", part,
                       error->message);
}

static void expect_content(const char *path, const char *text) {
    unsigned char *data;
    size_t size;
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(retune_file_read(path, 1 << 20, &data, &size, &error), RETUNE_OK, "%s",
                 error.message);
    cr_expect_eq(size, strlen(text));
    cr_expect_str_eq((const char *)data, text);
    free(data);
}

/* ---- Paths --------------------------------------------------------------------------------- */

Test(file, joins_paths) {
    static const struct {
        const char *folder, *name, *path;
    } cases[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"},
                 {"a", "/b", "/b"}, {"/", "b", "/b"},   {".", "b/c", "./b/c"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path;
        cr_assert_eq(retune_path_join(cases[i].folder, cases[i].name, &path, NULL), RETUNE_OK);
        cr_expect_str_eq(path, cases[i].path);
        free(path);
    }
}

Test(file, splits_paths) {
    static const struct {
        const char *path, *folder, *name;
    } cases[] = {
        {"a/b.ini", "a", "b.ini"}, {"b.ini", ".", "b.ini"}, {"/b", "/", "b"}, {"a//b", "a", "b"},
        {"//b", "/", "b"},         {"a/b/c", "a/b", "c"},   {"a/", "a", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *folder;
        cr_assert_eq(retune_path_folder(cases[i].path, &folder, NULL), RETUNE_OK);
        cr_expect_str_eq(folder, cases[i].folder, "%s: %s", cases[i].path, folder);
        cr_expect_str_eq(retune_path_name(cases[i].path), cases[i].name);
        free(folder);
    }
}

Test(file, knows_extensions) {
    cr_expect(retune_path_has_extension("a/b.PNG", ".png"));
    cr_expect(retune_path_has_extension("b.tar.gz", ".gz"));
    cr_expect_not(retune_path_has_extension("a.png/b", ".png"));
    cr_expect_not(retune_path_has_extension("a.png/ng", ".png"));
    cr_expect_not(retune_path_has_extension("png", ".png"));
    cr_expect_not(retune_path_has_extension("b.png.txt", ".png"));
}

/* ---- Folders ------------------------------------------------------------------------------- */

Test(file, makes_folders) {
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(retune_folder_make(temporary_path("a/b//c/"), &error), RETUNE_OK, "%s",
                 error.message);
    cr_expect(retune_folder_exists(temporary_path("a/b/c")));
    cr_expect_eq(retune_folder_make(temporary_path("a/b"), &error), RETUNE_OK);
    cr_expect_not(retune_file_exists(temporary_path("a")));
    cr_expect_not(retune_folder_exists(temporary_path("d")));
}

Test(file, says_which_folder_cannot_be_made) {
    retune_error error = RETUNE_ERROR_INIT;
    temporary_write("plain", "x", 1);
    expect_error(retune_folder_make(temporary_path("plain/a/b"), &error), RETUNE_IO, &error,
                 "plain: folder cannot be made: File exists");
    expect_error(retune_folder_make("/proc/retune/a", &error), RETUNE_IO, &error,
                 "/proc/retune: folder cannot be made");
    expect_error(retune_folder_make("", &error), RETUNE_INVALID, &error, "without a name");
}

/* ---- Reading ------------------------------------------------------------------------------- */

Test(file, reads_and_maps_what_is_there) {
    retune_error error = RETUNE_ERROR_INIT;
    temporary_write("a", "hello", 5);
    expect_content(temporary_path("a"), "hello");
    retune_file_map map;
    cr_assert_eq(retune_file_map_open(temporary_path("a"), &map, &error), RETUNE_OK);
    cr_expect_eq(map.size, 5);
    cr_expect_eq(memcmp(map.data, "hello", 5), 0);
    retune_file_map_close(&map);
    cr_expect_null(map.data);
    retune_file_map_close(&map);
}

Test(file, reads_and_maps_empty_files) {
    temporary_write("empty", "", 0);
    expect_content(temporary_path("empty"), "");
    retune_file_map map;
    cr_assert_eq(retune_file_map_open(temporary_path("empty"), &map, NULL), RETUNE_OK);
    cr_expect_eq(map.size, 0);
    cr_expect_not_null(map.data);
    retune_file_map_close(&map);
}

Test(file, refuses_what_is_too_large) {
    retune_error error = RETUNE_ERROR_INIT;
    unsigned char *data = (unsigned char *)1;
    size_t size = 1;
    temporary_write("a", "hello", 5);
    expect_error(retune_file_read(temporary_path("a"), 4, &data, &size, &error), RETUNE_IO, &error,
                 "has 5 bytes; at most 4");
    cr_expect_null(data);
    cr_expect_eq(size, 0);
    cr_assert_eq(retune_file_read(temporary_path("a"), 5, &data, &size, &error), RETUNE_OK);
    free(data);
}

Test(file, reads_only_regular_files, .timeout = 10) {
    retune_error error = RETUNE_ERROR_INIT;
    cr_assert_eq(mkfifo(temporary_path("fifo"), 0600), 0);
    const char *paths[] = {temporary_folder, temporary_path("fifo"), "/dev/zero"};
    for (size_t i = 0; i < 3; i++) {
        unsigned char *data;
        size_t size;
        retune_file_map map;
        expect_error(retune_file_read(paths[i], 100, &data, &size, &error), RETUNE_IO, &error,
                     "is not a regular file");
        expect_error(retune_file_map_open(paths[i], &map, &error), RETUNE_IO, &error,
                     "is not a regular file");
        cr_expect_null(data);
        cr_expect_null(map.data);
    }
    unsigned char *data;
    size_t size;
    expect_error(retune_file_read(temporary_path("none"), 100, &data, &size, &error), RETUNE_IO,
                 &error, "none: cannot be opened: No such file");
}

/* ---- Writing ------------------------------------------------------------------------------- */

Test(file, writes_and_replaces) {
    retune_error error = RETUNE_ERROR_INIT;
    const char *path = temporary_path("a");
    cr_assert_eq(retune_file_write(path, "one", 3, &error), RETUNE_OK, "%s", error.message);
    expect_content(path, "one");
    cr_assert_eq(retune_file_write(path, "", 0, &error), RETUNE_OK);
    expect_content(path, "");
    cr_expect_eq(temporary_count(), 1);
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    mode_t mask = umask(0);
    cr_expect_eq(status.st_mode & 0777, 0666 & ~mask);
}

Test(file, writes_pieces_of_any_size) {
    enum { TOTAL = 1000003 };
    unsigned char *bytes = malloc(TOTAL);
    for (size_t i = 0; i < TOTAL; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    static const size_t pieces[] = {1, 0, 65535, 3, 65536, 65537, 7, 200000};
    retune_file_writer *writer;
    cr_assert_eq(retune_file_writer_open(temporary_path("a"), &writer, NULL), RETUNE_OK);
    for (size_t done = 0, i = 0; done < TOTAL; i++) {
        size_t piece = pieces[i % 8] < TOTAL - done ? pieces[i % 8] : TOTAL - done;
        cr_assert_eq(retune_file_writer_write(writer, bytes + done, piece, NULL), RETUNE_OK);
        done += piece;
    }
    cr_expect_not(retune_file_exists(temporary_path("a")));
    cr_assert_eq(retune_file_writer_commit(writer, NULL), RETUNE_OK);
    retune_file_map map;
    cr_assert_eq(retune_file_map_open(temporary_path("a"), &map, NULL), RETUNE_OK);
    cr_expect_eq(map.size, TOTAL);
    cr_expect_eq(memcmp(map.data, bytes, TOTAL), 0);
    retune_file_map_close(&map);
    free(bytes);
}

Test(file, discard_leaves_everything_as_it_was) {
    temporary_write("a", "old", 3);
    retune_file_writer *writer;
    cr_assert_eq(retune_file_writer_open(temporary_path("a"), &writer, NULL), RETUNE_OK);
    cr_assert_eq(retune_file_writer_write(writer, "new", 3, NULL), RETUNE_OK);
    retune_file_writer_discard(writer);
    expect_content(temporary_path("a"), "old");
    cr_expect_eq(temporary_count(), 1);
    retune_file_writer_discard(NULL);
}

Test(file, two_writers_do_not_meet) {
    retune_file_writer *first, *second;
    cr_assert_eq(retune_file_writer_open(temporary_path("a"), &first, NULL), RETUNE_OK);
    cr_assert_eq(retune_file_writer_open(temporary_path("a"), &second, NULL), RETUNE_OK);
    cr_assert_eq(retune_file_writer_write(first, "first", 5, NULL), RETUNE_OK);
    cr_assert_eq(retune_file_writer_write(second, "second", 6, NULL), RETUNE_OK);
    cr_assert_eq(retune_file_writer_commit(second, NULL), RETUNE_OK);
    cr_assert_eq(retune_file_writer_commit(first, NULL), RETUNE_OK);
    expect_content(temporary_path("a"), "first");
    cr_expect_eq(temporary_count(), 1);
}

Test(file, survives_a_change_of_working_folder) {
    cr_assert_eq(chdir(temporary_folder), 0);
    retune_file_writer *writer;
    cr_assert_eq(retune_file_writer_open("a", &writer, NULL), RETUNE_OK);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(retune_file_writer_commit(writer, NULL), RETUNE_OK);
    cr_expect(retune_file_exists(temporary_path("a")));
}

Test(file, refuses_places_that_cannot_be_written, .timeout = 10) {
    retune_error error = RETUNE_ERROR_INIT;
    temporary_write("plain", "x", 1);
    cr_assert_eq(mkfifo(temporary_path("fifo"), 0600), 0);
    /* Through a link, so that a mistake costs the link and not the machine's device. */
    cr_assert_eq(symlink("/dev/full", temporary_path("device")), 0);
    const struct {
        const char *path, *part;
    } cases[] = {{temporary_path("none/a"), "its folder cannot be opened: No such file"},
                 {temporary_path("plain/a"), "its folder cannot be opened: Not a directory"},
                 {temporary_folder, "is not a regular file"},
                 {temporary_path("fifo"), "is not a regular file"},
                 {temporary_path("device"), "device: cannot be written: it is not a regular file"},
                 {temporary_path(""), "it names a folder"},
                 {"..", "it names a folder"},
                 {"/proc/retune", "/proc/retune: cannot be written"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_error(retune_file_write(cases[i].path, "x", 1, &error), RETUNE_IO, &error,
                     cases[i].part);
    cr_expect_eq(temporary_count(), 3);
    struct stat status;
    cr_assert_eq(lstat(temporary_path("device"), &status), 0);
    cr_expect(S_ISLNK(status.st_mode));
}

/* A limit on the size of files fails writes in the middle, as a full disk does. */
static void limit_file_size(size_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){bytes, RLIM_INFINITY}), 0);
}

Test(file, a_full_disk_leaves_nothing_behind) {
    retune_error error = RETUNE_ERROR_INIT;
    temporary_write("a", "old", 3);
    char *bytes = calloc(1, 300000);
    limit_file_size(200000);
    retune_status status = retune_file_write(temporary_path("a"), bytes, 300000, &error);
    retune_status buffered = retune_file_write(temporary_path("b"), bytes, 200001, NULL);
    limit_file_size(RLIM_INFINITY);
    expect_error(status, RETUNE_IO, &error, "a: cannot be written: File too large");
    cr_expect_eq(buffered, RETUNE_IO);
    expect_content(temporary_path("a"), "old");
    cr_expect_eq(temporary_count(), 1);
    free(bytes);
}

Test(file, a_failed_write_fails_the_commit) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_file_writer *writer;
    char *bytes = calloc(1, 100000);
    cr_assert_eq(retune_file_writer_open(temporary_path("a"), &writer, &error), RETUNE_OK);
    limit_file_size(10);
    retune_status first = retune_file_writer_write(writer, bytes, 100000, &error);
    limit_file_size(RLIM_INFINITY);
    cr_expect_eq(first, RETUNE_IO);
    cr_expect_eq(retune_file_writer_write(writer, "x", 1, &error), RETUNE_IO);
    expect_error(retune_file_writer_commit(writer, &error), RETUNE_IO, &error, "File too large");
    cr_expect_eq(temporary_count(), 0);
    free(bytes);
}

Test(file, a_failed_flush_of_the_buffer_fails_the_commit) {
    retune_file_writer *writer;
    cr_assert_eq(retune_file_writer_open(temporary_path("a"), &writer, NULL), RETUNE_OK);
    cr_assert_eq(retune_file_writer_write(writer, "0123456789abcdef", 16, NULL), RETUNE_OK);
    limit_file_size(10);
    retune_status status = retune_file_writer_commit(writer, NULL);
    limit_file_size(RLIM_INFINITY);
    cr_expect_eq(status, RETUNE_IO);
    cr_expect_eq(temporary_count(), 0);
}

Test(file, a_folder_in_the_way_of_the_rename_is_an_error) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_file_writer *writer;
    cr_assert_eq(retune_file_writer_open(temporary_path("a"), &writer, &error), RETUNE_OK);
    cr_assert_eq(mkdir(temporary_path("a"), 0700), 0);
    expect_error(retune_file_writer_commit(writer, &error), RETUNE_IO, &error,
                 "a: cannot be replaced: Is a directory");
    cr_expect_eq(temporary_count(), 1);
}
