/* Pretrained weights: filling a model's parameters from another tool's file or from a model that
 * retune trained. */
#ifndef RETUNE_MODEL_IMPORT_H
#define RETUNE_MODEL_IMPORT_H

#include "retune/format.h"

#include "model/model.h"

typedef struct retune_import_report {
    size_t loaded;  /* parameters taken from the file */
    size_t ignored; /* tensors of layers this model does not have */
    bool head;      /* the head was in the file and was taken */
} retune_import_report;

/* Reads `path` through a format plugin. Every parameter below the head must be there; tensors of
 * other layers, such as the file's own classifier, are passed over, and the head keeps its fresh
 * values. Shapes are compared before values are read. CORRUPT names the tensor, both shapes and the
 * key to look at; the rest is what the plugin says. */
retune_status retune_model_import(retune_model *model, const retune_format *format,
                                  const char *path, retune_import_report *out_report,
                                  retune_error *error);

/* Reads a safetensors file with the same names, fp32 or fp16. The head is taken too when the file's
 * head layers and classes are the model's. */
retune_status retune_model_import_safetensors(retune_model *model, const char *path,
                                              retune_import_report *out_report,
                                              retune_error *error);

#endif
