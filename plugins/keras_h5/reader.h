/* The reader behind the format's table: what format.h says of each entry holds here.
 *
 * Two layouts of the file are known. A weight file has the attribute `layer_names` at its root; a
 * whole model has it at /model_weights, and its description in the root's `model_config`. Below,
 * each layer is a group whose attribute `weight_names` lists paths to its datasets. */
#ifndef KERAS_H5_READER_H
#define KERAS_H5_READER_H

#include <retune/format.h>

#define KERAS_H5_TENSORS_MAX 16384
#define KERAS_H5_BYTES_MAX   ((uint64_t)2 << 30) /* of all tensors, as floats */

retune_status keras_h5_reader_open(const char *path, retune_format_reader **out_reader,
                                   retune_error *error);
void keras_h5_reader_close(retune_format_reader *reader);
size_t keras_h5_reader_tensor_count(const retune_format_reader *reader);
retune_status keras_h5_reader_tensor_info(const retune_format_reader *reader, size_t index,
                                          retune_format_tensor *out_tensor, retune_error *error);
retune_status keras_h5_reader_tensor_read(retune_format_reader *reader, size_t index, void *data,
                                          size_t bytes, retune_error *error);
const char *keras_h5_reader_metadata(const retune_format_reader *reader);

#endif
