/* Steps that fused ops share with the plain ones. */
#ifndef CLML_EMULATOR_CONVOLUTION_H
#define CLML_EMULATOR_CONVOLUTION_H

#include "op.h"

/* Checks a convolution's description against its tensors; bias may be absent. */
void emu_check_convolution(emu_builder *b, const emu_convolution *desc, const emu_tensor *input,
                           const emu_tensor *weight, const emu_tensor *bias,
                           const emu_tensor *output);

void emu_convolution_step(emu_builder *b, const emu_convolution *desc, const emu_tensor *input,
                          const emu_tensor *weight, const emu_tensor *bias,
                          const emu_tensor *output);

/* A vector of one element a channel: (1,C,1,1). */
bool emu_is_channel_vector(const emu_tensor *tensor, cl_uint channels);

/* Checks an activation's description and its optional parameter; `input` is what it is applied to.
 */
void emu_check_activation(emu_builder *b, const emu_activation *desc, const emu_tensor *input,
                          const emu_tensor *param);

/* output = activation(input); both may be the same. */
void emu_activation_step(emu_builder *b, const emu_activation *desc, const emu_tensor *input,
                         const emu_tensor *param, const emu_tensor *output);

#endif
