/* Safetensors files, the native container of models and checkpoints: an eight-byte length, a JSON
 * header that names, types and places every tensor, and their data one after the other.
 *
 * Everything in a file is checked when it is opened; what the functions hand out afterwards can be
 * trusted. Element types are those of retune (F32, F16, BF16, U8, I32), ranks 1 to 4. */
#ifndef RETUNE_MODEL_SAFETENSORS_H
#define RETUNE_MODEL_SAFETENSORS_H

#include "base/status.h"

/* ---- Reading ------------------------------------------------------------------------------- */

typedef struct retune_safetensors retune_safetensors;

/* A tensor of an open file. `data` is dense and aligned for its element type. */
typedef struct retune_safetensors_tensor {
    const char *name; /* UTF-8 without control characters */
    retune_tensor_desc desc;
    const void *data;
} retune_safetensors_tensor;

/* Maps and checks a file; nothing may shorten it while it is open. IO: cannot be opened or read.
 * CORRUPT names the tensor or the byte that is wrong. UNSUPPORTED: a valid file with an element
 * type, rank or empty shape that retune has no use for. Close it with retune_safetensors_close,
 * which takes NULL and ends every pointer handed out. */
retune_status retune_safetensors_open(const char *path, retune_safetensors **out_file,
                                      retune_error *error);
void retune_safetensors_close(retune_safetensors *file);

/* Tensors in the order of their data in the file. `index` is below the count. */
size_t retune_safetensors_count(const retune_safetensors *file);
const retune_safetensors_tensor *retune_safetensors_tensor_at(const retune_safetensors *file,
                                                              size_t index);

/* The tensor of that name, or NULL. */
const retune_safetensors_tensor *retune_safetensors_find(const retune_safetensors *file,
                                                         const char *name);

/* The metadata value of that key, or NULL. */
const char *retune_safetensors_metadata(const retune_safetensors *file, const char *key);

/* ---- Writing ------------------------------------------------------------------------------- */

/* A tensor to write: `data` is dense, as many bytes as `desc` says. */
typedef struct retune_safetensors_entry {
    const char *name;
    retune_tensor_desc desc;
    const void *data;
} retune_safetensors_entry;

/* Writes a file in one step: afterwards `path` holds all of it or what it held before. The data
 * begins at a multiple of 64 bytes; wider element types come first, so that every tensor is aligned
 * for its own. INVALID: a malformed description, a name or key that is not UTF-8 or appears twice,
 * or a header beyond what a reader accepts. IO: cannot be written. */
retune_status retune_safetensors_write(const char *path, const retune_option *metadata,
                                       size_t metadata_count,
                                       const retune_safetensors_entry *entries, size_t count,
                                       retune_error *error);

#endif
