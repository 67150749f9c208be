/* The model-format plugin ABI: reading (and optionally writing) other tools' model files.
 *
 * A format plugin is a shared library that exports `retune_format_query`. It hands over tensors
 * under Keras layer names and in retune's layouts, whatever the file holds; everything in the file
 * is hostile until checked. Rules on printing, errors and out-parameters are those of backend.h. */
#ifndef RETUNE_FORMAT_H
#define RETUNE_FORMAT_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RETUNE_FORMAT_ABI_MAJOR 1u
#define RETUNE_FORMAT_ABI_MINOR 0u
#define RETUNE_FORMAT_ABI       ((RETUNE_FORMAT_ABI_MAJOR << 16) | RETUNE_FORMAT_ABI_MINOR)

/* A tensor in a model file.
 *
 * `name` is "<layer>/<parameter>": kernel, bias; gamma, beta, moving_mean, moving_variance. A
 * convolution kernel is [O, Kh, Kw, I], a depthwise kernel [Kh, Kw, C], a dense kernel
 * [O, 1, 1, I], vectors [C]. */
typedef struct retune_format_tensor {
    uint32_t struct_size;
    uint32_t reserved;
    retune_tensor_desc desc;
    char name[128];
} retune_format_tensor;

typedef struct retune_format_reader retune_format_reader; /* defined privately by each plugin */

typedef struct retune_format {
    uint32_t struct_size;
    uint32_t abi;           /* RETUNE_FORMAT_ABI of the plugin's build */
    const char *name;       /* "keras_h5": the file is retune_format_<name>.so */
    const char *version;    /* of the plugin, for people */
    const char *extensions; /* space-separated, with the dot: ".h5 .hdf5" */

    /* Opens a file and reads its table of contents: every name and shape is checked against the
     * file's size here, before memory for values is taken. IO: cannot be opened or read. CORRUPT:
     * not such a file, or damaged. UNSUPPORTED: valid, but uses what the plugin refuses. */
    retune_status (*reader_open)(const char *path, retune_format_reader **out_reader,
                                 retune_error *error);
    void (*reader_close)(retune_format_reader *reader);

    size_t (*tensor_count)(const retune_format_reader *reader);
    retune_status (*tensor_info)(const retune_format_reader *reader, size_t index,
                                 retune_format_tensor *out_tensor, retune_error *error);

    /* Reads a tensor's values, dense, into `data`, which holds exactly `bytes` bytes. */
    retune_status (*tensor_read)(retune_format_reader *reader, size_t index, void *data,
                                 size_t bytes, retune_error *error);

    /* Optional. What the file says about the model as a JSON object, or NULL. Owned by the reader.
     */
    const char *(*metadata)(const retune_format_reader *reader);

    /* Optional. Writes tensors (float values, `data[i]` dense) and metadata to a new file. */
    retune_status (*write)(const char *path, const retune_format_tensor *const *tensors,
                           const void *const *data, size_t count, const char *metadata,
                           retune_error *error);
} retune_format;

/* The export of a format plugin. Pure and cheap; NULL when the host's major version is not its own.
 */
typedef const retune_format *(*retune_format_query_function)(uint32_t host_abi);
RETUNE_EXPORT const retune_format *retune_format_query(uint32_t host_abi);

_Static_assert(sizeof(retune_format_tensor) == 184, "ABI layout");

#ifdef __cplusplus
}
#endif
#endif
