#include "model/safetensors.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "base/utf8.h"
#include "model/safetensors_format.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

/* Bounds on the parsed header: JSON values in all, and objects and arrays inside one another. */
#define VALUES_MAX ((size_t)1000 * 1000)
#define DEPTH_MAX  3

#define LENGTH_BYTES RETUNE_SAFETENSORS_LENGTH_BYTES
#define HEADER_MAX   RETUNE_SAFETENSORS_HEADER_MAX
#define NAME         RETUNE_SAFETENSORS_NAME

const char *retune_safetensors_dtype(uint32_t dtype) {
    static const char *const names[] = {[RETUNE_F32] = "F32",
                                        [RETUNE_F16] = "F16",
                                        [RETUNE_BF16] = "BF16",
                                        [RETUNE_U8] = "U8",
                                        [RETUNE_I32] = "I32"};
    return dtype < sizeof names / sizeof names[0] ? names[dtype] : NULL;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *retune_safetensors_duplicate(const char **names, size_t count) {
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return names[i];
    return NULL;
}

typedef struct placed_tensor {
    retune_safetensors_tensor tensor; /* first: the index by name points here */
    size_t begin, end;                /* bytes in the data section */
    void *copy;                       /* the data, when the file has it misaligned; else NULL */
} placed_tensor;

struct retune_safetensors {
    const char *path; /* during open only, for errors */
    retune_file_map map;
    cJSON *header; /* owns names and metadata */
    const cJSON *metadata;
    const unsigned char *data;
    size_t data_size;
    size_t count;
    placed_tensor *items;          /* ordered by place */
    const placed_tensor **by_name; /* ordered by name */
};

/* Refuses, before the parser takes memory for it, text that JSON forbids but cJSON lets pass (bytes
 * that are no UTF-8, control characters, an escaped NUL that would cut a name short), and a header
 * with more values or deeper nesting than any model has. */
static retune_status scan_header(const retune_safetensors *file, const char *text, size_t size,
                                 retune_error *error) {
    size_t offset = 0, values = 0, depth = 0;
    const char *fault = NULL;
    if (!retune_utf8_is_valid(text, size, &offset))
        fault = "is not UTF-8";
    bool quoted = false;
    for (size_t i = 0; i < size && !fault; i++) {
        char c = text[i];
        offset = i;
        if ((unsigned char)c < 0x20 && (quoted || (c != '\t' && c != '\n' && c != '\r')))
            fault = "has a control character";
        else if (c == '"')
            quoted = !quoted;
        else if (quoted && c == '\\' && size - i > 5 && memcmp(text + i, "\\u0000", 6) == 0)
            fault = "has a NUL character in a text";
        else if (quoted)
            i += c == '\\';
        else if (c == '{' || c == '[')
            fault = ++depth > DEPTH_MAX ? "is nested too deeply" : NULL;
        else if (c == '}' || c == ']')
            depth -= depth > 0;
        if (!quoted && (c == ',' || c == '{' || c == '[') && ++values > VALUES_MAX)
            fault = "has too many values";
    }
    if (!fault)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_CORRUPT, "%s: byte %zu: the header %s", file->path,
                       LENGTH_BYTES + offset, fault);
}

static retune_status parse_header(retune_safetensors *file, size_t size, retune_error *error) {
    /* The parser of some cJSON releases looks one byte beyond the length it was told. */
    char *text = malloc(size + 1);
    if (!text)
        return retune_fail_memory(error, size + 1, "safetensors header");
    memcpy(text, file->map.data + LENGTH_BYTES, size);
    text[size] = '\0';
    retune_status status = scan_header(file, text, size, error);
    if (status == RETUNE_OK) {
        const char *end = text;
        file->header = cJSON_ParseWithLengthOpts(text, size + 1, &end, 1);
        if (!file->header)
            status = retune_fail(error, RETUNE_CORRUPT, "%s: byte %zu: the header is not JSON",
                                 file->path, LENGTH_BYTES + (size_t)(end - text));
    }
    free(text);
    return status;
}

/* Splits the file into length, header and data, and parses the header. */
static retune_status read_header(retune_safetensors *file, retune_error *error) {
    const retune_file_map *map = &file->map;
    if (map->size < LENGTH_BYTES)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: has %zu bytes; a safetensors file has at least 8", file->path,
                           map->size);
    uint64_t length;
    memcpy(&length, map->data, sizeof length);
    if (length > map->size - LENGTH_BYTES)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: byte 0: a header of %" PRIu64 " bytes in a file of %zu", file->path,
                           length, map->size);
    if (length > HEADER_MAX)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: byte 0: a header of %" PRIu64 " bytes; at most %zu are allowed",
                           file->path, length, HEADER_MAX);
    if (length == 0 || map->data[LENGTH_BYTES] != '{')
        return retune_fail(error, RETUNE_CORRUPT, "%s: byte 8: the header does not begin with {",
                           file->path);
    file->data = map->data + LENGTH_BYTES + length;
    file->data_size = map->size - LENGTH_BYTES - (size_t)length;
    return parse_header(file, (size_t)length, error);
}

/* A JSON object in which no key appears twice. `what` names it. */
static retune_status check_keys(const retune_safetensors *file, const cJSON *object,
                                const char *what, retune_error *error) {
    size_t count = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, object) count++;
    const char **names = NULL;
    RETUNE_TRY(retune_allocate(count, sizeof *names, "safetensors names", &names, error));
    count = 0;
    cJSON_ArrayForEach(member, object) names[count++] = member->string;
    const char *duplicate = retune_safetensors_duplicate(names, count);
    free(names);
    if (!duplicate)
        return RETUNE_OK;
    return retune_fail(error, RETUNE_CORRUPT, "%s: %s \"%.160s\" appears twice", file->path, what,
                       duplicate);
}

static retune_status check_metadata(retune_safetensors *file, const cJSON *metadata,
                                    retune_error *error) {
    if (!cJSON_IsObject(metadata))
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: " RETUNE_SAFETENSORS_METADATA " is not an object", file->path);
    const cJSON *member;
    cJSON_ArrayForEach(member, metadata) if (!cJSON_IsString(member)) return retune_fail(
        error, RETUNE_CORRUPT, "%s: metadata \"%.160s\" is not a text", file->path, member->string);
    file->metadata = metadata;
    return check_keys(file, metadata, "metadata", error);
}

/* A whole number that a double holds exactly. */
static bool whole_number(const cJSON *value, uint64_t *out_number) {
    *out_number = 0;
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0) || value->valuedouble >= 0x1p53)
        return false;
    *out_number = (uint64_t)value->valuedouble;
    return (double)*out_number == value->valuedouble;
}

static retune_status parse_dtype(const retune_safetensors *file, const char *name,
                                 const cJSON *value, retune_tensor_desc *desc,
                                 retune_error *error) {
    if (!cJSON_IsString(value))
        return retune_fail(error, RETUNE_CORRUPT, "%s: " NAME ": dtype is not a text", file->path,
                           name);
    const char *candidate;
    for (desc->dtype = 0; (candidate = retune_safetensors_dtype(desc->dtype)); desc->dtype++)
        if (strcmp(value->valuestring, candidate) == 0)
            return RETUNE_OK;
    return retune_fail(error, RETUNE_UNSUPPORTED,
                       "%s: " NAME ": dtype \"%.20s\" is not F32, F16, BF16, U8 or I32", file->path,
                       name, value->valuestring);
}

static retune_status parse_shape(const retune_safetensors *file, const char *name,
                                 const cJSON *value, retune_tensor_desc *desc,
                                 retune_error *error) {
    if (!cJSON_IsArray(value))
        return retune_fail(error, RETUNE_CORRUPT, "%s: " NAME ": shape is not a list", file->path,
                           name);
    int rank = cJSON_GetArraySize(value);
    if (rank < 1 || rank > RETUNE_RANK_MAX)
        return retune_fail(error, RETUNE_UNSUPPORTED,
                           "%s: " NAME ": rank %d; only ranks 1 to %d are supported", file->path,
                           name, rank, RETUNE_RANK_MAX);
    const cJSON *dimension;
    desc->rank = 0;
    cJSON_ArrayForEach(dimension, value) {
        uint64_t number;
        if (!whole_number(dimension, &number))
            return retune_fail(error, RETUNE_CORRUPT,
                               "%s: " NAME ": dimension %u is not a whole number", file->path, name,
                               desc->rank);
        if (number == 0)
            return retune_fail(error, RETUNE_UNSUPPORTED,
                               "%s: " NAME ": dimension %u is 0; empty tensors are not supported",
                               file->path, name, desc->rank);
        desc->shape[desc->rank++] = (int64_t)number;
    }
    return RETUNE_OK;
}

/* The place of a tensor: inside the data section and as long as its shape says. */
static retune_status parse_place(const retune_safetensors *file, const cJSON *value,
                                 placed_tensor *item, retune_error *error) {
    const char *name = item->tensor.name;
    uint64_t begin, end;
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) != 2 ||
        !whole_number(cJSON_GetArrayItem(value, 0), &begin) ||
        !whole_number(cJSON_GetArrayItem(value, 1), &end) || begin > end)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: " NAME ": data_offsets are not two rising whole numbers",
                           file->path, name);
    if (end > file->data_size)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: " NAME ": data_offsets [%" PRIu64 ",%" PRIu64
                           "] reach beyond the %zu bytes of data",
                           file->path, name, begin, end, file->data_size);
    size_t bytes;
    retune_status status = retune_desc_bytes(&item->tensor.desc, &bytes, error);
    if (status != RETUNE_OK)
        return retune_fail_context(error, RETUNE_CORRUPT, "%s: " NAME, file->path, name);
    char shape[RETUNE_DESC_TEXT_MAX];
    if (end - begin != bytes)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: " NAME ": data_offsets [%" PRIu64 ",%" PRIu64
                           "] for a shape of %s %s, which takes %zu bytes",
                           file->path, name, begin, end, retune_dtype_text(item->tensor.desc.dtype),
                           retune_desc_text(&item->tensor.desc, shape), bytes);
    item->begin = (size_t)begin;
    item->end = (size_t)end;
    return RETUNE_OK;
}

static retune_status parse_tensor(const retune_safetensors *file, const cJSON *value,
                                  placed_tensor *item, retune_error *error) {
    const char *name = value->string;
    if (!retune_utf8_is_line(name))
        return retune_fail(error, RETUNE_CORRUPT, "%s: the name of a tensor has control characters",
                           file->path);
    item->tensor.name = name;
    item->tensor.desc = retune_desc(RETUNE_F32, 1, 1, 0, 0, 0);
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(value, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(value, "shape");
    const cJSON *place = cJSON_GetObjectItemCaseSensitive(value, "data_offsets");
    /* Three members, and these three: none is missing, unknown or there twice. */
    if (!cJSON_IsObject(value) || !dtype || !shape || !place || cJSON_GetArraySize(value) != 3)
        return retune_fail(error, RETUNE_CORRUPT,
                           "%s: " NAME ": does not consist of dtype, shape and data_offsets",
                           file->path, name);
    RETUNE_TRY(parse_dtype(file, name, dtype, &item->tensor.desc, error));
    RETUNE_TRY(parse_shape(file, name, shape, &item->tensor.desc, error));
    return parse_place(file, place, item, error);
}

static int compare_places(const void *a, const void *b) {
    const placed_tensor *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static int compare_items(const void *a, const void *b) {
    return strcmp((*(const placed_tensor *const *)a)->tensor.name,
                  (*(const placed_tensor *const *)b)->tensor.name);
}

static retune_status parse_tensors(retune_safetensors *file, retune_error *error) {
    RETUNE_TRY(check_keys(file, file->header, "tensor", error));
    size_t members = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, file->header) members++;
    RETUNE_TRY(retune_allocate(members, sizeof *file->items, "tensors", &file->items, error));
    RETUNE_TRY(retune_allocate(members, sizeof *file->by_name, "tensors", &file->by_name, error));
    cJSON_ArrayForEach(member, file->header) {
        if (strcmp(member->string, RETUNE_SAFETENSORS_METADATA) == 0) {
            RETUNE_TRY(check_metadata(file, member, error));
        } else {
            RETUNE_TRY(parse_tensor(file, member, &file->items[file->count], error));
            file->count++;
        }
    }
    qsort(file->items, file->count, sizeof *file->items, compare_places);
    for (size_t i = 0; i < file->count; i++)
        file->by_name[i] = &file->items[i];
    qsort(file->by_name, file->count, sizeof *file->by_name, compare_items);
    return RETUNE_OK;
}

/* The tensors, one after the other, are the data section: no byte is in two of them or in none. */
static retune_status check_places(const retune_safetensors *file, retune_error *error) {
    size_t end = 0;
    for (size_t i = 0; i < file->count; i++) {
        const placed_tensor *item = &file->items[i];
        const char *name = item->tensor.name;
        if (item->begin < end)
            return retune_fail(error, RETUNE_CORRUPT,
                               "%s: " NAME ": its data overlaps that of \"%.160s\"", file->path,
                               name, item[-1].tensor.name);
        if (item->begin > end)
            return retune_fail(error, RETUNE_CORRUPT,
                               "%s: " NAME ": data bytes %zu to %zu before it belong to no tensor",
                               file->path, name, end, item->begin);
        end = item->end;
    }
    if (end != file->data_size)
        return retune_fail(error, RETUNE_CORRUPT, "%s: data bytes %zu to %zu belong to no tensor",
                           file->path, end, file->data_size);
    return RETUNE_OK;
}

/* Points the tensors at their data. The format does not ask for alignment; C does. */
static retune_status place_data(retune_safetensors *file, retune_error *error) {
    for (size_t i = 0; i < file->count; i++) {
        placed_tensor *item = &file->items[i];
        const unsigned char *data = file->data + item->begin;
        if ((uintptr_t)data % retune_dtype_size(item->tensor.desc.dtype) == 0) {
            item->tensor.data = data;
            continue;
        }
        size_t bytes = item->end - item->begin;
        RETUNE_TRY(retune_allocate_aligned(bytes, item->tensor.name, &item->copy, error));
        memcpy(item->copy, data, bytes);
        item->tensor.data = item->copy;
    }
    return RETUNE_OK;
}

retune_status retune_safetensors_open(const char *path, retune_safetensors **out_file,
                                      retune_error *error) {
    *out_file = NULL;
    retune_safetensors *file = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *file, "safetensors file", &file, error));
    file->path = path;
    retune_status status = retune_file_map_open(path, &file->map, error);
    if (status == RETUNE_OK)
        status = read_header(file, error);
    if (status == RETUNE_OK)
        status = parse_tensors(file, error);
    if (status == RETUNE_OK)
        status = check_places(file, error);
    if (status == RETUNE_OK)
        status = place_data(file, error);
    file->path = NULL;
    if (status == RETUNE_OK)
        *out_file = file;
    else
        retune_safetensors_close(file);
    return status;
}

void retune_safetensors_close(retune_safetensors *file) {
    if (!file)
        return;
    for (size_t i = 0; i < file->count; i++)
        free(file->items[i].copy);
    free(file->items);
    free(file->by_name);
    cJSON_Delete(file->header);
    retune_file_map_close(&file->map);
    free(file);
}

size_t retune_safetensors_count(const retune_safetensors *file) {
    return file->count;
}

const retune_safetensors_tensor *retune_safetensors_tensor_at(const retune_safetensors *file,
                                                              size_t index) {
    return &file->items[index].tensor;
}

const retune_safetensors_tensor *retune_safetensors_find(const retune_safetensors *file,
                                                         const char *name) {
    const placed_tensor wanted = {.tensor.name = name}, *key = &wanted;
    const placed_tensor **found =
        bsearch(&key, file->by_name, file->count, sizeof *file->by_name, compare_items);
    return found ? &(*found)->tensor : NULL;
}

const char *retune_safetensors_metadata(const retune_safetensors *file, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(file->metadata, key);
    return value ? value->valuestring : NULL;
}
