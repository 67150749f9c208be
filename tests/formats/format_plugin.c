#include "format_plugin.h"

#include "base/tensor_desc.h"
#include "retune/retune.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef RETUNE_TEST_STATIC_QUERY
const retune_format *RETUNE_TEST_STATIC_QUERY(uint32_t host_abi);

retune_format_query_function format_plugin_query(const char *name) {
    (void)name;
    return RETUNE_TEST_STATIC_QUERY;
}
#else
retune_format_query_function format_plugin_query(const char *name) {
    const char *folder = getenv("RETUNE_PLUGIN_PATH");
    char path[4096];
    retune_format_query_function query = NULL;
    cr_assert(folder, "RETUNE_PLUGIN_PATH is not set; run by ctest");
    snprintf(path, sizeof path, "%s/retune_format_%s.so", folder, name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    cr_assert(library, "%s", dlerror());
    void *symbol = dlsym(library, "retune_format_query");
    cr_assert(symbol, "%s exports no retune_format_query", path);
    memcpy(&query, &symbol, sizeof query);
    return query;
}
#endif

const retune_format *format_plugin(const char *name) {
    const retune_format *format = format_plugin_query(name)(RETUNE_FORMAT_ABI);
    cr_assert(format);
    cr_assert_str_eq(format->name, name);
    return format;
}

retune_format_reader *format_open(const retune_format *format, const char *path) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_format_reader *reader = NULL;
    retune_status status = format->reader_open(path, &reader, &error);
    cr_assert_eq(status, RETUNE_OK, "%s", error.message);
    cr_assert(reader);
    return reader;
}

static bool find(const retune_format *format, const retune_format_reader *reader, const char *name,
                 size_t *out_index, retune_format_tensor *out_tensor) {
    for (size_t i = 0; i < format->tensor_count(reader); i++) {
        cr_assert_eq(format->tensor_info(reader, i, out_tensor, NULL), RETUNE_OK);
        cr_assert_eq(out_tensor->struct_size, sizeof *out_tensor);
        *out_index = i;
        if (!strcmp(out_tensor->name, name))
            return true;
    }
    return false;
}

size_t format_find(const retune_format *format, const retune_format_reader *reader,
                   const char *name, uint32_t rank, int64_t d0, int64_t d1, int64_t d2,
                   int64_t d3) {
    size_t index = 0;
    retune_format_tensor tensor;
    char is[RETUNE_DESC_TEXT_MAX], should[RETUNE_DESC_TEXT_MAX];
    retune_tensor_desc expected = retune_desc(RETUNE_F32, rank, d0, d1, d2, d3);
    cr_assert(find(format, reader, name, &index, &tensor), "no tensor %s", name);
    cr_assert(!memcmp(&tensor.desc, &expected, sizeof expected), "%s is %s, not %s", name,
              retune_desc_text(&tensor.desc, is), retune_desc_text(&expected, should));
    return index;
}

bool format_has(const retune_format *format, const retune_format_reader *reader, const char *name) {
    size_t index = 0;
    retune_format_tensor tensor;
    return find(format, reader, name, &index, &tensor);
}

float *format_values(const retune_format *format, retune_format_reader *reader, size_t index,
                     size_t *out_count) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_format_tensor tensor;
    size_t bytes = 0;
    cr_assert_eq(format->tensor_info(reader, index, &tensor, NULL), RETUNE_OK);
    cr_assert_eq(retune_desc_bytes(&tensor.desc, &bytes, &error), RETUNE_OK, "%s", error.message);
    float *values = malloc(bytes);
    cr_assert(values);
    cr_assert_eq(format->tensor_read(reader, index, values, bytes, &error), RETUNE_OK, "%s",
                 error.message);
    *out_count = bytes / sizeof *values;
    return values;
}

void format_refuses(const retune_format *format, const char *path, retune_status status,
                    const char *part) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_format_reader *reader = (retune_format_reader *)&error; /* must be set to NULL */
    retune_status answer = format->reader_open(path, &reader, &error);
    cr_assert_eq(answer, status, "%s, not %s: %s", retune_status_text(answer),
                 retune_status_text(status), error.message);
    cr_assert_eq(error.code, (int32_t)status);
    cr_assert_null(reader);
    cr_assert(strstr(error.message, path), "'%s' does not name the file", error.message);
    cr_assert(strstr(error.message, part), "'%s' says nothing of '%s'", error.message, part);
    cr_assert_null(strchr(error.message, '\n'));
    cr_assert_eq(format->reader_open(path, &reader, NULL), status);
}
