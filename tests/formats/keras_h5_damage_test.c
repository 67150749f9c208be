/* The Keras reader on files that were good once: cut short, or with bits turned over.
 *
 * libhdf5 itself parses the damage, so every damaged file is tried in a process of its own. */
#include "format_plugin.h"
#include "keras_file.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Asked by AddressSanitizer, where there is one: the fault of libhdf5 that plugin.c speaks of, in
 * its walk over the attributes of an object, is no finding here. All else is. */
RETUNE_EXPORT const char *__asan_default_suppressions(void) {
    return "interceptor_via_fun:H5O__msg_iterate_real";
}
RETUNE_EXPORT const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}
/* And by ThreadSanitizer. */
RETUNE_EXPORT const char *__tsan_default_options(void) {
    return "allocator_may_return_null=1";
}

enum { REFUSED = 10, READ = 11, BROKEN_RULE = 12 };

/* Opens a file and reads all there is. A refusal must come with a message; nothing may stay open.
 */
static int read_everything(const retune_format *format, const char *path) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_format_reader *reader = NULL;
    int answer = READ;
    retune_status status = format->reader_open(path, &reader, &error);
    if ((status == RETUNE_OK) != (reader != NULL))
        return BROKEN_RULE;
    for (size_t i = 0; reader && i < format->tensor_count(reader); i++) {
        size_t bytes = sizeof(float);
        retune_format_tensor tensor;
        if (format->tensor_info(reader, i, &tensor, &error) != RETUNE_OK)
            return BROKEN_RULE;
        for (uint32_t d = 0; d < tensor.desc.rank; d++)
            bytes *= (size_t)tensor.desc.shape[d];
        void *data = malloc(bytes);
        retune_status read = format->tensor_read(reader, i, data, bytes, &error);
        if (read != RETUNE_OK)
            status = read;
        free(data);
    }
    format->reader_close(reader);
    if (status != RETUNE_OK) {
        answer = REFUSED;
        if (error.code == RETUNE_OK || !strstr(error.message, path) || strchr(error.message, '\n'))
            answer = BROKEN_RULE;
    }
    return keras_open_objects() == 0 ? answer : BROKEN_RULE;
}

/* The same in a child; its exit status, or minus the signal that ended it. */
static int read_apart(const retune_format *format, const char *path) {
    fflush(NULL);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        alarm(20);
        _exit(read_everything(format, path));
    }
    int state = 0;
    cr_assert_eq(waitpid(child, &state, 0), child);
    return WIFSIGNALED(state) ? -WTERMSIG(state) : WEXITSTATUS(state);
}

/* A small file with each kind of thing the reader looks at. */
static void write_sample(keras_file *file, const char *name, keras_style style) {
    keras_file_begin(file, name, style);
    keras_single(file, "conv", "conv/kernel:0", "3x3x3x8");
    keras_single(file, "conv_dw", "conv_dw/depthwise_kernel:0", "3x3x8x1");
    keras_single(file, "conv_bn", "conv_bn/gamma:0", "8");
    keras_single(file, "dense", "dense/kernel:0", "8x5");
    if (style.whole_model)
        keras_strings(file->file, "model_config", "{}", style.fixed_strings);
    keras_file_end(file);
}

/* ---- Cut short ----------------------------------------------------------------------------- */

static void expect_truncation_noticed(const char *name, keras_style style) {
    const retune_format *format = format_plugin("keras_h5");
    retune_random random = retune_random_make(11, 1);
    char path[256];
    size_t size = 0;
    keras_file file;
    write_sample(&file, name, style);
    unsigned char *data = keras_read_bytes(file.path, &size);
    keras_path("cut.h5", path);
    for (unsigned i = 0; i < 16 + 24; i++) {
        size_t length = i < 16 ? size * i / 16 : (size_t)retune_random_below(&random, size);
        keras_write_bytes(path, data, length);
        cr_assert_eq(read_apart(format, path), REFUSED, "%s cut to %zu of %zu bytes", name, length,
                     size);
    }
    keras_write_bytes(path, data, size / 2);
    format_refuses(format, path, RETUNE_CORRUPT, "truncated file");
    keras_write_bytes(path, data, size - 1);
    format_refuses(format, path, RETUNE_CORRUPT, "truncated file");
    keras_write_bytes(path, data, size);
    cr_assert_eq(read_apart(format, path), READ);
    free(data);
}

Test(keras_h5_damage, cut_short) {
    expect_truncation_noticed("weights.h5", (keras_style){0});
    expect_truncation_noticed("model.h5", (keras_style){.whole_model = true, .compressed = true});
}

/* ---- Turned bits --------------------------------------------------------------------------- */

/* Turns one to four bits, `trials` times from a fixed seed; says which trial ended badly. */
static void expect_flips_survived(const char *name, keras_style style, unsigned trials) {
    const retune_format *format = format_plugin("keras_h5");
    retune_random random = retune_random_make(7, style.whole_model);
    char path[256];
    size_t size = 0;
    unsigned refused = 0, bad = 0;
    keras_file file;
    write_sample(&file, name, style);
    unsigned char *data = keras_read_bytes(file.path, &size), *copy = malloc(size);
    keras_path("turned.h5", path);
    for (unsigned trial = 0; trial < trials; trial++) {
        memcpy(copy, data, size);
        size_t flips = 1 + (size_t)retune_random_below(&random, 4), at = 0;
        for (size_t flip = 0; flip < flips; flip++) {
            at = (size_t)retune_random_below(&random, size);
            copy[at] ^= (unsigned char)(1u << retune_random_below(&random, 8));
        }
        keras_write_bytes(path, copy, size);
        int answer = read_apart(format, path);
        refused += answer == REFUSED;
        if (answer != REFUSED && answer != READ) {
            bad++;
            fprintf(stderr, "%s: trial %u, last byte %zu: %d\n", name, trial, at, answer);
        }
    }
    free(copy);
    free(data);
    cr_assert_eq(bad, 0, "%u of %u damaged files", bad, trials);
    cr_assert_gt(refused, 0, "no damage was noticed: nothing was tested");
}

Test(keras_h5_damage, turned_bits) {
    expect_flips_survived("fixed.h5", (keras_style){.fixed_strings = true}, 100);
    expect_flips_survived("weights.h5", (keras_style){0}, 100);
    expect_flips_survived("model.h5", (keras_style){.whole_model = true, .compressed = true}, 100);
}

/* ---- Strings of variable length ------------------------------------------------------------ */

/* A file whose layer_names is one string, as bytes to damage: where its heap begins, where the
 * string's own header in the heap is, and where the attribute refers to it. */
typedef struct heap_file {
    char path[256];
    unsigned char *data;
    size_t size, heap, object, reference;
} heap_file;

static uint64_t little(const unsigned char *bytes, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static void set_little(unsigned char *bytes, unsigned count, uint64_t value) {
    for (unsigned i = 0; i < count; i++, value >>= 8)
        bytes[i] = (unsigned char)value;
}

static void write_heap_file(heap_file *h) {
    static const char layer[] = "a_layer_with_a_long_name";
    keras_file file;
    keras_file_begin(&file, "heap.h5", (keras_style){0});
    H5Gclose(keras_layer(&file, layer, ""));
    keras_file_end(&file);
    *h = (heap_file){0};
    snprintf(h->path, sizeof h->path, "%s", file.path);
    h->data = keras_read_bytes(h->path, &h->size);
    unsigned char *heap = memmem(h->data, h->size, "GCOL", 4);
    cr_assert(heap);
    h->heap = (size_t)(heap - h->data);
    unsigned char *text = memmem(heap, h->size - h->heap, layer, sizeof layer - 1);
    cr_assert(text);
    h->object = (size_t)(text - h->data) - 16;
    for (size_t i = 0; i + 16 <= h->size && !h->reference; i++)
        if (little(h->data + i, 4) == sizeof layer - 1 && little(h->data + i + 4, 8) == h->heap &&
            little(h->data + i + 12, 4) == little(h->data + h->object, 2))
            h->reference = i;
    cr_assert(h->reference);
}

/* Writes the file with one number changed, has it refused, and puts the number back. */
static void expect_heap_refused(heap_file *h, size_t at, unsigned count, uint64_t value,
                                retune_status status, const char *part) {
    unsigned char kept[8];
    memcpy(kept, h->data + at, count);
    set_little(h->data + at, count, value);
    keras_write_bytes(h->path, h->data, h->size);
    format_refuses(format_plugin("keras_h5"), h->path, status, part);
    memcpy(h->data + at, kept, count);
}

Test(keras_h5_damage, heaps_that_lie) {
    static const char gone[] = "layer_names refers to a string that is not there";
    heap_file h;
    write_heap_file(&h);
    size_t length = (size_t)little(h.data + h.object + 8, 8);
    /* the heap */
    expect_heap_refused(&h, h.heap, 4, 0, RETUNE_CORRUPT, "where none is");
    expect_heap_refused(&h, h.heap + 4, 1, 2, RETUNE_CORRUPT, "where none is");
    expect_heap_refused(&h, h.heap + 8, 8, 15, RETUNE_CORRUPT, "where none is");
    expect_heap_refused(&h, h.heap + 8, 8, 16, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.heap + 8, 8, h.size, RETUNE_CORRUPT, "beyond the end of the file");
    expect_heap_refused(&h, h.heap + 8, 8, UINT64_MAX, RETUNE_UNSUPPORTED, "bytes of text");
    /* the object */
    expect_heap_refused(&h, h.object, 2, 999, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.object, 2, 0, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.object + 8, 8, length - 1, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.object + 8, 8, 1 << 20, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.object + 8, 8, UINT64_MAX - 7, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.heap + 16 + 8, 8, UINT64_MAX, RETUNE_CORRUPT, gone); /* one before */
    /* the reference */
    expect_heap_refused(&h, h.reference, 4, length + 1, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.reference, 4, UINT32_MAX, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.reference + 4, 8, 0, RETUNE_CORRUPT, "a null string");
    expect_heap_refused(&h, h.reference + 4, 8, 8, RETUNE_CORRUPT, "where none is");
    expect_heap_refused(&h, h.reference + 4, 8, UINT64_MAX, RETUNE_CORRUPT, "beyond the end");
    expect_heap_refused(&h, h.reference + 4, 8, h.size - 4, RETUNE_CORRUPT, "beyond the end");
    expect_heap_refused(&h, h.reference + 12, 4, 0, RETUNE_CORRUPT, gone);
    expect_heap_refused(&h, h.reference + 12, 4, 999, RETUNE_CORRUPT, gone);
    /* and nothing changed */
    const retune_format *format = format_plugin("keras_h5");
    keras_write_bytes(h.path, h.data, h.size);
    format->reader_close(format_open(format, h.path));
    free(h.data);
}

/* ---- Chunks -------------------------------------------------------------------------------- */

/* A chunk larger than its dataset says, in a dataset that no longer has the filter which would
 * explain it: nothing may be read into memory measured by the one and filled by the other. */
Test(keras_h5_damage, chunk_without_its_filter) {
    static const unsigned char pipeline[] = {1, 1, 0, 0, 0, 0, 0, 0, H5Z_FILTER_SHUFFLE, 0};
    static unsigned char chunk[60000];
    const hsize_t dims = 4096, offset = 0;
    const retune_format *format = format_plugin("keras_h5");
    keras_file file;
    size_t size = 0;
    keras_file_begin(&file, "chunk.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0"), space = H5Screate_simple(1, &dims, NULL);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, &dims);
    H5Pset_shuffle(creation);
    hid_t dataset =
        H5Dcreate2(group, "w:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    cr_assert_geq(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, &offset, sizeof chunk, chunk), 0);
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
    H5Gclose(group);
    keras_file_end(&file);
    unsigned char *data = keras_read_bytes(file.path, &size);
    unsigned char *filters = memmem(data, size, pipeline, sizeof pipeline);
    cr_assert(filters);
    cr_assert_eq(filters[-8], 11, "the kind of a message stands 8 bytes before it");
    filters[-8] = 0; /* a message that says nothing */
    keras_write_bytes(file.path, data, size);
    free(data);
    int answer = read_apart(format, file.path);
    cr_assert(answer == READ || answer == REFUSED, "%d", answer);
}
