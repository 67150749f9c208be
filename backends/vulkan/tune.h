/* Measuring tiles of shaders/matrix.comp. */
#ifndef RETUNE_VULKAN_TUNE_H
#define RETUNE_VULKAN_TUNE_H

#include "device.h"
#include "tuning.h"

/* Reads what was found before. */
retune_status vulkan_tuning_open(retune_backend_device *device, retune_error *error);

#endif
