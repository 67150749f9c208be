/* The Keras reader on files that are well-formed HDF5 and still not what it takes. */
#include "format_plugin.h"
#include "keras_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ends the file and has it refused, with nothing left open. */
static void end_refused(keras_file *file, retune_status status, const char *part) {
    keras_file_end(file);
    keras_handles mark = keras_handles_mark();
    format_refuses(format_plugin("keras_h5"), file->path, status, part);
    keras_handles_check(&mark);
}

/* ---- Not a file of ours -------------------------------------------------------------------- */

Test(keras_h5_refuse, what_is_no_file) {
    char path[256];
    const retune_format *format = format_plugin("keras_h5");
    format_refuses(format, keras_path("missing.h5", path), RETUNE_IO, "No such file");
    format_refuses(format, keras_folder(), RETUNE_IO, "directory");
    cr_assert_eq(mkfifo(keras_path("pipe.h5", path), 0600), 0);
    format_refuses(format, path, RETUNE_IO, "no regular file");
    if (geteuid() != 0) {
        keras_write_bytes(keras_path("secret.h5", path), "x", 1);
        cr_assert_eq(chmod(path, 0), 0);
        format_refuses(format, path, RETUNE_IO, "Permission denied");
    }
}

Test(keras_h5_refuse, what_is_no_hdf5) {
    char path[256];
    const retune_format *format = format_plugin("keras_h5");
    keras_write_bytes(keras_path("empty.h5", path), "", 0);
    format_refuses(format, path, RETUNE_CORRUPT, "is empty");
    keras_write_bytes(keras_path("text.h5", path), "[model]\nalpha = 1.0\n", 20);
    format_refuses(format, path, RETUNE_CORRUPT, "not an HDF5 file");
    keras_write_bytes(keras_path("signature.h5", path), "\x89HDF\r\n\x1a\n", 8);
    format_refuses(format, path, RETUNE_CORRUPT, "not an HDF5 file");
}

static unsigned complaints;
static herr_t count_complaint(hid_t stack, void *data) {
    (void)stack;
    (void)data;
    complaints++;
    return 0;
}

/* HDF5 prints by a function of the process: it must not be called, and be there afterwards. */
Test(keras_h5_refuse, silently) {
    char path[256];
    H5E_auto2_t function = NULL;
    void *data = NULL;
    unsigned loading = 0;
    H5Eset_auto2(H5E_DEFAULT, count_complaint, &complaints);
    H5PLset_loading_state(H5PL_FILTER_PLUGIN);
    keras_write_bytes(keras_path("text.h5", path), "no HDF5", 7);
    format_refuses(format_plugin("keras_h5"), path, RETUNE_CORRUPT, "not an HDF5 file");
    cr_assert_eq(complaints, 0);
    H5Eget_auto2(H5E_DEFAULT, &function, &data);
    cr_assert(function == count_complaint && data == &complaints);
    H5PLget_loading_state(&loading);
    cr_assert_eq(loading, H5PL_FILTER_PLUGIN);
}

/* ---- Attributes ---------------------------------------------------------------------------- */

Test(keras_h5_refuse, no_layer_names) {
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    keras_strings(file.file, "names_of_layers", "dense", false);
    H5Gclose(file.model);
    H5Fclose(file.file);
    format_refuses(format_plugin("keras_h5"), file.path, RETUNE_CORRUPT,
                   "no attribute layer_names");
    keras_file_begin(&file, "b.h5", (keras_style){.whole_model = true});
    H5Gclose(file.model);
    H5Fclose(file.file);
    format_refuses(format_plugin("keras_h5"), file.path, RETUNE_CORRUPT,
                   "/model_weights: no attribute layer_names");
}

Test(keras_h5_refuse, no_weight_names) {
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    H5Gclose(keras_layer(&file, "dense", NULL));
    end_refused(&file, RETUNE_CORRUPT, "/dense: no attribute weight_names");
}

static void number_attribute(hid_t object, const char *name, int rank, const hsize_t *dims,
                             hid_t type) {
    hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(attribute, 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

Test(keras_h5_refuse, names_that_are_no_strings) {
    keras_file file;
    const hsize_t dims[2] = {3, 2};
    keras_file_begin(&file, "a.h5", (keras_style){0});
    number_attribute(file.model, "layer_names", 1, dims, H5T_STD_I32LE);
    end_refused(&file, RETUNE_CORRUPT, "layer_names holds no strings");
    keras_file_begin(&file, "b.h5", (keras_style){0});
    number_attribute(file.model, "layer_names", 2, dims, H5T_STD_I32LE);
    end_refused(&file, RETUNE_CORRUPT, "layer_names is no list");
    keras_file_begin(&file, "c.h5", (keras_style){0});
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    number_attribute(file.model, "layer_names", 1, dims, text); /* never written: null strings */
    H5Tclose(text);
    end_refused(&file, RETUNE_CORRUPT, "attribute layer_names has a null string");
    keras_file_begin(&file, "d.h5", (keras_style){.whole_model = true});
    number_attribute(file.file, "model_config", 0, NULL, H5T_IEEE_F32LE);
    end_refused(&file, RETUNE_CORRUPT, "model_config holds no strings");
    keras_file_begin(&file, "e.h5", (keras_style){.whole_model = true});
    keras_strings(file.file, "model_config", "{,}", false);
    end_refused(&file, RETUNE_CORRUPT, "model_config is no text");
}

Test(keras_h5_refuse, too_many_names) {
    keras_file file;
    const hsize_t dims = 100000;
    hid_t type = H5Tcopy(H5T_C_S1);
    keras_file_begin(&file, "a.h5", (keras_style){.newest = true}); /* takes large attributes */
    number_attribute(file.model, "layer_names", 1, &dims, type);
    H5Tclose(type);
    end_refused(&file, RETUNE_UNSUPPORTED, "layer_names has 100000 entries");
}

/* ---- Names --------------------------------------------------------------------------------- */

Test(keras_h5_refuse, names_of_nothing) {
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    keras_strings(file.model, "layer_names", "dense", false);
    end_refused(&file, RETUNE_CORRUPT, "/dense: missing");
    keras_file_begin(&file, "b.h5", (keras_style){.whole_model = true});
    H5Gclose(keras_layer(&file, "dense", "dense/kernel:0"));
    end_refused(&file, RETUNE_CORRUPT, "/model_weights/dense/dense: missing");
    keras_file_begin(&file, "c.h5", (keras_style){0});
    keras_single(&file, "dense", "dense/kernel:0", "2x3");
    hid_t group = keras_layer(&file, "other", "up/w:0/w:0,up");
    keras_weight(&file, group, "up/w:0", 0, 1, (hsize_t[]){3});
    H5Gclose(group);
    end_refused(&file, RETUNE_CORRUPT, "/other/up/w:0/w:0: lies below a dataset");
}

Test(keras_h5_refuse, names_of_the_wrong_kind) {
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "up");
    keras_weight(&file, group, "up/w:0", 0, 1, (hsize_t[]){3});
    H5Gclose(group);
    end_refused(&file, RETUNE_CORRUPT, "/dense/up: a group, not a dataset");
    keras_file_begin(&file, "b.h5", (keras_style){0});
    keras_weight(&file, file.model, "dense", 0, 1, (hsize_t[]){3});
    keras_strings(file.model, "layer_names", "dense", true);
    end_refused(&file, RETUNE_CORRUPT, "/dense: a dataset, not a layer's group");
    keras_file_begin(&file, "c.h5", (keras_style){0});
    group = keras_layer(&file, "dense", "type");
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tcommit2(group, "type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
    H5Gclose(group);
    end_refused(&file, RETUNE_UNSUPPORTED, "/dense/type: neither a group nor a dataset");
}

static void refuse_weight_name(const char *name, retune_status status, const char *part) {
    keras_file file;
    keras_file_begin(&file, "name.h5", (keras_style){0});
    keras_single(&file, "first", "first/w:0", "3");
    H5Gclose(keras_layer(&file, "dense", name));
    end_refused(&file, status, part);
}

Test(keras_h5_refuse, names_that_leave_their_place) {
    char name[1024];
    refuse_weight_name("../first/first/w:0", RETUNE_UNSUPPORTED, "/dense: '..' is no name");
    refuse_weight_name("/first/first/w:0", RETUNE_UNSUPPORTED, "/dense: '' is no name");
    refuse_weight_name("./w:0", RETUNE_UNSUPPORTED, "/dense: '.' is no name");
    refuse_weight_name("a\nb", RETUNE_CORRUPT, "/dense: a name with control characters");
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    refuse_weight_name(name, RETUNE_UNSUPPORTED, "a name of 1023 characters");
    name[508] = '\0';
    refuse_weight_name(name, RETUNE_UNSUPPORTED, "a path of 515 characters");
}

Test(keras_h5_refuse, names_too_long_to_hand_over) {
    keras_file file;
    char weight[140];
    memset(weight, 'x', sizeof weight);
    weight[124] = '\0';
    keras_file_begin(&file, "fits.h5", (keras_style){0});
    keras_single(&file, "ab", weight, "2");
    keras_file_end(&file);
    const retune_format *format = format_plugin("keras_h5");
    retune_format_reader *reader = format_open(format, file.path);
    format->reader_close(reader);
    keras_file_begin(&file, "long.h5", (keras_style){0});
    keras_single(&file, "abc", weight, "2");
    end_refused(&file, RETUNE_UNSUPPORTED, "more than 127 characters");
}

Test(keras_h5_refuse, names_used_twice) {
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "dense/w:0,dense/w:0");
    keras_weight(&file, group, "dense/w:0", 0, 1, (hsize_t[]){3});
    H5Gclose(group);
    end_refused(&file, RETUNE_CORRUPT, "two tensors are called dense/w");
    keras_file_begin(&file, "b.h5", (keras_style){0});
    keras_single(&file, "dense", "dense/kernel:0", "2x3");
    keras_strings(file.model, "layer_names", "dense,dense", false);
    end_refused(&file, RETUNE_CORRUPT, "two tensors are called dense/kernel");
}

/* ---- Links --------------------------------------------------------------------------------- */

Test(keras_h5_refuse, soft_link) {
    keras_file file;
    keras_file_begin(&file, "weight.h5", (keras_style){0});
    keras_single(&file, "first", "first/w:0", "3");
    hid_t group = keras_layer(&file, "dense", "w:0");
    H5Lcreate_soft("/first/first/w:0", group, "w:0", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    end_refused(&file, RETUNE_UNSUPPORTED, "/dense/w:0: a soft link");
    keras_file_begin(&file, "layer.h5", (keras_style){0});
    keras_single(&file, "first", "first/w:0", "3");
    H5Lcreate_soft("/first", file.model, "dense", H5P_DEFAULT, H5P_DEFAULT);
    keras_strings(file.model, "layer_names", "dense", false);
    end_refused(&file, RETUNE_UNSUPPORTED, "/dense: a soft link");
    keras_file_begin(&file, "model.h5", (keras_style){0});
    H5Lcreate_soft("/", file.file, "model_weights", H5P_DEFAULT, H5P_DEFAULT);
    end_refused(&file, RETUNE_UNSUPPORTED, "/model_weights: a soft link");
}

Test(keras_h5_refuse, external_link) {
    keras_file file, other;
    keras_file_begin(&other, "other.h5", (keras_style){0});
    keras_single(&other, "first", "first/w:0", "3");
    keras_file_end(&other);
    keras_file_begin(&file, "a.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "there/w:0");
    H5Lcreate_external(other.path, "/first/first", group, "there", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    end_refused(&file, RETUNE_UNSUPPORTED, "/dense/there: an external link");
}

static hid_t never_followed(const char *name, hid_t group, const void *data, size_t size,
                            hid_t access, hid_t transfer) {
    (void)name;
    (void)data;
    (void)size;
    (void)access;
    (void)transfer;
    cr_assert_fail("a link was followed");
    return group;
}

Test(keras_h5_refuse, user_defined_link) {
    const H5L_class_t class = {.version = H5L_LINK_CLASS_T_VERS,
                               .id = (H5L_type_t)70,
                               .comment = "elsewhere",
                               .trav_func = never_followed};
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0");
    cr_assert_geq(H5Lregister(&class), 0);
    cr_assert_geq(H5Lcreate_ud(group, "w:0", (H5L_type_t)70, "text", 5, H5P_DEFAULT, H5P_DEFAULT),
                  0);
    H5Gclose(group);
    end_refused(&file, RETUNE_UNSUPPORTED, "/dense/w:0: a user-defined link");
}

Test(keras_h5_refuse, group_that_contains_itself) {
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "again/again/w:0");
    keras_weight(&file, group, "w:0", 0, 1, (hsize_t[]){3});
    H5Lcreate_hard(group, ".", group, "again", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    end_refused(&file, RETUNE_UNSUPPORTED, "/dense/again: a group that contains itself");
    keras_file_begin(&file, "b.h5", (keras_style){0});
    H5Lcreate_hard(file.file, "/", file.file, "model_weights", H5P_DEFAULT, H5P_DEFAULT);
    end_refused(&file, RETUNE_UNSUPPORTED, "/model_weights: a group that contains itself");
    keras_file_begin(&file, "c.h5", (keras_style){0});
    keras_single(&file, "dense", "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/w:0", "3");
    end_refused(&file, RETUNE_UNSUPPORTED, "more than 16 groups deep");
}

/* ---- Shapes and types ---------------------------------------------------------------------- */

static void refuse_shape(const char *weight, const char *shape, const char *part) {
    keras_file file;
    keras_file_begin(&file, "shape.h5", (keras_style){0});
    keras_single(&file, "layer", weight, shape);
    end_refused(&file, RETUNE_UNSUPPORTED, part);
}

Test(keras_h5_refuse, shapes_without_a_layout) {
    refuse_shape("layer/depthwise_kernel:0", "3x3x8x2", "depth multiplier other than 1");
    refuse_shape("layer/depthwise_kernel:0", "3x8x1", "another rank than 4");
    refuse_shape("layer/kernel:0", "3x8x4", "neither a 2-D convolution nor a dense layer");
    refuse_shape("layer/kernel:0", "8", "neither a 2-D convolution nor a dense layer");
    refuse_shape("layer/kernel:0", "2x2x2x2x2", "/layer/layer/kernel:0: rank 5");
    refuse_shape("layer/anything", "2x2x2x2x2", "rank 5");
}

Test(keras_h5_refuse, no_elements) {
    keras_file file;
    keras_file_begin(&file, "a.h5", (keras_style){0});
    keras_single(&file, "dense", "w:0", "4x0x3");
    end_refused(&file, RETUNE_CORRUPT, "/dense/w:0: dimension 1 is 0");
    keras_file_begin(&file, "b.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0");
    hid_t space = H5Screate(H5S_NULL);
    H5Dclose(
        H5Dcreate2(group, "w:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Gclose(group);
    end_refused(&file, RETUNE_CORRUPT, "/dense/w:0: has no shape");
}

static void refuse_type(hid_t type, const char *part) {
    const hsize_t dims = 3;
    keras_file file;
    keras_file_begin(&file, "type.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0");
    H5Dclose(keras_dataset(group, type, 1, &dims, NULL, H5Pcreate(H5P_DATASET_CREATE)));
    H5Gclose(group);
    end_refused(&file, RETUNE_UNSUPPORTED, part);
}

Test(keras_h5_refuse, elements_that_are_no_floats) {
    refuse_type(H5T_STD_I32LE, "/dense/w:0: holds integers");
    refuse_type(H5T_STD_U8BE, "holds integers");
    refuse_type(H5T_C_S1, "holds no floats");
    refuse_type(H5T_NATIVE_LDOUBLE, "holds no floats");
    hid_t odd = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_ebias(odd, 100);
    refuse_type(odd, "holds no floats");
    H5Tclose(odd);
    hid_t pair = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(pair, "re", 0, H5T_IEEE_F32LE);
    H5Tinsert(pair, "im", 4, H5T_IEEE_F32LE);
    refuse_type(pair, "holds no floats");
    H5Tclose(pair);
}

/* ---- Storage ------------------------------------------------------------------------------- */

/* A file with one dataset of floats that nothing was written to. */
static void refuse_unwritten(int rank, const hsize_t *dims, const hsize_t *limits, hid_t creation,
                             retune_status status, const char *part) {
    keras_file file;
    keras_file_begin(&file, "storage.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0");
    H5Dclose(keras_dataset(group, H5T_IEEE_F32LE, rank, dims, limits, creation));
    H5Gclose(group);
    end_refused(&file, status, part);
}

Test(keras_h5_refuse, virtual_dataset) {
    const hsize_t dims = 3;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &dims, NULL);
    cr_assert_geq(H5Pset_virtual(creation, space, "/etc/passwd", "/w", space), 0);
    H5Sclose(space);
    refuse_unwritten(1, &dims, NULL, creation, RETUNE_UNSUPPORTED, "/dense/w:0: a virtual dataset");
}

Test(keras_h5_refuse, external_storage) {
    const hsize_t dims = 3;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, 12);
    refuse_unwritten(1, &dims, NULL, creation, RETUNE_UNSUPPORTED,
                     "/dense/w:0: stored in other files");
}

static size_t pass_through(unsigned flags, size_t count, const unsigned values[], size_t bytes,
                           size_t *size, void **buffer) {
    (void)flags, (void)count, (void)values, (void)size, (void)buffer;
    return bytes;
}

Test(keras_h5_refuse, unknown_filters) {
    const H5Z_class2_t class = {.version = H5Z_CLASS_T_VERS,
                                .id = 300,
                                .encoder_present = 1,
                                .decoder_present = 1,
                                .name = "secret",
                                .filter = pass_through};
    const hsize_t dims = 3;
    cr_assert_geq(H5Zregister(&class), 0);
    hid_t creation = keras_chunked(1, &dims);
    H5Pset_filter(creation, 300, H5Z_FLAG_MANDATORY, 0, NULL);
    refuse_unwritten(1, &dims, NULL, creation, RETUNE_UNSUPPORTED, "/dense/w:0: filter 300");
    cr_assert_geq(H5Zunregister(300), 0);
    creation = keras_chunked(1, &dims);
    H5Pset_scaleoffset(creation, H5Z_SO_FLOAT_DSCALE, 2);
    refuse_unwritten(1, &dims, NULL, creation, RETUNE_UNSUPPORTED, "filter 6");
    creation = keras_chunked(1, &dims);
    H5Pset_deflate(creation, 1);
    H5Pset_deflate(creation, 9);
    refuse_unwritten(1, &dims, NULL, creation, RETUNE_UNSUPPORTED, "an unusual order");
    creation = keras_chunked(1, &dims);
    H5Pset_fletcher32(creation);
    H5Pset_deflate(creation, 9);
    refuse_unwritten(1, &dims, NULL, creation, RETUNE_UNSUPPORTED, "an unusual order");
}

/* Read after it is gone: the filter that wrote it is not even looked for. */
Test(keras_h5_refuse, filter_of_the_past) {
    const H5Z_class2_t class = {.version = H5Z_CLASS_T_VERS,
                                .id = 301,
                                .encoder_present = 1,
                                .decoder_present = 1,
                                .name = "secret",
                                .filter = pass_through};
    const hsize_t dims = 3;
    const float values[3] = {1, 2, 3};
    keras_file file;
    cr_assert_geq(H5Zregister(&class), 0);
    keras_file_begin(&file, "a.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0"), creation = keras_chunked(1, &dims);
    H5Pset_filter(creation, 301, H5Z_FLAG_MANDATORY, 0, NULL);
    hid_t dataset = keras_dataset(group, H5T_IEEE_F32LE, 1, &dims, NULL, creation);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Gclose(group);
    H5Fflush(file.file, H5F_SCOPE_GLOBAL);
    cr_assert_geq(H5Zunregister(301), 0);
    end_refused(&file, RETUNE_UNSUPPORTED, "/dense/w:0: filter 301");
}

Test(keras_h5_refuse, shapes_larger_than_what_is_stored) {
    const hsize_t large[2] = {4096, 4096}, huge[2] = {8193, 8193}, chunk[2] = {64, 64};
    const hsize_t absurd[2] = {(hsize_t)1 << 40, (hsize_t)1 << 40},
                  unlimited[2] = {H5S_UNLIMITED, H5S_UNLIMITED};
    hid_t plain = H5Pcreate(H5P_DATASET_CREATE);
    refuse_unwritten(2, large, NULL, plain, RETUNE_CORRUPT,
                     "stores 0 bytes where its shape needs 67108864");
    refuse_unwritten(2, large, NULL, keras_chunked(2, chunk), RETUNE_CORRUPT, "stores 0 bytes");
    refuse_unwritten(2, huge, NULL, keras_chunked(2, chunk), RETUNE_UNSUPPORTED,
                     "more than 67108864 elements");
    refuse_unwritten(2, absurd, NULL, keras_chunked(2, chunk), RETUNE_UNSUPPORTED,
                     "more than 67108864 elements");
    refuse_unwritten(2, chunk, unlimited, keras_chunked(2, huge), RETUNE_UNSUPPORTED,
                     "a chunk of more than 67108864 elements");
    refuse_unwritten(2, large, NULL, keras_chunked(2, (hsize_t[]){1, 16}), RETUNE_UNSUPPORTED,
                     "1048576 chunks");
}

/* One chunk of many written: with and without compression the rest is missing. */
static void expect_missing_chunks(bool compressed, const hsize_t *dims, const char *part) {
    const hsize_t chunk[2] = {64, 64}, offset[2] = {0, 0};
    static float values[64 * 64];
    keras_file file;
    keras_file_begin(&file, "partial.h5", (keras_style){0});
    hid_t group = keras_layer(&file, "dense", "w:0"), creation = keras_chunked(2, chunk);
    if (compressed)
        H5Pset_deflate(creation, 9);
    hid_t dataset = keras_dataset(group, H5T_IEEE_F32LE, 2, dims, NULL, creation);
    hid_t from = H5Screate_simple(2, chunk, NULL), to = H5Dget_space(dataset);
    for (size_t i = 0; i < 64 * 64; i++)
        values[i] = keras_value(1, i * i);
    H5Sselect_hyperslab(to, H5S_SELECT_SET, offset, NULL, chunk, NULL);
    cr_assert_geq(H5Dwrite(dataset, H5T_NATIVE_FLOAT, from, to, H5P_DEFAULT, values), 0);
    H5Sclose(to);
    H5Sclose(from);
    H5Dclose(dataset);
    H5Gclose(group);
    keras_file_end(&file);
    const retune_format *format = format_plugin("keras_h5");
    retune_format_reader *reader = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = format->reader_open(file.path, &reader, &error);
    if (status == RETUNE_OK) {
        size_t bytes = (size_t)(dims[0] * dims[1]) * sizeof(float);
        float *data = malloc(bytes);
        status = format->tensor_read(reader, 0, data, bytes, &error);
        free(data);
        format->reader_close(reader);
    }
    cr_assert_eq(status, RETUNE_CORRUPT);
    cr_assert(strstr(error.message, part), "%s", error.message);
}

Test(keras_h5_refuse, missing_chunks) {
    expect_missing_chunks(false, (hsize_t[]){128, 128},
                          "stores 16384 bytes where its shape needs 65536");
    expect_missing_chunks(true, (hsize_t[]){8192, 8192}, "more than compression explains");
    expect_missing_chunks(true, (hsize_t[]){128, 128}, "a chunk is missing");
}
