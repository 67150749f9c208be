/* Which tile computes a matrix product fastest on this device: found by trying a few, kept in the
 * user's cache folder. What is tried never changes a result, only the time it takes. */
#ifndef RETUNE_OPENCL_TUNE_H
#define RETUNE_OPENCL_TUNE_H

#include "matrix.h"

/* The tile for a product. [backend.opencl] tune = off: by the model of matrix.h. auto: the best of
 * those the model likes most. full: the best of all. Products too small to be measured go by the
 * model. UNSUPPORTED: no tile fits the device. */
retune_status opencl_tuning_tile(retune_backend_device *device, const opencl_product *product,
                                 const opencl_tile **out_tile, retune_error *error);

#endif
