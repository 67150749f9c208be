/* Tensors, and where their elements lie.
 *
 * OPTIMAL is deliberately unlike what a caller would guess: guard bytes, blocks of four channels,
 * rows longer than the map, guard bytes. */
#ifndef CLML_EMULATOR_TENSOR_H
#define CLML_EMULATOR_TENSOR_H

#include "context.h"

enum { EMU_GUARD_BYTES = 64 }; /* before and after the elements of an OPTIMAL tensor */

struct emu_tensor {
    int references;
    emu_context *context;
    cl_uint type, layout, n, c, h, w;
    bool unused;
    bool used;      /* by an op: its size may be asked for */
    bool grown;     /* a backward op made it larger */
    bool inference; /* an op without property 2 uses it */
    bool trained;   /* a backward or update op uses it */
    bool exposed;   /* given to kernels of the caller, which may write anything into it */
    cl_uint serial; /* makes its guard bytes its own */
};

/* The elements of a tensor as kernels see them; kernels/prelude.cl declares the same. Strides are
 * in elements; channels lie in blocks of 1 << shift. */
typedef struct emu_view {
    cl_int n, c, h, w, first, stride_n, stride_c, stride_h, stride_w, shift;
    cl_int present; /* 0: an unused tensor */
    cl_int count;   /* elements */
} emu_view;

emu_view emu_tensor_view(const emu_tensor *tensor);

/* The view of dense host data of the tensor's shape in another layout. */
emu_view emu_dense_view(const emu_tensor *tensor, cl_uint layout);

size_t emu_element_size(cl_uint type);
size_t emu_tensor_count(const emu_tensor *tensor);

/* Bytes of memory that the tensor needs now. */
size_t emu_tensor_bytes(const emu_tensor *tensor);

/* Byte at which the guard after the elements begins. */
size_t emu_tensor_guard(const emu_tensor *tensor);

void emu_tensor_retain(emu_tensor *tensor);
void emu_tensor_drop(emu_tensor *tensor);

static inline bool emu_present(const emu_tensor *tensor) {
    return tensor && !tensor->unused;
}

#endif
