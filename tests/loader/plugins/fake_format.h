/* The parts of a fake model-format plugin. */
#include "retune/format.h"

#include <stdlib.h>

static retune_status fake_reader_open(const char *path, retune_format_reader **out_reader,
                                      retune_error *error) {
    (void)path, (void)error;
    *out_reader = NULL;
    return RETUNE_UNSUPPORTED;
}
static void fake_reader_close(retune_format_reader *reader) {
    (void)reader;
}
static size_t fake_tensor_count(const retune_format_reader *reader) {
    (void)reader;
    return 0;
}
static retune_status fake_tensor_info(const retune_format_reader *reader, size_t index,
                                      retune_format_tensor *out_tensor, retune_error *error) {
    (void)reader, (void)index, (void)out_tensor, (void)error;
    return RETUNE_INVALID;
}
__attribute__((unused)) static retune_status fake_tensor_read(retune_format_reader *reader,
                                                              size_t index, void *data,
                                                              size_t bytes, retune_error *error) {
    (void)reader, (void)index, (void)data, (void)bytes, (void)error;
    return RETUNE_INVALID;
}

#ifndef FAKE_ABI
#define FAKE_ABI RETUNE_FORMAT_ABI
#endif
#ifndef FAKE_SIZE
#define FAKE_SIZE sizeof(retune_format)
#endif
#ifndef FAKE_EXTENSIONS
#define FAKE_EXTENSIONS ".fake"
#endif
#ifndef FAKE_READ
#define FAKE_READ fake_tensor_read
#endif

const retune_format *retune_format_query(uint32_t host_abi) {
    static const retune_format table = {
        .struct_size = FAKE_SIZE,
        .abi = FAKE_ABI,
        .name = FAKE_NAME,
        .version = "1",
        .extensions = FAKE_EXTENSIONS,
        .reader_open = fake_reader_open,
        .reader_close = fake_reader_close,
        .tensor_count = fake_tensor_count,
        .tensor_info = fake_tensor_info,
        .tensor_read = FAKE_READ,
    };
    return host_abi >> 16 == FAKE_ABI >> 16 ? &table : NULL;
}
