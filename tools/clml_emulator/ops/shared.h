/* Checks and steps that several ops share, fused ones above all. */
#ifndef CLML_EMULATOR_SHARED_H
#define CLML_EMULATOR_SHARED_H

#include "op.h"

/* ---- Convolution ---------------------------------------------------------------------------- */

/* Checks a convolution's description against its tensors; bias may be absent. */
void emu_check_convolution(emu_builder *b, const emu_convolution *desc, const emu_tensor *input,
                           const emu_tensor *weight, const emu_tensor *bias,
                           const emu_tensor *output);
void emu_convolution_step(emu_builder *b, const emu_convolution *desc, const emu_tensor *input,
                          const emu_tensor *weight, const emu_tensor *bias,
                          const emu_tensor *output);

/* A vector of one element a channel: (1,C,1,1). */
bool emu_is_channel_vector(const emu_tensor *tensor, cl_uint channels);

/* ---- Batch norm ----------------------------------------------------------------------------- */

typedef struct emu_norm_tensors {
    const emu_tensor *mean, *variance, *scale, *bias; /* NULL: the op has none */
} emu_norm_tensors;

/* Checks the description, the epsilon, and that all that are given are vectors of that many
 * channels. */
void emu_check_batch_norm(emu_builder *b, const emu_batch_norm *desc, cl_uint channels,
                          const emu_norm_tensors *tensors);

/* output = scale (input - mean) / sqrt(variance + epsilon) + bias; input may be output. */
void emu_batch_norm_step(emu_builder *b, const emu_tensor *input, const emu_norm_tensors *tensors,
                         const emu_tensor *output);

/* ---- Activation ----------------------------------------------------------------------------- */

/* Checks an activation's description and its optional parameter; `input` is what it is applied to.
 */
void emu_check_activation(emu_builder *b, const emu_activation *desc, const emu_tensor *input,
                          const emu_tensor *param);

/* output = activation(input); both may be the same. */
void emu_activation_step(emu_builder *b, const emu_activation *desc, const emu_tensor *input,
                         const emu_tensor *param, const emu_tensor *output);

/* The activation of a fused op: of its output, in place. */
void emu_fused_activation(emu_builder *b, const emu_activation *desc, const emu_tensor *param,
                          const emu_tensor *output);

/* ---- Binary, matrices ----------------------------------------------------------------------- */

/* What a binary op does to c: a gamma of 0 overwrites it. */
int emu_binary_role(const emu_binary *desc);

/* Checks the description and puts the step: c = (alpha left) op (beta right) + gamma c. */
void emu_binary_step(emu_builder *b, const emu_binary *desc, const emu_tensor *left,
                     const emu_tensor *right, const emu_tensor *c);

/* What a product does to c: a beta of 0 overwrites it. */
int emu_gemm_role(const emu_gemm *desc);
void emu_gemm_step(emu_builder *b, const emu_gemm *desc, const emu_tensor *left,
                   const emu_tensor *right, const emu_tensor *c);
void emu_fully_connected_step(emu_builder *b, const emu_fully_connected *desc,
                              const emu_tensor *input, const emu_tensor *weight,
                              const emu_tensor *bias, const emu_tensor *output);

/* ---- Data ----------------------------------------------------------------------------------- */

void emu_depth_to_space_step(emu_builder *b, const emu_blocks *desc, const emu_tensor *input,
                             const emu_tensor *output);

/* Whether a number is 0, whatever its type. */
bool emu_is_zero(const emu_value *value);

/* The bits of an element of the type that has that value. */
cl_uint emu_element_bits(emu_builder *b, emu_value value, cl_uint type);

/* Groups of elements, as a mode (EMU_OVER_...) makes them; 0 for an unknown mode. */
size_t emu_group_count(const emu_tensor *tensor, cl_uint mode);

#endif
