#include "tensor.h"

#include "cross.h"
#include "program.h"

void clml_tensor_set_view(retune_backend_tensor *tensor, clml_view *view, bool stale) {
    clml_tensor *own = clml_tensor_of(tensor);
    if (own->view != view) {
        if (view)
            clml_program_hold(view->program);
        if (own->view)
            clml_program_release(own->view->program);
        own->view = view;
    }
    own->stale = view && stale;
}

void clml_tensor_written_plain(retune_backend_tensor *tensor) {
    clml_tensor_set_view(tensor, NULL, false);
}

retune_status clml_tensor_make_plain(retune_backend_tensor *tensor, retune_error *error) {
    clml_tensor *own = clml_tensor_of(tensor);
    if (!own->stale)
        return RETUNE_OK;
    retune_status status = clml_cross_out(own->view, error);
    if (status == RETUNE_OK)
        own->stale = false;
    return status;
}

void clml_tensor_destroy(retune_backend_tensor *tensor) {
    if (!tensor)
        return;
    clml_tensor_written_plain(tensor);
    opencl_tensor_destroy(tensor);
}

/* What is left of the content must be dense before rows of it change. */
retune_status clml_tensor_write(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                const void *data, retune_error *error) {
    const backend_tensor_base *base = backend_tensor_base_of(tensor);
    retune_status status = RETUNE_OK;
    size_t offset, bytes;
    if (rows < base->desc.shape[0])
        status = backend_tensor_rows(tensor, first_row, rows, &offset, &bytes, error);
    if (status == RETUNE_OK && rows < base->desc.shape[0])
        status = clml_tensor_make_plain(tensor, error);
    if (status == RETUNE_OK)
        status = opencl_tensor_write(tensor, first_row, rows, data, error);
    if (status == RETUNE_OK)
        clml_tensor_written_plain(tensor);
    return status;
}

retune_status clml_tensor_read(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                               void *data, retune_error *error) {
    size_t offset, bytes;
    retune_status status = backend_tensor_rows(tensor, first_row, rows, &offset, &bytes, error);
    if (status == RETUNE_OK)
        status = clml_tensor_make_plain(tensor, error);
    if (status == RETUNE_OK)
        status = opencl_tensor_read(tensor, first_row, rows, data, error);
    return status;
}
