/* Ops: the kernels they are made of, and how the functions that create ops are written.
 *
 * Such a function lists the tensors, checks the description, and names one or more steps (kernels)
 * with their arguments. An error is remembered, what follows it does nothing, and emu_end answers
 * it:
 *
 *     const emu_use uses[] = {{input, EMU_READ}, {output, EMU_WRITE}};
 *     emu_builder b;
 *     if (emu_begin(&b, "softmax", context, properties, cache, desc != NULL, uses, 2)) {
 *         emu_arithmetic(&b, desc->arithmetic);
 *         emu_require(&b, emu_same_shape(input, output), "input and output differ in shape");
 *         emu_step(&b, "softmax", "softmax_forward", count);
 *         emu_tensor_argument(&b, input);
 *         ...
 *     }
 *     return emu_end(&b, out_op); */
#ifndef CLML_EMULATOR_OP_H
#define CLML_EMULATOR_OP_H

#include "tensor.h"

enum { EMU_GROUP = 64 }; /* work items of a group: GROUP of kernels/prelude.cl */
enum { EMU_MAX_TENSORS = 16, EMU_MAX_STEPS = 16, EMU_MAX_ARGUMENTS = 24 };

typedef enum emu_role {
    EMU_BOUND = 0, /* neither read nor written; its shape is checked, and it needs memory */
    EMU_READ = 1,
    EMU_WRITE = 2,    /* overwritten */
    EMU_UPDATE = 3,   /* read and written */
    EMU_OPTIONAL = 4, /* may be an unused tensor */
    EMU_NULLABLE = 8, /* may be NULL */
    EMU_OTHER = 16,   /* its element type is its own */
    EMU_BATCHED = 32, /* n is the batch */
} emu_role;

typedef struct emu_use {
    emu_tensor *tensor;
    int role;
} emu_use;

typedef struct emu_argument {
    enum { EMU_ARGUMENT_TENSOR, EMU_ARGUMENT_BYTES, EMU_ARGUMENT_SCRATCH } kind;
    size_t tensor; /* index in the op, of a tensor */
    size_t size;
    union {
        emu_view view;
        unsigned char bytes[64];
    } u;
} emu_argument;

typedef struct emu_op_step {
    cl_kernel kernel;
    size_t count; /* work items */
    emu_argument arguments[EMU_MAX_ARGUMENTS];
    size_t argument_count;
} emu_op_step;

struct emu_op {
    int references;
    const char *name;
    emu_context *context;
    emu_use uses[EMU_MAX_TENSORS];
    size_t use_count;
    emu_op_step *steps;
    size_t step_count;
    emu_elements elements;
    cl_kernel nan_kernel; /* of strict mode */
    cl_mem scratch;       /* memory of the op's own, see emu_scratch_argument */
    size_t scratch_size;  /* bytes it needs, mostly 0 */
    uint64_t key;         /* of its kind, description and shapes, for tuning */
    bool training;        /* property 2 */
    bool backward;        /* of a backward pass, or an update */
    int busy;             /* threads inside a call with it */
    /* The bindings of the first run, of entry enqueue_immutable_op. */
    cl_mem first_bindings[EMU_MAX_TENSORS];
    bool has_run;
};

typedef struct emu_builder {
    emu_op *op;
    cl_int code;
    emu_cache *cache;
    bool tuned_only;
    float epsilon;
    bool has_epsilon;
    float pad_value;
} emu_builder;

/* Starts an op with its tensors, and takes the emulator's lock, which emu_end gives back. False:
 * the error is in b->code, and nothing but emu_end may be called. */
bool emu_begin(emu_builder *b, const char *name, cl_context context, const intptr_t *properties,
               emu_cache *cache, bool described, const emu_use *uses, size_t use_count);

/* The same for an op of a backward pass or an update. */
bool emu_begin_backward(emu_builder *b, const char *name, cl_context context,
                        const intptr_t *properties, emu_cache *cache, bool described,
                        const emu_use *uses, size_t use_count);

/* Remembers CL_INVALID_VALUE and logs the text unless the condition holds. */
void emu_require(emu_builder *b, bool condition, const char *text);

/* The arithmetic mode must fit the element type. */
void emu_arithmetic(emu_builder *b, cl_uint mode);

/* A number of a description. */
float emu_number(emu_builder *b, emu_value value);

/* The next kernel, and its arguments in order; the first, `count` of work items, is put there. */
void emu_step(emu_builder *b, const char *file, const char *kernel, size_t count);
void emu_tensor_argument(emu_builder *b, const emu_tensor *tensor); /* memory and view */
void emu_int_argument(emu_builder *b, cl_int value);
void emu_float_argument(emu_builder *b, float value);
void emu_struct_argument(emu_builder *b, const void *bytes, size_t size); /* 64 bytes at most */

/* Memory of the op's own, which the caller may replace; one size an op. */
void emu_scratch_argument(emu_builder *b, size_t size);

/* Mixes bytes into the op's key: descriptions. */
void emu_describe(emu_builder *b, const void *bytes, size_t size);

/* A step of one tensor that is read and one that is written, whose elements are the work items.
 * More arguments may follow. */
void emu_map_step(emu_builder *b, const char *file, const char *kernel, const emu_tensor *input,
                  const emu_tensor *output);

cl_int emu_end(emu_builder *b, emu_op **out_op);

bool emu_same_shape(const emu_tensor *a, const emu_tensor *b);
bool emu_has_shape(const emu_tensor *t, cl_uint n, cl_uint c, cl_uint h, cl_uint w);

void emu_op_drop(emu_op *op);

#endif
