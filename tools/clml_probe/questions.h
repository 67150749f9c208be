/* The questions, each answered in a line or a few: its name, blanks, the answer. */
#ifndef CLML_PROBE_QUESTIONS_H
#define CLML_PROBE_QUESTIONS_H

#include "trial.h"

/* questions_interface.c: what is there. */
void ask_versions(const clml_provider *provider);
void ask_slots(const clml_table *table);
void ask_sizes(const probe *on);
void ask_linear(const probe *on);

/* questions_training.c: what ops take, and what they compute. */
void ask_batches(const probe *on);
void ask_param_gradients(const probe *on);
void ask_depthwise_backward(const probe *on);
void ask_average_pools(const probe *on);
void ask_kinks(const probe *on);
void ask_fused(const probe *on);

/* questions_formulas.c: formulas that the interface leaves open. */
void ask_statistics(const probe *on);
void ask_loss_gradient(const probe *on);
void ask_momentum(const probe *on);
void ask_adam(const probe *on);
void ask_softmax(const probe *on);

/* Equal but for rounding. */
bool near(double a, double b);

/* "1.5, 2, -0.25" */
const char *numbers_text(const float *values, size_t count, char text[256]);

clml_value number(float value);

/* A convolution of three by three taps, or of one, without padding. */
clml_convolution_desc convolution_desc(cl_uint mode, cl_uint stride);

/* Properties of every op: it takes part in training. */
extern const clml_property training[];

#endif
