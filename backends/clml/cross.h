/* Between the dense data of a tensor and its private form. On the device: a kernel turns the data
 * into NCHW in a linear tensor of the extension, which is copied to the private one. Or through the
 * host, where linear tensors are refused: read, turned, and written by the extension's own
 * transfer.
 */
#ifndef RETUNE_CLML_CROSS_H
#define RETUNE_CLML_CROSS_H

#include "view.h"

/* A linear tensor that the views of a shape share on their way. */
typedef struct clml_linear {
    struct clml_linear *next;
    clml_shape shape;
    clml_tensor_handle handle;
    cl_mem memory; /* taken on first use */
    size_t bytes;
} clml_linear;

/* Makes what a view needs to cross, but for memory. UNSUPPORTED: the driver refuses. */
retune_status clml_cross_prepare(clml_view *view, retune_error *error);

/* Enqueues the crossing of the view's tensor: dense data into the view, or the view into the dense
 * data, for which memory is taken where there is none yet. */
retune_status clml_cross_in(clml_view *view, retune_error *error);
retune_status clml_cross_out(clml_view *view, retune_error *error);

/* The same from a buffer. */
retune_status clml_cross_in_from(clml_view *view, cl_mem dense, retune_error *error);

/* Tries a transfer of one element from the host. UNAVAILABLE: the driver takes no NCHW data. */
retune_status clml_cross_try_host(clml_device *device, retune_error *error);

void clml_linears_release(retune_backend_program *program);

#endif
