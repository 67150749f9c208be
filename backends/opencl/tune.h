/* Measuring tiles of kernels/matrix.cl. */
#ifndef RETUNE_OPENCL_TUNE_H
#define RETUNE_OPENCL_TUNE_H

#include "device.h"
#include "tuning.h"

/* Reads what was found before. */
retune_status opencl_tuning_open(retune_backend_device *device, retune_error *error);

#endif
