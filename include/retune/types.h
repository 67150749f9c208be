/* Types shared by the embedding API, the backend ABI and the model-format ABI.
 *
 * Standalone C11. Every struct that crosses a library boundary starts with `struct_size`, the size
 * its author compiled it with: a reader touches a field only where it lies inside the other side's
 * size, so that a minor version may append fields. */
#ifndef RETUNE_TYPES_H
#define RETUNE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define RETUNE_EXPORT __declspec(dllexport)
#else
#define RETUNE_EXPORT __attribute__((visibility("default")))
#endif

/* What a function answers. The text that goes with a failure travels in a retune_error. */
typedef enum retune_status {
    RETUNE_OK = 0,
    RETUNE_UNSUPPORTED = 1,   /* valid, but this device, backend or build does not do it */
    RETUNE_UNAVAILABLE = 2,   /* no driver, no device, no plugin, no permission */
    RETUNE_INVALID = 3,       /* the caller, the command line or the configuration is wrong */
    RETUNE_OUT_OF_MEMORY = 4, /* host or device memory */
    RETUNE_DEVICE_LOST = 5,   /* the device stopped answering; everything on it is gone */
    RETUNE_IO = 6,            /* a file or folder cannot be opened, read or written */
    RETUNE_CORRUPT = 7,       /* a file was read and its content is wrong */
    RETUNE_CANCELLED = 8,     /* the caller asked to stop; what was done so far is saved */
    RETUNE_INTERNAL = 9       /* a bug in retune or in a plugin */
} retune_status;

#define RETUNE_ERROR_MESSAGE_MAX 1016

/* An error, supplied by the caller and filled where the fault is found. The message is one line
 * without a final newline and names what is at fault: file and line, key, op, tensor, byte.
 * Wherever a function takes a `retune_error *`, NULL is allowed. */
typedef struct retune_error {
    uint32_t struct_size; /* set by the caller to sizeof(retune_error) */
    int32_t code;         /* a retune_status */
    char message[RETUNE_ERROR_MESSAGE_MAX];
} retune_error;

#define RETUNE_ERROR_INIT                                                                          \
    {                                                                                              \
        (uint32_t)sizeof(retune_error), 0, {                                                       \
            0                                                                                      \
        }                                                                                          \
    }

/* Element types. Half precision is IEEE 754 binary16, bfloat16 the upper half of a binary32. */
typedef enum retune_dtype {
    RETUNE_F32 = 0,
    RETUNE_F16 = 1,
    RETUNE_BF16 = 2,
    RETUNE_U8 = 3,
    RETUNE_I32 = 4
} retune_dtype;

#define RETUNE_RANK_MAX 4

/* Element type and shape of a tensor. Host data is always dense, the last dimension fastest.
 * Activations are [N, H, W, C]; convolution weights [O, Kh, Kw, I]; depthwise weights
 * [Kh, Kw, C]; per-channel vectors [C]. Every dimension is at least 1. */
typedef struct retune_tensor_desc {
    uint32_t struct_size;
    uint32_t dtype; /* a retune_dtype */
    uint32_t rank;  /* 1..RETUNE_RANK_MAX */
    uint32_t reserved;
    int64_t shape[RETUNE_RANK_MAX]; /* entries from `rank` on are 0 */
} retune_tensor_desc;

/* A key and its value, both NUL-terminated text. Memory belongs to the caller. */
typedef struct retune_option {
    const char *key;
    const char *value;
} retune_option;

_Static_assert(sizeof(retune_status) == 4, "the ABI passes statuses as 32-bit integers");
_Static_assert(sizeof(retune_error) == 1024, "ABI layout");
_Static_assert(sizeof(retune_tensor_desc) == 48, "ABI layout");

#ifdef __cplusplus
}
#endif
#endif
