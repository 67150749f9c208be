/* A tensor as the ops of one program see it: a private tensor of the extension, and the memory of
 * its pieces. Belongs to the program. */
#ifndef RETUNE_CLML_VIEW_H
#define RETUNE_CLML_VIEW_H

#include "layout.h"
#include "tensor.h"

/* Memory of views: of one, or of all views of tensors that are never alive together. */
typedef struct clml_block {
    struct clml_block *next;
    uint32_t key; /* 0: belongs to one view */
    uint32_t pieces;
    cl_mem *memory; /* one a piece */
    size_t *bytes;
} clml_block;

struct clml_view {
    retune_backend_program *program;
    retune_backend_tensor *tensor; /* NULL: the program's own */
    clml_role role;
    clml_shape shape; /* of a piece */
    uint32_t pieces;
    clml_tensor_handle handle;
    uint32_t key; /* of its block */
    clml_block *block;
    size_t bytes; /* of a piece's memory, as the driver says once all ops are made */

    /* Of the result of an activation: what went into it, which the gradient wants, as long as both
     * are of the same run. */
    clml_view *before;
    bool before_valid;
};

/* What the program has of a tensor in that role, made on first use. */
retune_status clml_view_of(retune_backend_program *program, retune_backend_tensor *tensor,
                           clml_role role, clml_view **out_view, retune_error *error);

/* One more view of the program's own. Those of the same key other than 0 share memory. */
retune_status clml_view_make(retune_backend_program *program, clml_shape shape, uint32_t pieces,
                             uint32_t key, clml_view **out_view, retune_error *error);

/* A view that the program already has of the tensor, whatever the role; NULL: none. */
clml_view *clml_view_find(const retune_backend_program *program,
                          const retune_backend_tensor *tensor);

/* Asks for the size that the ops made so far want of a view. UNSUPPORTED: the driver does not say.
 */
retune_status clml_view_size(const clml_view *view, size_t *out_bytes, retune_error *error);

/* Takes memory for all views, once all ops of the program are made. */
retune_status clml_views_allocate(retune_backend_program *program, retune_error *error);

/* Releases tensors and memory. */
void clml_views_release(retune_backend_program *program);

/* The memory of a piece. A view of one piece is the same to all. */
cl_mem clml_view_memory(const clml_view *view, uint32_t piece);

#endif
