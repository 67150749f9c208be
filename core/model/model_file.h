/* Model files: safetensors with what it takes to build the model again.
 *
 * Tensors are the parameters under their names, as fp32 or fp16. The metadata entry
 * RETUNE_MODEL_METADATA is a JSON object: architecture, alpha, input, resize, scale, offset, head
 * (layer names), classes. */
#ifndef RETUNE_MODEL_FILE_H
#define RETUNE_MODEL_FILE_H

#include "model/model.h"
#include "model/safetensors.h"

#define RETUNE_MODEL_METADATA "retune.model"

/* Writes the model, and whatever tensors and metadata a checkpoint adds. Atomic: the path holds the
 * old file or the new one. */
retune_status retune_model_file_write(const char *path, const retune_model *model,
                                      const retune_option *more_metadata, size_t metadata_count,
                                      const retune_safetensors_entry *more_tensors,
                                      size_t tensor_count, retune_error *error);

/* The same with only the parameters that `chosen` marks (NULL: all). */
retune_status retune_model_file_write_some(const char *path, const retune_model *model,
                                           const bool *chosen, const retune_option *more_metadata,
                                           size_t metadata_count,
                                           const retune_safetensors_entry *more_tensors,
                                           size_t tensor_count, retune_error *error);

/* The model alone, every value rounded to fp16: half the bytes. Atomic. INVALID names a parameter
 * with a value that fp16 cannot hold. */
retune_status retune_model_file_write_half(const char *path, const retune_model *model,
                                           retune_error *error);

/* A tensor of this type and shape can fill that parameter: fp32 or fp16, in its shape. */
bool retune_model_file_fits(const retune_tensor_desc *desc, const retune_parameter *parameter);

/* Fills a parameter from a tensor that fits. fp16 becomes fp32, exactly. */
void retune_model_file_fill(const retune_safetensors_tensor *tensor, retune_parameter *parameter);

/* Builds the model a file describes, without values. CORRUPT names `path` and the field. */
retune_status retune_model_file_describe(const retune_safetensors *file, const char *path,
                                         retune_model **out_model, retune_error *error);

/* Fills every parameter from the file; each must be there and fit. */
retune_status retune_model_file_load(const retune_safetensors *file, const char *path,
                                     retune_model *model, retune_error *error);

/* Describe and load. */
retune_status retune_model_file_read(const char *path, retune_model **out_model,
                                     retune_error *error);

#endif
