#include "base/file.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "base/utf8.h"
#include "model/safetensors.h"
#include "model/safetensors_format.h"

#include <stdio.h>
#include <string.h>

#define DATA_ALIGN ((size_t)64) /* of the data section, in bytes from the start of the file */

static retune_status check_writable_names(const char **names, size_t count, const char *what,
                                          retune_error *error) {
    const char *duplicate = retune_safetensors_duplicate(names, count);
    if (duplicate)
        return retune_fail(error, RETUNE_INVALID, "%s \"%.160s\" is there twice", what, duplicate);
    for (size_t i = 0; i < count; i++)
        if (!retune_utf8_is_line(names[i]) || strcmp(names[i], RETUNE_SAFETENSORS_METADATA) == 0)
            return retune_fail(error, RETUNE_INVALID, "%s \"%.160s\" cannot be used as a name",
                               what, names[i]);
    return RETUNE_OK;
}

static retune_status check_writable(const retune_option *metadata, size_t metadata_count,
                                    const retune_safetensors_entry *entries, size_t count,
                                    retune_error *error) {
    const char **names = NULL;
    size_t more = metadata_count > count ? metadata_count : count;
    RETUNE_TRY(retune_allocate(more, sizeof *names, "safetensors names", &names, error));
    for (size_t i = 0; i < count; i++)
        names[i] = entries[i].name;
    retune_status status = check_writable_names(names, count, "tensor", error);
    for (size_t i = 0; i < metadata_count; i++)
        names[i] = metadata[i].key;
    if (status == RETUNE_OK)
        status = check_writable_names(names, metadata_count, "metadata", error);
    for (size_t i = 0; i < metadata_count && status == RETUNE_OK; i++)
        if (!retune_utf8_is_valid(metadata[i].value, strlen(metadata[i].value), NULL))
            status = retune_fail(error, RETUNE_INVALID, "metadata \"%.160s\" is not UTF-8",
                                 metadata[i].key);
    for (size_t i = 0; i < count && status == RETUNE_OK; i++) {
        size_t bytes;
        status = retune_desc_bytes(&entries[i].desc, &bytes, error);
        if (status != RETUNE_OK)
            retune_fail_context(error, status, RETUNE_SAFETENSORS_NAME, entries[i].name);
    }
    free(names);
    return status;
}

/* The entries, wider element types first, otherwise in the order they came in. */
static void order_entries(const retune_safetensors_entry *entries, size_t count,
                          const retune_safetensors_entry **ordered) {
    size_t placed = 0;
    for (size_t width = sizeof(uint32_t); width > 0; width /= 2)
        for (size_t i = 0; i < count; i++)
            if (retune_dtype_size(entries[i].desc.dtype) == width)
                ordered[placed++] = &entries[i];
}

static void print_text(FILE *out, const char *text) {
    fputc('"', out);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

/* One member of the header, for data that begins at `*end`; moves `*end` behind it. */
static retune_status print_entry(FILE *out, const retune_safetensors_entry *entry, size_t *end,
                                 retune_error *error) {
    size_t begin = *end, bytes;
    RETUNE_TRY(retune_desc_bytes(&entry->desc, &bytes, error));
    if (!retune_size_add(begin, bytes, end))
        return retune_fail(error, RETUNE_INVALID, "more data than a file can hold");
    char shape[RETUNE_DESC_TEXT_MAX];
    print_text(out, entry->name);
    fprintf(out, ":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
            retune_safetensors_dtype(entry->desc.dtype), retune_desc_text(&entry->desc, shape),
            begin, *end);
    return RETUNE_OK;
}

static retune_status print_members(FILE *out, const retune_option *metadata, size_t metadata_count,
                                   const retune_safetensors_entry *const *entries, size_t count,
                                   retune_error *error) {
    fputc('{', out);
    for (size_t i = 0; i < metadata_count; i++) {
        fputs(i ? "," : "\"" RETUNE_SAFETENSORS_METADATA "\":{", out);
        print_text(out, metadata[i].key);
        fputc(':', out);
        print_text(out, metadata[i].value);
    }
    if (metadata_count > 0)
        fputs(count > 0 ? "}," : "}", out);
    size_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            fputc(',', out);
        RETUNE_TRY(print_entry(out, entries[i], &end, error));
    }
    fputc('}', out);
    while ((RETUNE_SAFETENSORS_LENGTH_BYTES + (size_t)ftell(out)) % DATA_ALIGN != 0)
        fputc(' ', out);
    return RETUNE_OK;
}

static retune_status build_header(const retune_option *metadata, size_t metadata_count,
                                  const retune_safetensors_entry *const *entries, size_t count,
                                  char **out_text, size_t *out_size, retune_error *error) {
    FILE *out = open_memstream(out_text, out_size);
    if (!out)
        return retune_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory for a safetensors header");
    retune_status status = print_members(out, metadata, metadata_count, entries, count, error);
    bool complete = !ferror(out);
    complete = fclose(out) == 0 && complete;
    if (status == RETUNE_OK && !complete)
        status = retune_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory for a safetensors header");
    if (status == RETUNE_OK && *out_size > RETUNE_SAFETENSORS_HEADER_MAX)
        status =
            retune_fail(error, RETUNE_INVALID, "a header of %zu bytes; at most %zu are allowed",
                        *out_size, RETUNE_SAFETENSORS_HEADER_MAX);
    return status;
}

static retune_status write_file(const char *path, const char *header, size_t header_size,
                                const retune_safetensors_entry *const *entries, size_t count,
                                retune_error *error) {
    retune_file_writer *writer = NULL;
    RETUNE_TRY(retune_file_writer_open(path, &writer, error));
    uint64_t length = header_size;
    retune_status status = retune_file_writer_write(writer, &length, sizeof length, error);
    if (status == RETUNE_OK)
        status = retune_file_writer_write(writer, header, header_size, error);
    for (size_t i = 0; i < count && status == RETUNE_OK; i++) {
        size_t bytes;
        status = retune_desc_bytes(&entries[i]->desc, &bytes, error);
        if (status == RETUNE_OK)
            status = retune_file_writer_write(writer, entries[i]->data, bytes, error);
    }
    if (status == RETUNE_OK)
        return retune_file_writer_commit(writer, error);
    retune_file_writer_discard(writer);
    return status;
}

retune_status retune_safetensors_write(const char *path, const retune_option *metadata,
                                       size_t metadata_count,
                                       const retune_safetensors_entry *entries, size_t count,
                                       retune_error *error) {
    char *header = NULL;
    size_t header_size = 0;
    const retune_safetensors_entry **ordered = NULL;
    retune_status status = check_writable(metadata, metadata_count, entries, count, error);
    if (status != RETUNE_OK)
        goto failed;
    status = retune_allocate(count, sizeof *ordered, "safetensors entries", &ordered, error);
    if (status != RETUNE_OK)
        goto failed;
    order_entries(entries, count, ordered);
    status = build_header(metadata, metadata_count, ordered, count, &header, &header_size, error);
    if (status != RETUNE_OK)
        goto failed;
    status = write_file(path, header, header_size, ordered, count, error);
    goto done;
failed:
    status = retune_fail_context(error, status, "%s", path);
done:
    free(ordered);
    free(header);
    return status;
}
