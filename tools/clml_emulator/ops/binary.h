/* The step of a binary op, which a fused op shares. */
#ifndef CLML_EMULATOR_BINARY_H
#define CLML_EMULATOR_BINARY_H

#include "op.h"

/* What the op does to c: a gamma of 0 overwrites it. */
int emu_binary_role(const emu_binary *desc);

/* Checks the description and puts the step: c = (alpha a) op (beta b) + gamma c. */
void emu_binary_step(emu_builder *b, const emu_binary *desc, const emu_tensor *left,
                     const emu_tensor *right, const emu_tensor *c);

#endif
