#include "keras_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void remove_folder(void) {
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s stays behind\n", folder);
}

const char *keras_folder(void) {
    if (!folder[0]) {
        strcpy(folder, "/tmp/retune-keras-XXXXXX");
        cr_assert(mkdtemp(folder));
        atexit(remove_folder);
    }
    return folder;
}

const char *keras_path(const char *name, char path[256]) {
    snprintf(path, 256, "%s/%s", keras_folder(), name);
    return path;
}

float keras_value(unsigned seed, size_t index) {
    return (float)((index * 7 + seed * 131) % 2048) - 1024.0f;
}

/* ---- Strings ------------------------------------------------------------------------------- */

static size_t split(const char *list, char *copy, size_t size, const char **items, size_t limit) {
    size_t count = 0;
    snprintf(copy, size, "%s", list);
    for (char *item = strtok(copy, ","); item; item = strtok(NULL, ",")) {
        cr_assert_lt(count, limit);
        items[count++] = item;
    }
    return count;
}

void keras_strings(hid_t object, const char *name, const char *list, bool fixed) {
    char copy[16384];
    const char *items[256];
    size_t count = split(list, copy, sizeof copy, items, 256), longest = 1;
    for (size_t i = 0; i < count; i++)
        longest = strlen(items[i]) > longest ? strlen(items[i]) : longest;
    hsize_t dims = count;
    /* h5py writes an empty list as one of doubles. */
    hid_t space = H5Screate_simple(1, &dims, NULL);
    hid_t type = H5Tcopy(count ? H5T_C_S1 : H5T_IEEE_F64LE);
    char *block = calloc(count + 1, longest);
    if (count) {
        H5Tset_size(type, fixed ? longest : H5T_VARIABLE);
        H5Tset_strpad(type, fixed ? H5T_STR_NULLPAD : H5T_STR_NULLTERM);
        H5Tset_cset(type, fixed ? H5T_CSET_ASCII : H5T_CSET_UTF8);
    }
    for (size_t i = 0; i < count; i++)
        memcpy(block + i * longest, items[i], strlen(items[i]));
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(attribute, 0);
    if (count)
        cr_assert_geq(H5Awrite(attribute, type, fixed ? (void *)block : (void *)items), 0);
    free(block);
    H5Aclose(attribute);
    H5Tclose(type);
    H5Sclose(space);
}

/* ---- Files --------------------------------------------------------------------------------- */

void keras_file_begin(keras_file *file, const char *name, keras_style style) {
    *file = (keras_file){.style = style};
    keras_path(name, file->path);
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_userblock(creation, style.user_block);
    if (style.newest)
        H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    file->file = H5Fcreate(file->path, H5F_ACC_TRUNC, creation, access);
    cr_assert_geq(file->file, 0);
    H5Pclose(access);
    H5Pclose(creation);
    file->model =
        H5Gcreate2(file->file, style.whole_model ? "model_weights" : "weights_nobody_uses",
                   H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (!style.whole_model) {
        H5Gclose(file->model);
        file->model = H5Gopen2(file->file, "/", H5P_DEFAULT);
    }
    keras_strings(file->model, "keras_version", "2.12.0", style.fixed_strings);
}

void keras_file_end(keras_file *file) {
    char list[16384] = "";
    for (size_t i = 0; i < file->layer_count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, used ? ",%s" : "%s", file->layers[i]);
    }
    if (!H5Aexists(file->model, "layer_names"))
        keras_strings(file->model, "layer_names", list, file->style.fixed_strings);
    H5Gclose(file->model);
    H5Fclose(file->file);
    cr_assert_eq(keras_open_objects(), 0, "the test left some open");
}

hid_t keras_layer(keras_file *file, const char *name, const char *weights) {
    cr_assert_lt(file->layer_count, sizeof file->layers / sizeof file->layers[0]);
    snprintf(file->layers[file->layer_count++], sizeof file->layers[0], "%s", name);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t group = H5Gcreate2(file->model, name, links, H5P_DEFAULT, H5P_DEFAULT);
    cr_assert_geq(group, 0);
    H5Pclose(links);
    if (weights)
        keras_strings(group, "weight_names", weights, file->style.fixed_strings);
    return group;
}

static hid_t dataset_creation(const keras_file *file, int rank, const hsize_t *dims) {
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (file->style.compressed && rank > 0) {
        hsize_t chunk[5];
        for (int d = 0; d < rank; d++) /* does not divide most shapes: the last chunks stick out */
            chunk[d] = dims[d] < 5 ? dims[d] : dims[d] / 2 + 1;
        cr_assert_geq(H5Pset_chunk(creation, rank, chunk), 0);
        cr_assert_geq(H5Pset_shuffle(creation), 0);
        cr_assert_geq(H5Pset_deflate(creation, 4), 0);
        cr_assert_geq(H5Pset_fletcher32(creation), 0);
    }
    return creation;
}

void keras_weight(keras_file *file, hid_t layer, const char *path, unsigned seed, int rank,
                  const hsize_t *dims) {
    size_t count = 1;
    for (int d = 0; d < rank; d++)
        count *= (size_t)dims[d];
    float *values = malloc((count + 1) * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = keras_value(seed, i);
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    hid_t creation = dataset_creation(file, rank, dims);
    hid_t space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    hid_t type = file->style.type ? file->style.type : H5T_IEEE_F32LE;
    hid_t dataset = H5Dcreate2(layer, path, type, space, links, creation, H5P_DEFAULT);
    cr_assert_geq(dataset, 0);
    cr_assert_geq(H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(creation);
    H5Pclose(links);
    free(values);
}

void keras_single(keras_file *file, const char *layer, const char *weight, const char *shape) {
    hsize_t dims[8];
    int rank = 0;
    for (const char *rest = shape; *rest; rest += *rest == 'x') {
        char *end;
        dims[rank++] = strtoull(rest, &end, 10);
        rest = end;
    }
    hid_t group = keras_layer(file, layer, weight);
    keras_weight(file, group, weight, 1, rank, dims);
    H5Gclose(group);
}

hid_t keras_dataset(hid_t group, hid_t type, int rank, const hsize_t *dims, const hsize_t *limits,
                    hid_t creation) {
    hid_t space = H5Screate_simple(rank, dims, limits);
    hid_t dataset = H5Dcreate2(group, "w:0", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    cr_assert_geq(dataset, 0);
    H5Sclose(space);
    H5Pclose(creation);
    return dataset;
}

hid_t keras_chunked(int rank, const hsize_t *chunk) {
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    cr_assert_geq(H5Pset_chunk(creation, rank, chunk), 0);
    return creation;
}

/* ---- MobileNet ----------------------------------------------------------------------------- */

static void add_convolution(keras_file *file, const char *name, bool depthwise, hsize_t size,
                            hsize_t inputs, hsize_t outputs) {
    char weight[160];
    hsize_t dims[4] = {size, size, inputs, depthwise ? 1 : outputs};
    snprintf(weight, sizeof weight, "%s/%s:0", name, depthwise ? "depthwise_kernel" : "kernel");
    hid_t group = keras_layer(file, name, weight);
    keras_weight(file, group, weight, (unsigned)outputs, 4, dims);
    H5Gclose(group);
}

static void add_batch_norm(keras_file *file, const char *name, hsize_t channels) {
    static const char *const parameters[] = {"gamma", "beta", "moving_mean", "moving_variance"};
    char weights[512] = "", weight[160], layer[64];
    snprintf(layer, sizeof layer, "%s_bn", name);
    for (size_t i = 0; i < 4; i++) {
        size_t used = strlen(weights);
        snprintf(weights + used, sizeof weights - used, "%s%s/%s:0", i ? "," : "", layer,
                 parameters[i]);
    }
    hid_t group = keras_layer(file, layer, weights);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(weight, sizeof weight, "%s/%s:0", layer, parameters[i]);
        keras_weight(file, group, weight, i, 1, &channels);
    }
    H5Gclose(group);
}

static void add_relu(keras_file *file, const char *name) {
    char layer[64];
    snprintf(layer, sizeof layer, "%s_relu", name);
    H5Gclose(keras_layer(file, layer, ""));
}

void keras_mobilenet(keras_file *file, double alpha, unsigned classes) {
    static const unsigned widths[14] = {32,  64,  128, 128, 256, 256,  512,
                                        512, 512, 512, 512, 512, 1024, 1024};
    char name[32];
    hsize_t channels = (hsize_t)(widths[0] * alpha);
    H5Gclose(keras_layer(file, "input_1", ""));
    add_convolution(file, "conv1", false, 3, 3, channels);
    add_batch_norm(file, "conv1", channels);
    add_relu(file, "conv1");
    for (unsigned block = 1; block <= 13; block++) {
        hsize_t outputs = (hsize_t)(widths[block] * alpha);
        snprintf(name, sizeof name, "conv_dw_%u", block);
        add_convolution(file, name, true, 3, channels, channels);
        add_batch_norm(file, name, channels);
        add_relu(file, name);
        snprintf(name, sizeof name, "conv_pw_%u", block);
        add_convolution(file, name, false, 1, channels, outputs);
        add_batch_norm(file, name, outputs);
        add_relu(file, name);
        channels = outputs;
    }
    if (!classes)
        return;
    hsize_t kernel[4] = {1, 1, channels, classes};
    hid_t group = keras_layer(file, "conv_preds", "conv_preds/kernel:0,conv_preds/bias:0");
    keras_weight(file, group, "conv_preds/kernel:0", 5, 4, kernel);
    keras_weight(file, group, "conv_preds/bias:0", 6, 1, &kernel[3]);
    H5Gclose(group);
}

hid_t keras_half_type(void) {
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(type, 15, 10, 5, 0, 10);
    H5Tset_size(type, 2);
    H5Tset_ebias(type, 15);
    return type;
}

/* ---- Bytes and handles --------------------------------------------------------------------- */

long keras_open_objects(void) {
    return (long)H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL & ~H5F_OBJ_DATATYPE);
}

/* Identifiers of a kind count upwards: what was made between two of them lies between them. */
keras_handles keras_handles_mark(void) {
    keras_handles mark = {.space = H5Screate(H5S_SCALAR),
                          .type = H5Tcopy(H5T_C_S1),
                          .properties = H5Pcreate(H5P_DATASET_CREATE)};
    H5Sclose(mark.space);
    H5Tclose(mark.type);
    H5Pclose(mark.properties);
    return mark;
}

static void check_closed(const char *kind, hid_t from, hid_t to) {
    for (hid_t id = from; id < to; id++)
        cr_assert_eq(H5Iis_valid(id), 0, "a %s was left open", kind);
}

void keras_handles_check(const keras_handles *mark) {
    keras_handles now = keras_handles_mark();
    cr_assert_eq(keras_open_objects(), 0, "something is left open");
    check_closed("dataspace", mark->space, now.space);
    check_closed("datatype", mark->type, now.type);
    check_closed("property list", mark->properties, now.properties);
}

void keras_write_bytes(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(data, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

unsigned char *keras_read_bytes(const char *path, size_t *out_size) {
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    fseek(file, 0, SEEK_END);
    *out_size = (size_t)ftell(file);
    rewind(file);
    unsigned char *data = malloc(*out_size + 1);
    cr_assert_eq(fread(data, 1, *out_size, file), *out_size);
    fclose(file);
    return data;
}
