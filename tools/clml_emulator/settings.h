/* What the environment asks of the emulator: see README.md, which documents every variable. They
 * are read each time the interface is asked for. */
#ifndef CLML_EMULATOR_SETTINGS_H
#define CLML_EMULATOR_SETTINGS_H

#include "interface.h"

#include <stdbool.h>

/* CLML_EMULATOR_STRICT: modes that catch callers who rely on what is not promised. */
#define EMU_STRICT_MODES(X)                                                                        \
    X(late)     /* host memory is touched late, and as far as the tensor's device size */          \
    X(nan)      /* what an op overwrites is NaN before it runs */                                  \
    X(batch1)   /* a batch of more than one is refused with -1102 */                               \
    X(opaque)   /* guarded OPTIMAL memory: contents no op of the interface made are refused */     \
    X(bindings) /* a set with work in flight cannot be updated */                                  \
    X(grow)     /* a backward op makes its tensors larger */                                       \
    X(training) /* backward ops need property 2, on the ops that share their tensors too */        \
    X(mask)     /* pooling masks have a private encoding */                                        \
    X(defaults) /* batch norm without an epsilon, momentum with weight decay are refused */        \
    X(threads)  /* an op or a set in use by another thread is refused */

/* CLML_EMULATOR_VARIANT: the other reading where the interface leaves two. */
#define EMU_VARIANTS(X)                                                                            \
    X(accumulate)      /* parameter gradients of a convolution add to what is there */             \
    X(running_average) /* batch statistics are averages weighted by the sizes of the increments */ \
    X(unbiased)        /* the variance is divided by m - 1 */                                      \
    X(logits)          /* the gradient of softmax with cross-entropy is given logits */            \
    X(dampened)        /* momentum: v = m v + (1 - m) g */                                         \
    X(int_time)        /* Adam's time step is an int32 element */

typedef struct emu_settings {
    struct {
#define X(name) bool name;
        EMU_STRICT_MODES(X)
    } strict;
    struct {
        EMU_VARIANTS(X)
#undef X
    } variant;
    cl_int versions[16][2]; /* what the query lists, in order */
    cl_uint version_count;
    cl_int fail_query, fail_interface, fail_size, fail_enqueue; /* codes, 0 without */
    cl_uint padding;  /* bytes added to each tensor's memory */
    cl_uint delay_ms; /* before each command */
    bool profile;     /* log the name of each op that is enqueued */
} emu_settings;

extern emu_settings settings;

/* Reads the environment. False, with a line in the log, when a variable is not understood. */
bool emu_settings_read(void);

/* The code with which CLML_EMULATOR_REFUSE refuses an op, 0 without: by its name, or by a name ("*"
 * for any) and the shape of one of its tensors. */
cl_int emu_refusal(const char *op, emu_tensor *const *tensors, size_t count);

/* Whether CLML_EMULATOR_REFUSE_LAYOUT names this use ("tensor" or "host") of a layout. */
bool emu_layout_refused(const char *use, cl_uint layout);

/* A line to CLML_EMULATOR_LOG, a file, or to standard error: "clml emulator: ...". */
void emu_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
