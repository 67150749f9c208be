/* A tensor: dense data in a buffer, as backends/opencl has it, or what the ops of a program last
 * made of it in the private form of the extension, or both. */
#ifndef RETUNE_CLML_TENSOR_H
#define RETUNE_CLML_TENSOR_H

#include "../opencl/tensor.h"
#include "device.h"

typedef struct clml_view clml_view; /* view.h */

typedef struct clml_tensor {
    struct retune_backend_tensor plain; /* first: a retune_backend_tensor points here */
    bool stale;                         /* the dense data is older than the view */
    clml_view *view; /* holds the content in private form; NULL: only the dense data does */
} clml_tensor;

static inline clml_tensor *clml_tensor_of(retune_backend_tensor *tensor) {
    return (clml_tensor *)tensor;
}

/* Functions of the plugin table; backend.h documents them. */
void clml_tensor_destroy(retune_backend_tensor *tensor);
retune_status clml_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                const void *data, retune_error *error);
retune_status clml_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               void *data, retune_error *error);

/* Brings the dense data up to date, on the queue. */
retune_status clml_tensor_make_plain(retune_backend_tensor *tensor, retune_error *error);

/* The dense data was written: there is no other form. */
void clml_tensor_written_plain(retune_backend_tensor *tensor);

/* The content is in `view` too, and, when `stale`, nowhere else. */
void clml_tensor_set_view(retune_backend_tensor *tensor, clml_view *view, bool stale);

#endif
