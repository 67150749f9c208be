#include "model/safetensors.h"

#include "base/file.h"
#include "base/tensor_desc.h"

#include "temporary.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

TestSuite(safetensors, .init = temporary_open, .fini = temporary_close);

/* Writes the file "a": the header's length, the header, `data_size` bytes 0, 1, 2, ... */
static const char *make_file(const char *header, size_t header_size, size_t data_size) {
    size_t size = 8 + header_size + data_size;
    unsigned char *bytes = malloc(size);
    uint64_t length = header_size;
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, header_size);
    for (size_t i = 0; i < data_size; i++)
        bytes[8 + header_size + i] = (unsigned char)i;
    temporary_write("a", bytes, size);
    free(bytes);
    return temporary_path("a");
}

static retune_safetensors *open_header(const char *header, size_t data_size) {
    retune_safetensors *file;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status =
        retune_safetensors_open(make_file(header, strlen(header), data_size), &file, &error);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    return file;
}

static void expect_refused(const char *path, retune_status wanted, const char *part) {
    retune_safetensors *file = (retune_safetensors *)1;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = retune_safetensors_open(path, &file, &error);
    cr_expect_eq(status, wanted, "%s gives %d: %s", part, status, error.message);
    cr_expect_null(file);
    cr_expect_not_null(strstr(error.message, part), "\"%s\" is not in \"%s\"", part, error.message);
    cr_expect_eq(strncmp(error.message, path, strlen(path)), 0, "%s", error.message);
}

/* ---- Reading ------------------------------------------------------------------------------- */

Test(safetensors, reads_every_type_and_rank) {
    retune_safetensors *file =
        open_header("{\"c\":{\"dtype\":\"F16\",\"shape\":[2,1,1,1],\"data_offsets\":[8,12]},"
                    "\"__metadata__\":{\"format\":\"pt\",\"a\\n\":\"\\u00e4\"},"
                    "\"a\":{\"shape\":[1,2],\"data_offsets\":[0,8],\"dtype\":\"F32\"},"
                    "\"e\":{\"dtype\":\"U8\",\"shape\":[1,3,1],\"data_offsets\":[18,21]},"
                    "\"d\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[12,18]},"
                    "\"f\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[21,25]}}  \n",
                    25);
    static const struct {
        const char *name;
        retune_tensor_desc desc;
        unsigned char first;
    } wanted[] = {{"a", {48, RETUNE_F32, 2, 0, {1, 2}}, 0},
                  {"c", {48, RETUNE_F16, 4, 0, {2, 1, 1, 1}}, 8},
                  {"d", {48, RETUNE_BF16, 1, 0, {3}}, 12},
                  {"e", {48, RETUNE_U8, 3, 0, {1, 3, 1}}, 18},
                  {"f", {48, RETUNE_I32, 1, 0, {1}}, 21}};
    cr_assert_eq(retune_safetensors_count(file), 5);
    for (size_t i = 0; i < 5; i++) {
        const retune_safetensors_tensor *tensor = retune_safetensors_tensor_at(file, i);
        cr_expect_str_eq(tensor->name, wanted[i].name);
        cr_expect_eq(memcmp(&tensor->desc, &wanted[i].desc, sizeof tensor->desc), 0, "%zu", i);
        cr_expect_eq(*(const unsigned char *)tensor->data, wanted[i].first);
        cr_expect_eq((uintptr_t)tensor->data % retune_dtype_size(tensor->desc.dtype), 0);
        cr_expect_eq(retune_safetensors_find(file, wanted[i].name), tensor);
    }
    cr_expect_null(retune_safetensors_find(file, "b"));
    cr_expect_null(retune_safetensors_find(file, "__metadata__"));
    cr_expect_str_eq(retune_safetensors_metadata(file, "format"), "pt");
    cr_expect_str_eq(retune_safetensors_metadata(file, "a\n"), "\xc3\xa4");
    cr_expect_null(retune_safetensors_metadata(file, "Format"));
    retune_safetensors_close(file);
    retune_safetensors_close(NULL);
}

Test(safetensors, reads_a_file_without_tensors) {
    retune_safetensors *file = open_header("{}", 0);
    cr_expect_eq(retune_safetensors_count(file), 0);
    cr_expect_null(retune_safetensors_find(file, "a"));
    cr_expect_null(retune_safetensors_metadata(file, "a"));
    retune_safetensors_close(file);
}

#define TENSOR(dtype, shape, offsets)                                                              \
    "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define A4 "\"a\":" TENSOR("\"F32\"", "[1]", "[0,4]")

typedef struct malformed {
    const char *header;
    size_t data_size;
    retune_status status;
    const char *part;
} malformed;

static const malformed broken_headers[] = {
    /* JSON */
    {"", 0, RETUNE_CORRUPT, "byte 8: the header does not begin with {"},
    {" {}", 0, RETUNE_CORRUPT, "byte 8: the header does not begin with {"},
    {"[]", 0, RETUNE_CORRUPT, "byte 8: the header does not begin with {"},
    {"{", 0, RETUNE_CORRUPT, "the header is not JSON"},
    {"{\"a\":1,", 0, RETUNE_CORRUPT, "the header is not JSON"},
    {"{\"a\":", 0, RETUNE_CORRUPT, "the header is not JSON"},
    {"{\"a", 0, RETUNE_CORRUPT, "the header is not JSON"},
    {"{\"a\\", 0, RETUNE_CORRUPT, "the header is not JSON"},
    {"{} x", 0, RETUNE_CORRUPT, "byte 11: the header is not JSON"},
    {"{}{}", 0, RETUNE_CORRUPT, "byte 10: the header is not JSON"},
    {"{'a':1}", 0, RETUNE_CORRUPT, "the header is not JSON"},
    {"{\"\\ud800\":1}", 0, RETUNE_CORRUPT, "the header is not JSON"},
    {"{\"\xff\":1}", 0, RETUNE_CORRUPT, "byte 10: the header is not UTF-8"},
    {"{\"a\\u0000b\":1}", 0, RETUNE_CORRUPT, "byte 11: the header has a NUL character"},
    {"{\"a\nb\":1}", 0, RETUNE_CORRUPT, "byte 11: the header has a control character"},
    {"{\x01}", 0, RETUNE_CORRUPT, "byte 9: the header has a control character"},
    {"{\"a\":[[[1]]]}", 0, RETUNE_CORRUPT, "byte 15: the header is nested too deeply"},
    /* Members */
    {"{\"a\":1}", 0, RETUNE_CORRUPT, "tensor \"a\": does not consist of"},
    {"{\"a\":null}", 0, RETUNE_CORRUPT, "tensor \"a\": does not consist of"},
    {"{\"a\":[1,2,3]}", 0, RETUNE_CORRUPT, "tensor \"a\": does not consist of"},
    {"{\"a\":{}}", 0, RETUNE_CORRUPT, "tensor \"a\": does not consist of"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 0, RETUNE_CORRUPT, "does not consist of"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, RETUNE_CORRUPT,
     "does not consist of"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     RETUNE_CORRUPT, "does not consist of"},
    {"{\"a\":{\"Dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, RETUNE_CORRUPT,
     "does not consist of"},
    {"{" A4 "," A4 "}", 4, RETUNE_CORRUPT, "tensor \"a\" appears twice"},
    {"{" A4 ",\"\\u0061\":1}", 4, RETUNE_CORRUPT, "tensor \"a\" appears twice"},
    {"{\"a\\u001b\":" TENSOR("\"F32\"", "[1]", "[0,4]") "}", 4, RETUNE_CORRUPT,
     "control characters"},
    /* Metadata */
    {"{\"__metadata__\":1}", 0, RETUNE_CORRUPT, "__metadata__ is not an object"},
    {"{\"__metadata__\":[\"a\"]}", 0, RETUNE_CORRUPT, "__metadata__ is not an object"},
    {"{\"__metadata__\":{\"a\":1}}", 0, RETUNE_CORRUPT, "metadata \"a\" is not a text"},
    {"{\"__metadata__\":{\"a\":{}}}", 0, RETUNE_CORRUPT, "metadata \"a\" is not a text"},
    {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, RETUNE_CORRUPT,
     "metadata \"a\" appears twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, RETUNE_CORRUPT, "appears twice"},
    /* dtype */
    {"{\"t\":" TENSOR("1", "[1]", "[0,4]") "}", 4, RETUNE_CORRUPT, "\"t\": dtype is not a text"},
    {"{\"t\":" TENSOR("\"F64\"", "[1]", "[0,8]") "}", 8, RETUNE_UNSUPPORTED,
     "\"t\": dtype \"F64\" is not"},
    {"{\"t\":" TENSOR("\"f32\"", "[1]", "[0,4]") "}", 4, RETUNE_UNSUPPORTED, "dtype \"f32\""},
    /* shape */
    {"{\"t\":" TENSOR("\"F32\"", "4", "[0,4]") "}", 4, RETUNE_CORRUPT, "shape is not a list"},
    {"{\"t\":" TENSOR("\"F32\"", "{\"a\":1}", "[0,4]") "}", 4, RETUNE_CORRUPT,
     "shape is not a list"},
    {"{\"t\":" TENSOR("\"F32\"", "[]", "[0,4]") "}", 4, RETUNE_UNSUPPORTED,
     "\"t\": rank 0; only ranks 1 to 4"},
    {"{\"t\":" TENSOR("\"F32\"", "[1,1,1,1,1]", "[0,4]") "}", 4, RETUNE_UNSUPPORTED,
     "\"t\": rank 5; only ranks 1 to 4"},
    {"{\"t\":" TENSOR("\"F32\"", "[1,0]", "[0,0]") "}", 0, RETUNE_UNSUPPORTED,
     "\"t\": dimension 1 is 0"},
    {"{\"t\":" TENSOR("\"F32\"", "[-1]", "[0,4]") "}", 4, RETUNE_CORRUPT,
     "\"t\": dimension 0 is not a whole number"},
    {"{\"t\":" TENSOR("\"F32\"", "[1.5]", "[0,6]") "}", 6, RETUNE_CORRUPT, "not a whole number"},
    {"{\"t\":" TENSOR("\"F32\"", "[\"1\"]", "[0,4]") "}", 4, RETUNE_CORRUPT, "not a whole number"},
    {"{\"t\":" TENSOR("\"F32\"", "[1e999]", "[0,4]") "}", 4, RETUNE_CORRUPT, "not a whole number"},
    {"{\"t\":" TENSOR("\"F32\"", "[9007199254740993]", "[0,4]") "}", 4, RETUNE_CORRUPT,
     "not a whole number"},
    {"{\"t\":" TENSOR("\"F32\"", "[4294967296,4294967296]", "[0,0]") "}", 0, RETUNE_CORRUPT,
     "\"t\": a tensor too large to count"},
    {"{\"t\":" TENSOR("\"F32\"", "[4503599627370496,2048]", "[0,0]") "}", 0, RETUNE_CORRUPT,
     "\"t\": a tensor too large to count"},
    /* data_offsets */
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "4") "}", 4, RETUNE_CORRUPT, "data_offsets are not two"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[4]") "}", 4, RETUNE_CORRUPT, "data_offsets are not two"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[0,4,8]") "}", 8, RETUNE_CORRUPT,
     "data_offsets are not two"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[4,0]") "}", 4, RETUNE_CORRUPT,
     "\"t\": data_offsets are not two rising"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[-4,0]") "}", 4, RETUNE_CORRUPT,
     "data_offsets are not two"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[0,\"4\"]") "}", 4, RETUNE_CORRUPT,
     "data_offsets are not two"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[0,4]") "}", 3, RETUNE_CORRUPT,
     "\"t\": data_offsets [0,4] reach beyond the 3 bytes"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[9007199254740988,9007199254740991]") "}", 4,
     RETUNE_CORRUPT, "reach beyond"},
    {"{\"t\":" TENSOR("\"F32\"", "[2]", "[0,4]") "}", 4, RETUNE_CORRUPT,
     "\"t\": data_offsets [0,4] for a shape of f32 [2], which takes 8 bytes"},
    {"{\"t\":" TENSOR("\"U8\"", "[3]", "[0,4]") "}", 4, RETUNE_CORRUPT, "which takes 3 bytes"},
    /* Places */
    {"{" A4 ",\"t\":" TENSOR("\"F32\"", "[1]", "[0,4]") "}", 4, RETUNE_CORRUPT,
     "its data overlaps that of"},
    {"{" A4 ",\"t\":" TENSOR("\"F32\"", "[1]", "[2,6]") "}", 6, RETUNE_CORRUPT,
     "tensor \"t\": its data overlaps that of \"a\""},
    {"{" A4 ",\"t\":" TENSOR("\"F32\"", "[1]", "[5,9]") "}", 9, RETUNE_CORRUPT,
     "tensor \"t\": data bytes 4 to 5 before it belong to no tensor"},
    {"{\"t\":" TENSOR("\"F32\"", "[1]", "[1,5]") "}", 5, RETUNE_CORRUPT,
     "data bytes 0 to 1 before it"},
    {"{" A4 "}", 7, RETUNE_CORRUPT, "data bytes 4 to 7 belong to no tensor"},
    {"{}", 1, RETUNE_CORRUPT, "data bytes 0 to 1 belong to no tensor"},
};

Test(safetensors, refuses_broken_headers) {
    for (size_t i = 0; i < sizeof broken_headers / sizeof broken_headers[0]; i++) {
        const malformed *m = &broken_headers[i];
        expect_refused(make_file(m->header, strlen(m->header), m->data_size), m->status, m->part);
    }
}

Test(safetensors, refuses_a_raw_nul_in_the_header) {
    static const char header[] = "{\"a\0b\":1}";
    expect_refused(make_file(header, sizeof header - 1, 0), RETUNE_CORRUPT,
                   "byte 11: the header has a control character");
}

Test(safetensors, refuses_bad_lengths) {
    temporary_write("a", "1234567", 7);
    expect_refused(temporary_path("a"), RETUNE_CORRUPT, "has 7 bytes");
    temporary_write("a", "", 0);
    expect_refused(temporary_path("a"), RETUNE_CORRUPT, "has 0 bytes");
    temporary_write("a", "\3\0\0\0\0\0\0\0{}", 10);
    expect_refused(temporary_path("a"), RETUNE_CORRUPT, "byte 0: a header of 3 bytes in a file");
    temporary_write("a", "\377\377\377\377\377\377\377\377{}", 10);
    expect_refused(temporary_path("a"), RETUNE_CORRUPT, "a header of 18446744073709551615 bytes");
    expect_refused(temporary_path("none"), RETUNE_IO, "No such file");
    expect_refused(temporary_folder, RETUNE_IO, "is not a regular file");
}

Test(safetensors, refuses_a_header_that_is_too_large) {
    uint64_t length = 100000001;
    temporary_write("a", &length, 8);
    cr_assert_eq(truncate(temporary_path("a"), 8 + 100000001), 0);
    expect_refused(temporary_path("a"), RETUNE_CORRUPT, "at most 100000000 are allowed");
}

Test(safetensors, refuses_a_header_with_too_many_values) {
    enum { SIZE = 2100000 };
    char *header = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        header[i] = i % 2 ? ',' : '1';
    memcpy(header, "{\"a\":[", 6);
    expect_refused(make_file(header, SIZE, 0), RETUNE_CORRUPT, "too many values");
    free(header);
}

/* Whatever byte is flipped or cut off, opening ends in an answer; the sanitizers watch. */
Test(safetensors, survives_every_changed_byte) {
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\"},\"a\":" TENSOR(
        "\"F32\"", "[1]", "[0,4]") ",\"b\":" TENSOR("\"U8\"", "[2,1]", "[4,6]") "}";
    size_t size = 8 + sizeof header - 1 + 6;
    make_file(header, sizeof header - 1, 6);
    unsigned char *bytes;
    cr_assert_eq(retune_file_read(temporary_path("a"), size, &bytes, &size, NULL), RETUNE_OK);
    static const unsigned char flips[] = {1, 2, 0x20, 0x80, 0xff};
    for (size_t i = 0; i < size * sizeof flips; i++) {
        bytes[i / sizeof flips] ^= flips[i % sizeof flips];
        temporary_write("b", bytes, size);
        bytes[i / sizeof flips] ^= flips[i % sizeof flips];
        retune_safetensors *file;
        retune_safetensors_open(temporary_path("b"), &file, NULL);
        retune_safetensors_close(file);
    }
    for (size_t cut = 0; cut < size; cut++) {
        temporary_write("b", bytes, cut);
        expect_refused(temporary_path("b"), RETUNE_CORRUPT, "b");
    }
    free(bytes);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static const float floats[6] = {1, -2, 3.5f, 0, 1e-30f, 6};
static const uint8_t octets[3] = {1, 2, 255};
static const uint16_t halves[2] = {0x3c00, 0x7bff};

Test(safetensors, reads_what_it_writes) {
    retune_error error = RETUNE_ERROR_INIT;
    const retune_option metadata[] = {{"classes", "[\"a\",\"b\\c\"]"},
                                      {"note", "t\xc3\xa4g\n\x01"}};
    const retune_safetensors_entry entries[] = {
        {"octets", {48, RETUNE_U8, 1, 0, {3}}, octets},
        {"conv \"1\"/kernel", {48, RETUNE_F32, 4, 0, {2, 1, 1, 3}}, floats},
        {"half", {48, RETUNE_F16, 2, 0, {1, 2}}, halves},
        {"same", {48, RETUNE_I32, 1, 0, {6}}, floats}};
    const char *path = temporary_path("m.safetensors");
    cr_assert_eq(retune_safetensors_write(path, metadata, 2, entries, 4, &error), RETUNE_OK, "%s",
                 error.message);
    cr_expect_eq(temporary_count(), 1);
    retune_safetensors *file;
    cr_assert_eq(retune_safetensors_open(path, &file, &error), RETUNE_OK, "%s", error.message);
    cr_assert_eq(retune_safetensors_count(file), 4);
    cr_expect_eq((uintptr_t)retune_safetensors_tensor_at(file, 0)->data % 64, 0);
    cr_expect_str_eq(retune_safetensors_tensor_at(file, 0)->name, "conv \"1\"/kernel");
    for (size_t i = 0; i < 4; i++) {
        const retune_safetensors_tensor *tensor = retune_safetensors_find(file, entries[i].name);
        cr_assert_not_null(tensor);
        cr_expect(retune_desc_equal(&tensor->desc, &entries[i].desc));
        size_t bytes;
        cr_assert_eq(retune_desc_bytes(&tensor->desc, &bytes, NULL), RETUNE_OK);
        cr_expect_eq(memcmp(tensor->data, entries[i].data, bytes), 0);
    }
    for (size_t i = 0; i < 2; i++)
        cr_expect_str_eq(retune_safetensors_metadata(file, metadata[i].key), metadata[i].value);
    retune_safetensors_close(file);
}

Test(safetensors, writes_files_without_tensors_or_metadata) {
    const retune_option metadata = {"only", "this"};
    retune_safetensors *file;
    const char *path = temporary_path("m");
    cr_assert_eq(retune_safetensors_write(path, &metadata, 1, NULL, 0, NULL), RETUNE_OK);
    cr_assert_eq(retune_safetensors_open(path, &file, NULL), RETUNE_OK);
    cr_expect_str_eq(retune_safetensors_metadata(file, "only"), "this");
    retune_safetensors_close(file);
    const retune_safetensors_entry entry = {"a", {48, RETUNE_U8, 1, 0, {3}}, octets};
    cr_assert_eq(retune_safetensors_write(path, NULL, 0, &entry, 1, NULL), RETUNE_OK);
    cr_assert_eq(retune_safetensors_open(path, &file, NULL), RETUNE_OK);
    cr_expect_null(retune_safetensors_metadata(file, "only"));
    retune_safetensors_close(file);
}

Test(safetensors, refuses_what_it_could_not_read_again) {
    const retune_tensor_desc good = {48, RETUNE_U8, 1, 0, {3}};
    static const struct {
        const char *first, *second;
        retune_tensor_desc desc;
        const char *part;
    } cases[] = {{"a", "a", {48, RETUNE_U8, 1, 0, {3}}, "tensor \"a\" is there twice"},
                 {"a", "b\n", {48, RETUNE_U8, 1, 0, {3}}, "cannot be used as a name"},
                 {"a", "\xff", {48, RETUNE_U8, 1, 0, {3}}, "cannot be used as a name"},
                 {"a", "__metadata__", {48, RETUNE_U8, 1, 0, {3}}, "cannot be used as a name"},
                 {"a", "b", {48, 77, 1, 0, {3}}, "tensor \"b\": 77 is no element type"},
                 {"a", "b", {48, RETUNE_U8, 0, 0, {3}}, "tensor \"b\": a tensor of rank 0"},
                 {"a", "b", {48, RETUNE_U8, 5, 0, {3}}, "tensor \"b\": a tensor of rank 5"},
                 {"a", "b", {48, RETUNE_U8, 1, 0, {0}}, "tensor \"b\": tensor dimension 0 is 0"}};
    retune_error error = RETUNE_ERROR_INIT;
    const char *path = temporary_path("m");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const retune_safetensors_entry entries[] = {{cases[i].first, good, octets},
                                                    {cases[i].second, cases[i].desc, octets}};
        cr_expect_eq(retune_safetensors_write(path, NULL, 0, entries, 2, &error), RETUNE_INVALID);
        cr_expect_not_null(strstr(error.message, cases[i].part), "%s", error.message);
        cr_expect_eq(strncmp(error.message, path, strlen(path)), 0, "%s", error.message);
    }
    static const retune_safetensors_entry many[50001];
    cr_expect_eq(retune_safetensors_write(path, NULL, 0, many, 50001, &error), RETUNE_INVALID);
    cr_expect_not_null(strstr(error.message, "too many"), "%s", error.message);
    const retune_option twice[] = {{"k", "1"}, {"k", "2"}}, bad = {"k", "\xc0"};
    cr_expect_eq(retune_safetensors_write(path, twice, 2, NULL, 0, NULL), RETUNE_INVALID);
    cr_expect_eq(retune_safetensors_write(path, &bad, 1, NULL, 0, NULL), RETUNE_INVALID);
    cr_expect_eq(temporary_count(), 0);
}

Test(safetensors, a_failed_write_keeps_the_old_file) {
    retune_error error = RETUNE_ERROR_INIT;
    char *zeros = calloc(1, 200000);
    const retune_safetensors_entry old = {"a", {48, RETUNE_U8, 1, 0, {3}}, octets},
                                   new = {"b", {48, RETUNE_U8, 1, 0, {200000}}, zeros};
    const char *path = temporary_path("m");
    cr_assert_eq(retune_safetensors_write(path, NULL, 0, &old, 1, &error), RETUNE_OK);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){100000, RLIM_INFINITY});
    retune_status status = retune_safetensors_write(path, NULL, 0, &new, 1, &error);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    cr_expect_eq(status, RETUNE_IO);
    cr_expect_eq(temporary_count(), 1);
    retune_safetensors *file;
    cr_assert_eq(retune_safetensors_open(path, &file, &error), RETUNE_OK);
    cr_expect_not_null(retune_safetensors_find(file, "a"));
    retune_safetensors_close(file);
    free(zeros);
}
