/* What the reader and the writer of safetensors files share. */
#ifndef RETUNE_MODEL_SAFETENSORS_FORMAT_H
#define RETUNE_MODEL_SAFETENSORS_FORMAT_H

#include "base/status.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "safetensors files are little-endian and are used in place");

#define RETUNE_SAFETENSORS_LENGTH_BYTES ((size_t)8) /* the header's length, first in the file */
#define RETUNE_SAFETENSORS_HEADER_MAX   ((size_t)100 * 1000 * 1000)
#define RETUNE_SAFETENSORS_METADATA     "__metadata__"

/* Prints a name into an error without crowding out the rest of the message. */
#define RETUNE_SAFETENSORS_NAME "tensor \"%.160s\""

/* "BF16", the way the file names an element type; NULL for a number that is no dtype. */
const char *retune_safetensors_dtype(uint32_t dtype);

/* Sorts the names; gives one that appears twice, or NULL. */
const char *retune_safetensors_duplicate(const char **names, size_t count);

#endif
