/* The Keras reader on files that are good. */
#include "format_plugin.h"
#include "keras_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t total_elements(const retune_format *format, const retune_format_reader *reader) {
    size_t total = 0;
    for (size_t i = 0; i < format->tensor_count(reader); i++) {
        retune_format_tensor tensor;
        cr_assert_eq(format->tensor_info(reader, i, &tensor, NULL), RETUNE_OK);
        size_t elements = 1;
        for (uint32_t d = 0; d < tensor.desc.rank; d++)
            elements *= (size_t)tensor.desc.shape[d];
        total += elements;
    }
    return total;
}

/* Checks a tensor, [O, H, W, I] or [H, W, C] or [C], against the values keras_weight wrote. */
static void expect_values(const retune_format *format, retune_format_reader *reader,
                          const char *name, size_t index, unsigned seed, size_t rows,
                          size_t columns) {
    size_t count = 0;
    float *values = format_values(format, reader, index, &count);
    cr_assert_eq(count, rows * columns);
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            cr_assert_eq(values[column * rows + row], keras_value(seed, row * columns + column),
                         "%s at [%zu, %zu]", name, column, row);
    free(values);
}

/* A quarter-width MobileNet with its top, in a given style: names, shapes, values, totals. The
 * number of parameters is the one Keras prints for this model. */
static void expect_mobilenet(const char *name, keras_style style) {
    const retune_format *format = format_plugin("keras_h5");
    keras_file file;
    keras_file_begin(&file, name, style);
    keras_mobilenet(&file, 0.25, 1000);
    keras_file_end(&file);
    keras_handles mark = keras_handles_mark();
    retune_format_reader *reader = format_open(format, file.path);
    cr_assert_eq(format->tensor_count(reader), 27 * 5 + 2);
    cr_assert_eq(total_elements(format, reader), 475544);

    size_t index = format_find(format, reader, "conv1/kernel", 4, 8, 3, 3, 3);
    expect_values(format, reader, "conv1/kernel", index, 8, 27, 8);
    index = format_find(format, reader, "conv_dw_13/kernel", 3, 3, 3, 256, 0);
    expect_values(format, reader, "conv_dw_13/kernel", index, 256, 9 * 256, 1);
    index = format_find(format, reader, "conv_pw_2/kernel", 4, 32, 1, 1, 16);
    expect_values(format, reader, "conv_pw_2/kernel", index, 32, 16, 32);
    index = format_find(format, reader, "conv_preds/kernel", 4, 1000, 1, 1, 256);
    expect_values(format, reader, "conv_preds/kernel", index, 5, 256, 1000);
    index = format_find(format, reader, "conv_preds/bias", 1, 1000, 0, 0, 0);
    expect_values(format, reader, "conv_preds/bias", index, 6, 1000, 1);
    static const char *const parameters[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    for (unsigned i = 0; i < 4; i++) {
        char parameter[64];
        snprintf(parameter, sizeof parameter, "conv_pw_7_bn/%s", parameters[i]);
        index = format_find(format, reader, parameter, 1, 128, 0, 0, 0);
        expect_values(format, reader, parameter, index, i, 128, 1);
    }
    format->reader_close(reader);
    keras_handles_check(&mark);
}

Test(keras_h5_read, weights) {
    expect_mobilenet("weights.h5", (keras_style){0});
}

Test(keras_h5_read, fixed_strings) {
    expect_mobilenet("fixed.h5", (keras_style){.fixed_strings = true});
}

Test(keras_h5_read, whole_model) {
    expect_mobilenet("model.h5", (keras_style){.whole_model = true});
}

Test(keras_h5_read, compressed) {
    expect_mobilenet("compressed.h5", (keras_style){.compressed = true});
}

Test(keras_h5_read, half) {
    hid_t type = keras_half_type();
    expect_mobilenet("half.h5", (keras_style){.type = type});
    H5Tset_order(type, H5T_ORDER_BE);
    expect_mobilenet("half_big.h5", (keras_style){.type = type, .compressed = true});
    H5Tclose(type);
}

Test(keras_h5_read, other_floats) {
    expect_mobilenet("big.h5", (keras_style){.type = H5T_IEEE_F32BE});
    expect_mobilenet("double.h5", (keras_style){.type = H5T_IEEE_F64LE, .whole_model = true});
    expect_mobilenet("double_big.h5", (keras_style){.type = H5T_IEEE_F64BE, .compressed = true});
}

/* ---- The real file ------------------------------------------------------------------------- */

static const char *real_file(char path[4096]) {
    const char *data = getenv("RETUNE_TEST_DATA");
    snprintf(path, 4096, "%s/models/mobilenet_1_0_224_tf_no_top.h5", data ? data : "");
    if (!data || access(path, R_OK) != 0)
        cr_skip_test("RETUNE_TEST_DATA has no models/mobilenet_1_0_224_tf_no_top.h5");
    return path;
}

static float *read_directly(const char *path, const char *dataset, size_t count) {
    float *values = malloc(count * sizeof *values);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t id = H5Dopen2(file, dataset, H5P_DEFAULT);
    cr_assert_geq(id, 0);
    cr_assert_eq(H5Dget_storage_size(id), count * sizeof *values);
    cr_assert_geq(H5Dread(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(id);
    H5Fclose(file);
    return values;
}

static void expect_same(const retune_format *format, retune_format_reader *reader, size_t index,
                        const char *path, const char *dataset, size_t rows, size_t columns) {
    size_t count = 0;
    float *values = format_values(format, reader, index, &count);
    float *direct = read_directly(path, dataset, rows * columns);
    cr_assert_eq(count, rows * columns);
    bool varied = false;
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++) {
            float stored = direct[row * columns + column];
            cr_assert_eq(values[column * rows + row], stored, "%s", dataset);
            varied = varied || stored != direct[0];
        }
    cr_assert(varied, "%s is constant and proves nothing", dataset);
    free(direct);
    free(values);
}

Test(keras_h5_read, real_mobilenet) {
    char path[4096];
    const retune_format *format = format_plugin("keras_h5");
    real_file(path);
    retune_format_reader *reader = format_open(format, path);
    cr_assert_eq(format->tensor_count(reader), 27 * 5);
    cr_assert_eq(total_elements(format, reader), 3228864);
    cr_assert_null(format->metadata(reader));
    cr_assert_not(format_has(format, reader, "conv_preds/kernel"));
    size_t index = format_find(format, reader, "conv1/kernel", 4, 32, 3, 3, 3);
    expect_same(format, reader, index, path, "/conv1/conv1/kernel:0", 27, 32);
    index = format_find(format, reader, "conv_dw_3/kernel", 3, 3, 3, 128, 0);
    expect_same(format, reader, index, path, "/conv_dw_3/conv_dw_3/depthwise_kernel:0", 9 * 128, 1);
    index = format_find(format, reader, "conv_pw_13/kernel", 4, 1024, 1, 1, 1024);
    expect_same(format, reader, index, path, "/conv_pw_13/conv_pw_13/kernel:0", 1024, 1024);
    index = format_find(format, reader, "conv_pw_13_bn/moving_variance", 1, 1024, 0, 0, 0);
    expect_same(format, reader, index, path, "/conv_pw_13_bn/conv_pw_13_bn/moving_variance:0", 1024,
                1);
    format->reader_close(reader);
}

/* ---- Names --------------------------------------------------------------------------------- */

Test(keras_h5_read, dense_and_unknown_weights) {
    const retune_format *format = format_plugin("keras_h5");
    keras_file file;
    keras_file_begin(&file, "mixed.h5", (keras_style){0});
    keras_single(&file, "dense", "dense/kernel:0", "6x4");
    keras_single(&file, "scoped", "other_name_1/bias:0", "5");
    keras_single(&file, "deep", "a/b/c/d/gamma:0", "3");
    keras_single(&file, "plain", "beta", "2");
    keras_single(&file, "embedding", "embedding/embeddings:0", "7x5");
    keras_single(&file, "counter", "counter/iterations:0", "");
    keras_single(&file, "block/inner", "block/inner/moving_mean:0", "3");
    keras_file_end(&file);

    retune_format_reader *reader = format_open(format, file.path);
    cr_assert_eq(format->tensor_count(reader), 6);
    size_t index = format_find(format, reader, "dense/kernel", 4, 4, 1, 1, 6);
    expect_values(format, reader, "dense/kernel", index, 1, 6, 4);
    format_find(format, reader, "scoped/bias", 1, 5, 0, 0, 0);
    format_find(format, reader, "deep/gamma", 1, 3, 0, 0, 0);
    format_find(format, reader, "plain/beta", 1, 2, 0, 0, 0);
    format_find(format, reader, "block/inner/moving_mean", 1, 3, 0, 0, 0);
    index = format_find(format, reader, "embedding/embeddings", 2, 7, 5, 0, 0);
    expect_values(format, reader, "embedding/embeddings", index, 1, 35, 1);
    format->reader_close(reader);
}

/* A network used as one layer of another: its weights keep the names of its own layers. */
Test(keras_h5_read, model_inside_a_model) {
    const retune_format *format = format_plugin("keras_h5");
    const hsize_t conv1[4] = {3, 3, 3, 8}, pointwise[4] = {1, 1, 8, 16},
                  depthwise[4] = {3, 3, 8, 1};
    keras_file file;
    keras_file_begin(&file, "nested.h5", (keras_style){.whole_model = true});
    hid_t inner = keras_layer(&file, "mobilenet_0.25_224",
                              "conv1/kernel:0,conv_dw_1/depthwise_kernel:0,conv_pw_1/kernel:0");
    keras_weight(&file, inner, "conv1/kernel:0", 2, 4, conv1);
    keras_weight(&file, inner, "conv_dw_1/depthwise_kernel:0", 3, 4, depthwise);
    keras_weight(&file, inner, "conv_pw_1/kernel:0", 4, 4, pointwise);
    H5Gclose(inner);
    keras_single(&file, "dense", "dense/kernel:0", "16x5");
    keras_file_end(&file);

    retune_format_reader *reader = format_open(format, file.path);
    cr_assert_eq(format->tensor_count(reader), 4);
    size_t index = format_find(format, reader, "conv1/kernel", 4, 8, 3, 3, 3);
    expect_values(format, reader, "conv1/kernel", index, 2, 27, 8);
    format_find(format, reader, "conv_dw_1/kernel", 3, 3, 3, 8, 0);
    format_find(format, reader, "conv_pw_1/kernel", 4, 16, 1, 1, 8);
    format_find(format, reader, "dense/kernel", 4, 5, 1, 1, 16);
    format->reader_close(reader);
}

/* Keras cuts a list of names that does not fit one attribute. */
Test(keras_h5_read, names_in_parts) {
    const retune_format *format = format_plugin("keras_h5");
    keras_file file;
    keras_file_begin(&file, "parts.h5", (keras_style){.fixed_strings = true});
    for (unsigned i = 0; i < 5; i++) {
        char layer[16];
        snprintf(layer, sizeof layer, "layer_%u", i);
        keras_single(&file, layer, "gamma:0", "3");
    }
    keras_strings(file.model, "layer_names0", "layer_0,layer_1", true);
    keras_strings(file.model, "layer_names1", "layer_2,layer_3,layer_4", true);
    H5Gclose(file.model);
    H5Fclose(file.file);

    retune_format_reader *reader = format_open(format, file.path);
    cr_assert_eq(format->tensor_count(reader), 5);
    cr_assert(format_has(format, reader, "layer_4/gamma"));
    format->reader_close(reader);
}

/* ---- Metadata and the interface ------------------------------------------------------------ */

static void expect_metadata(const char *name, bool fixed, size_t length) {
    const retune_format *format = format_plugin("keras_h5");
    char *config = calloc(length + 1, 1);
    memset(config, ' ', length);
    config[0] = '{';
    config[length - 1] = '}';
    keras_file file;
    keras_file_begin(&file, name, (keras_style){.whole_model = true});
    keras_single(&file, "dense", "dense/bias:0", "4");
    keras_strings(file.file, "model_config", config, fixed);
    keras_file_end(&file);
    retune_format_reader *reader = format_open(format, file.path);
    cr_assert_str_eq(format->metadata(reader), config);
    format->reader_close(reader);
    free(config);
}

Test(keras_h5_read, metadata) {
    expect_metadata("variable.h5", false, 30);
    expect_metadata("long.h5", false, 12000);
    expect_metadata("fixed.h5", true, 12000);
}

/* HDF5 leaves room for others at the start of a file and counts bytes from behind it. */
Test(keras_h5_read, user_block) {
    const retune_format *format = format_plugin("keras_h5");
    keras_file file;
    keras_file_begin(&file, "block.h5", (keras_style){.user_block = 4096});
    keras_single(&file, "dense", "dense/kernel:0", "6x4");
    keras_file_end(&file);
    retune_format_reader *reader = format_open(format, file.path);
    size_t index = format_find(format, reader, "dense/kernel", 4, 4, 1, 1, 6);
    expect_values(format, reader, "dense/kernel", index, 1, 6, 4);
    format->reader_close(reader);
}

/* Any version of the file format: other headers, other indexes of chunks. */
Test(keras_h5_read, newest_file_format) {
    expect_mobilenet("newest.h5", (keras_style){.newest = true});
    expect_mobilenet("newest_model.h5", (keras_style){
                                            .newest = true,
                                            .compressed = true,
                                            .whole_model = true,
                                            .fixed_strings = true,
                                        });
}

Test(keras_h5_read, several_readers_at_once) {
    const retune_format *format = format_plugin("keras_h5");
    keras_file file;
    keras_file_begin(&file, "shared.h5", (keras_style){.compressed = true});
    keras_single(&file, "dense", "dense/kernel:0", "30x20");
    keras_file_end(&file);
    keras_handles mark = keras_handles_mark();
    retune_format_reader *a = format_open(format, file.path), *b = format_open(format, file.path);
    expect_values(format, a, "dense/kernel", 0, 1, 30, 20);
    format->reader_close(a);
    expect_values(format, b, "dense/kernel", 0, 1, 30, 20);
    expect_values(format, b, "dense/kernel", 0, 1, 30, 20);
    format->reader_close(b);
    format->reader_close(NULL);
    keras_handles_check(&mark);
}

Test(keras_h5_read, wrong_calls) {
    const retune_format *format = format_plugin("keras_h5");
    retune_error error = RETUNE_ERROR_INIT;
    retune_format_tensor tensor;
    float values[5] = {0};
    keras_file file;
    keras_file_begin(&file, "calls.h5", (keras_style){0});
    keras_single(&file, "dense", "dense/bias:0", "4");
    keras_file_end(&file);
    retune_format_reader *reader = format_open(format, file.path);
    cr_assert_eq(format->tensor_info(reader, 1, &tensor, &error), RETUNE_INVALID);
    cr_assert_eq(tensor.desc.rank, 0);
    cr_assert_eq(format->tensor_read(reader, 1, values, 16, &error), RETUNE_INVALID);
    cr_assert_eq(format->tensor_read(reader, 0, values, 20, &error), RETUNE_INVALID);
    cr_assert(strstr(error.message, "needs 16 bytes, not 20"), "%s", error.message);
    cr_assert_eq(format->tensor_read(reader, 0, values, 16, &error), RETUNE_OK);
    cr_assert_eq(values[3], keras_value(1, 3));
    cr_assert_eq(values[4], 0.0f);
    format->reader_close(reader);
}

Test(keras_h5_read, table) {
    retune_format_query_function query = format_plugin_query("keras_h5");
    const retune_format *format = query(RETUNE_FORMAT_ABI);
    cr_assert(format);
    cr_assert_eq(query(RETUNE_FORMAT_ABI + 7), format, "a newer minor version changes nothing");
    cr_assert_eq(format->struct_size, sizeof *format);
    cr_assert_eq(format->abi, RETUNE_FORMAT_ABI);
    cr_assert(strstr(format->extensions, ".h5"));
    cr_assert_null(format->write);
    cr_assert_null(query(RETUNE_FORMAT_ABI + 0x10000u));
    cr_assert_null(query(RETUNE_FORMAT_ABI & 0xffffu));
}
