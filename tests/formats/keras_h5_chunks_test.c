/* The Keras reader on chunks that do not decode to what their dataset says. */
#include "format_plugin.h"
#include "keras_file.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* A file that opens, whose only tensor cannot be read. */
static void end_unreadable(keras_file *file, const char *part) {
    const retune_format *format = format_plugin("keras_h5");
    retune_error error = RETUNE_ERROR_INIT;
    float values[4096];
    keras_file_end(file);
    keras_handles mark = keras_handles_mark();
    retune_format_reader *reader = format_open(format, file->path);
    cr_assert_eq(format->tensor_read(reader, 0, values, sizeof values, &error), RETUNE_CORRUPT);
    cr_assert_eq(error.code, RETUNE_CORRUPT);
    cr_assert(strstr(error.message, part), "%s", error.message);
    cr_assert(strstr(error.message, file->path), "%s", error.message);
    format->reader_close(reader);
    keras_handles_check(&mark);
}

/* A tensor of 4096 floats in one chunk, stored as `size` given bytes. */
static void begin_raw_chunk(keras_file *file, bool deflated, const void *data, size_t size) {
    const hsize_t dims = 4096, offset = 0;
    keras_file_begin(file, "chunk.h5", (keras_style){0});
    hid_t group = keras_layer(file, "dense", "w:0"), creation = keras_chunked(1, &dims);
    if (deflated)
        H5Pset_deflate(creation, 9);
    else
        H5Pset_shuffle(creation); /* a filter, so that chunks may be of any size */
    hid_t dataset = keras_dataset(group, H5T_IEEE_F32LE, 1, &dims, NULL, creation);
    cr_assert_geq(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, &offset, size, data), 0);
    H5Dclose(dataset);
    H5Gclose(group);
}

static void expect_bad_inflation(size_t bytes) {
    keras_file file;
    unsigned char *plain = calloc(bytes, 1), *packed = malloc(bytes + 1024);
    uLongf size = bytes + 1024;
    cr_assert_eq(compress2(packed, &size, plain, bytes, 9), Z_OK);
    begin_raw_chunk(&file, true, packed, size);
    end_unreadable(&file, "/dense/w:0: a chunk does not come to 16384 bytes");
    free(plain);
    free(packed);
}

Test(keras_h5_chunks, that_inflate_to_another_size) {
    expect_bad_inflation(16384 - 1);
    expect_bad_inflation(16384 + 1);
    expect_bad_inflation(30000);
    expect_bad_inflation(20 << 20);
}

Test(keras_h5_chunks, that_do_not_inflate) {
    static unsigned char noise[20000];
    keras_file file;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)(i * 7 + 1);
    begin_raw_chunk(&file, true, noise, sizeof noise);
    end_unreadable(&file, "a chunk is no deflate stream");
    unsigned char packed[1024];
    uLongf size = sizeof packed;
    static unsigned char zeros[16384];
    cr_assert_eq(compress2(packed, &size, zeros, sizeof zeros, 9), Z_OK);
    begin_raw_chunk(&file, true, packed, size - 8); /* cut off */
    end_unreadable(&file, "a chunk is no deflate stream");
}

Test(keras_h5_chunks, of_another_size) {
    static unsigned char bytes[40000];
    keras_file file;
    begin_raw_chunk(&file, false, bytes, 16384 + 4);
    end_unreadable(&file, "a chunk does not come to 16384 bytes");
    begin_raw_chunk(&file, false, bytes, 16384);
    keras_file_end(&file);
    const retune_format *format = format_plugin("keras_h5");
    retune_format_reader *reader = format_open(format, file.path);
    size_t count = 0;
    free(format_values(format, reader, 0, &count));
    cr_assert_eq(count, 4096);
    format->reader_close(reader);
    begin_raw_chunk(&file, true, bytes, sizeof bytes);
    end_unreadable(&file, "a chunk is stored in 40000 bytes");
    begin_raw_chunk(&file, false, bytes, 100);
    keras_file_end(&file);
    format_refuses(format, file.path, RETUNE_CORRUPT,
                   "stores 100 bytes where its shape needs 16384");
}

/* Fletcher32 notices what was changed after writing. */
Test(keras_h5_chunks, with_a_wrong_checksum) {
    keras_file file;
    keras_file_begin(&file, "sum.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0");
    hid_t creation = keras_chunked(1, (hsize_t[]){4096});
    H5Pset_fletcher32(creation);
    hid_t dataset = keras_dataset(group, H5T_IEEE_F32LE, 1, (hsize_t[]){4096}, NULL, creation);
    static unsigned char bytes[16384 + 4];
    bytes[77] = 1;
    H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, (hsize_t[]){0}, sizeof bytes, bytes);
    H5Dclose(dataset);
    H5Gclose(group);
    end_unreadable(&file, "/dense/w:0: cannot be read");
}
