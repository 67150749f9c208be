#include "op.h"

#include "cache.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Errors --------------------------------------------------------------------------------- */

static void fail(emu_builder *b, cl_int code, const char *text) {
    if (b->code == CL_SUCCESS)
        b->code = emu_refuse(b->op ? b->op->name : "op", code, "%s", text);
}

void emu_require(emu_builder *b, bool condition, const char *text) {
    if (!condition)
        fail(b, CL_INVALID_VALUE, text);
}

/* ---- Beginning ------------------------------------------------------------------------------ */

static void read_properties(emu_builder *b, const intptr_t *list) {
    for (; list && list[0] != EMU_PROPERTY_END && b->code == CL_SUCCESS; list += 2) {
        const uint32_t bits = (uint32_t)list[1];
        switch (list[0]) {
        case EMU_PROPERTY_TUNED_ONLY:
            b->tuned_only = list[1] != 0;
            break;
        case EMU_PROPERTY_TRAINING:
            b->op->training = list[1] != 0;
            break;
        case EMU_PROPERTY_UPDATES_PARAMETERS:
            break;
        case EMU_PROPERTY_EPSILON:
            memcpy(&b->epsilon, &bits, sizeof bits);
            b->has_epsilon = true;
            break;
        case EMU_PROPERTY_PAD_VALUE:
            memcpy(&b->pad_value, &bits, sizeof bits);
            break;
        default:
            fail(b, CL_INVALID_PROPERTY, "an unknown property");
        }
    }
}

static void check_presence(emu_builder *b, const emu_use *use) {
    if (!use->tensor)
        emu_require(b, use->role & EMU_NULLABLE, "a tensor is NULL");
    else if (use->tensor->unused)
        emu_require(b, use->role & EMU_OPTIONAL, "a tensor that is needed is an unused one");
}

static void check_use(emu_builder *b, const emu_use *use, cl_uint type) {
    const emu_tensor *t = use->tensor;
    if (t && t->context != b->op->context)
        fail(b, CL_INVALID_CONTEXT, "a tensor is of another context");
    if (!emu_present(t))
        return;
    emu_require(b, t->type == type || use->role & EMU_OTHER, "element types differ");
    if (settings.strict.batch1 && use->role & EMU_BATCHED && t->n > 1)
        fail(b, EMU_NOT_ACCELERATED, "strict batch1: a batch of more than one");
}

/* What is written must not be any other tensor of the op: nothing is promised about that. */
static void check_aliases(emu_builder *b) {
    const emu_op *op = b->op;
    for (size_t i = 0; i < op->use_count; i++)
        for (size_t j = 0; j < op->use_count; j++)
            if (i != j && emu_present(op->uses[i].tensor) && op->uses[i].role & EMU_WRITE)
                emu_require(b, op->uses[i].tensor != op->uses[j].tensor,
                            "a tensor that is written is given twice");
}

/* The element type of the op: that of its first tensor with no type of its own. */
static cl_uint type_of(const emu_op *op) {
    for (size_t n = 0; n < op->use_count; n++)
        if (emu_present(op->uses[n].tensor) && !(op->uses[n].role & EMU_OTHER))
            return op->uses[n].tensor->type;
    return CL_FLOAT;
}

static void take_tensors(emu_builder *b, const emu_use *uses, size_t count) {
    emu_op *op = b->op;
    emu_tensor *tensors[EMU_MAX_TENSORS];
    for (size_t n = 0; n < count; n++)
        check_presence(b, &uses[n]);
    if (b->code != CL_SUCCESS)
        return;
    for (size_t n = 0; n < count; n++) {
        tensors[n] = uses[n].tensor;
        op->uses[op->use_count++] = uses[n];
        if (uses[n].tensor)
            emu_tensor_retain(uses[n].tensor);
    }
    const cl_uint type = type_of(op);
    for (size_t n = 0; n < count; n++) {
        const emu_view view = uses[n].tensor ? emu_tensor_view(uses[n].tensor) : (emu_view){0};
        check_use(b, &uses[n], type);
        emu_describe(b, &view, sizeof view);
    }
    op->elements = type == CL_HALF_FLOAT ? EMU_ELEMENTS_HALF : EMU_ELEMENTS_FLOAT;
    check_aliases(b);
    const cl_int refusal = emu_refusal(op->name, tensors, count);
    if (refusal)
        fail(b, refusal, "refused, as CLML_EMULATOR_REFUSE asks");
}

bool emu_begin(emu_builder *b, const char *name, cl_context context, const intptr_t *properties,
               emu_cache *cache, bool described, const emu_use *uses, size_t use_count) {
    *b = (emu_builder){.cache = cache, .epsilon = 1e-5f};
    emu_lock();
    b->op = calloc(1, sizeof *b->op);
    if (!b->op) {
        b->code = CL_OUT_OF_HOST_MEMORY;
        return false;
    }
    *b->op = (emu_op){.references = 1, .name = name, .key = 14695981039346656037u};
    b->op->steps = calloc(EMU_MAX_STEPS, sizeof *b->op->steps);
    b->code = b->op->steps ? emu_context_find(context, &b->op->context) : CL_OUT_OF_HOST_MEMORY;
    emu_describe(b, name, strlen(name));
    emu_require(b, described, "no description");
    read_properties(b, properties);
    if (b->code == CL_SUCCESS)
        take_tensors(b, uses, use_count);
    return b->code == CL_SUCCESS;
}

/* Tensors of a backward pass come from forward ops that kept them readable: property 2. */
static void check_training(emu_builder *b) {
    if (!settings.strict.training)
        return;
    if (!b->op->training)
        fail(b, CL_INVALID_OPERATION, "strict training: a backward op without property 2");
    for (size_t n = 0; n < b->op->use_count; n++)
        if (emu_present(b->op->uses[n].tensor) && b->op->uses[n].tensor->inference)
            fail(b, CL_INVALID_OPERATION,
                 "strict training: an op without property 2 uses a tensor");
}

bool emu_begin_backward(emu_builder *b, const char *name, cl_context context,
                        const intptr_t *properties, emu_cache *cache, bool described,
                        const emu_use *uses, size_t use_count) {
    if (emu_begin(b, name, context, properties, cache, described, uses, use_count))
        check_training(b);
    if (b->op)
        b->op->backward = true;
    return b->code == CL_SUCCESS;
}

/* ---- Descriptions --------------------------------------------------------------------------- */

/* Fowler, Noll and Vo's hash, 1a, 64 bits. */
void emu_describe(emu_builder *b, const void *bytes, size_t size) {
    const unsigned char *at = bytes;
    for (size_t n = 0; n < size && b->op; n++)
        b->op->key = (b->op->key ^ at[n]) * 1099511628211u;
}

void emu_arithmetic(emu_builder *b, cl_uint mode) {
    const cl_uint type = type_of(b->op);
    const bool fits = (type == CL_FLOAT && mode == EMU_FP32) ||
                      (type == CL_HALF_FLOAT && mode <= EMU_FP32) ||
                      (type == CL_SIGNED_INT32 && mode == EMU_INT32);
    emu_require(b, fits, "the arithmetic mode does not fit the element type");
    if (type == CL_HALF_FLOAT && mode == EMU_FP16)
        b->op->elements = EMU_ELEMENTS_HALF_SUMS;
}

static float from_half(cl_half h) {
    const float sign = h & 0x8000 ? -1.0f : 1.0f;
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexpf((float)(1024 + fraction), exponent - 25)
                            : ldexpf((float)fraction, -24));
}

float emu_number(emu_builder *b, emu_value value) {
    if (value.type == CL_FLOAT)
        return value.u.f;
    if (value.type == CL_HALF_FLOAT)
        return from_half(value.u.h);
    emu_require(b, value.type == CL_SIGNED_INT32, "a number of unknown type");
    return (float)value.u.i;
}

bool emu_has_shape(const emu_tensor *t, cl_uint n, cl_uint c, cl_uint h, cl_uint w) {
    return t->n == n && t->c == c && t->h == h && t->w == w;
}

bool emu_same_shape(const emu_tensor *a, const emu_tensor *b) {
    return emu_has_shape(a, b->n, b->c, b->h, b->w);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

void emu_step(emu_builder *b, const char *file, const char *kernel, size_t count) {
    if (b->code != CL_SUCCESS)
        return;
    if (b->op->step_count == EMU_MAX_STEPS) {
        b->code = CL_OUT_OF_RESOURCES;
        return;
    }
    emu_op_step *step = &b->op->steps[b->op->step_count];
    b->code = emu_kernel_create(b->op->context, file, b->op->elements, kernel, &step->kernel);
    if (b->code != CL_SUCCESS)
        return;
    b->op->step_count++;
    step->count = count;
    emu_int_argument(b, (cl_int)count);
}

static emu_argument *next_argument(emu_builder *b) {
    if (b->code != CL_SUCCESS || !b->op->step_count)
        return NULL;
    emu_op_step *step = &b->op->steps[b->op->step_count - 1];
    if (step->argument_count == EMU_MAX_ARGUMENTS) {
        b->code = CL_OUT_OF_RESOURCES;
        return NULL;
    }
    return &step->arguments[step->argument_count++];
}

void emu_struct_argument(emu_builder *b, const void *bytes, size_t size) {
    emu_argument *argument = next_argument(b);
    if (argument) {
        argument->kind = EMU_ARGUMENT_BYTES;
        argument->size = size;
        memcpy(argument->u.bytes, bytes, size);
    }
    emu_describe(b, bytes, size);
}

void emu_int_argument(emu_builder *b, cl_int value) {
    emu_struct_argument(b, &value, sizeof value);
}

void emu_float_argument(emu_builder *b, float value) {
    emu_struct_argument(b, &value, sizeof value);
}

void emu_tensor_argument(emu_builder *b, const emu_tensor *tensor) {
    const emu_view view = tensor ? emu_tensor_view(tensor) : (emu_view){0};
    emu_argument *argument = next_argument(b);
    if (!argument)
        return;
    argument->kind = EMU_ARGUMENT_TENSOR;
    argument->tensor = EMU_MAX_TENSORS;
    for (size_t n = 0; n < b->op->use_count && tensor; n++)
        if (b->op->uses[n].tensor == tensor)
            argument->tensor = n;
    emu_struct_argument(b, &view, sizeof view);
}

void emu_scratch_argument(emu_builder *b, size_t size) {
    emu_argument *argument = next_argument(b);
    if (!argument)
        return;
    argument->kind = EMU_ARGUMENT_SCRATCH;
    if (b->op->scratch)
        return;
    b->op->scratch =
        cl.clCreateBuffer(b->op->context->context, CL_MEM_READ_WRITE, size, NULL, &b->code);
    b->op->scratch_size = size;
}

void emu_map_step(emu_builder *b, const char *file, const char *kernel, const emu_tensor *input,
                  const emu_tensor *output) {
    emu_step(b, file, kernel, emu_tensor_count(output));
    emu_tensor_argument(b, input);
    emu_tensor_argument(b, output);
}

/* ---- Ending --------------------------------------------------------------------------------- */

static void check_forward_training(emu_builder *b) {
    for (size_t n = 0; n < b->op->use_count; n++)
        if (settings.strict.training && !b->op->training && emu_present(b->op->uses[n].tensor) &&
            b->op->uses[n].tensor->trained)
            fail(b, CL_INVALID_OPERATION,
                 "strict training: a backward op uses a tensor, and "
                 "property 2 is missing");
}

static void mark_used(emu_op *op) {
    for (size_t n = 0; n < op->use_count; n++)
        if (emu_present(op->uses[n].tensor)) {
            op->uses[n].tensor->used = true;
            op->uses[n].tensor->trained |= op->backward;
            op->uses[n].tensor->grown |= op->backward && settings.strict.grow;
            op->uses[n].tensor->inference |= !op->training;
        }
}

cl_int emu_end(emu_builder *b, emu_op **out_op) {
    if (b->code == CL_SUCCESS)
        check_forward_training(b);
    if (b->code == CL_SUCCESS && b->tuned_only && !emu_cache_has(b->cache, b->op->key))
        fail(b, EMU_NOT_ACCELERATED, "the op is not in the tuning cache");
    if (b->code == CL_SUCCESS && settings.strict.nan)
        b->code = emu_kernel_create(b->op->context, "data", b->op->elements, "fill_words",
                                    &b->op->nan_kernel);
    if (b->code == CL_SUCCESS && !out_op)
        b->code = CL_INVALID_VALUE;
    if (out_op)
        *out_op = b->code == CL_SUCCESS ? b->op : NULL;
    if (b->code == CL_SUCCESS)
        mark_used(b->op);
    else
        emu_op_drop(b->op);
    emu_unlock();
    return b->code;
}

void emu_op_drop(emu_op *op) {
    if (!op || --op->references)
        return;
    for (size_t s = 0; op->steps && s < op->step_count; s++)
        cl.clReleaseKernel(op->steps[s].kernel);
    if (op->nan_kernel)
        cl.clReleaseKernel(op->nan_kernel);
    for (size_t n = 0; n < op->use_count; n++)
        emu_tensor_drop(op->uses[n].tensor);
    if (op->scratch)
        cl.clReleaseMemObject(op->scratch);
    emu_context_drop(op->context);
    free(op->steps);
    free(op);
}

/* ---- Memory of the op's own ------------------------------------------------------------------ */

cl_int emu_entry_op_memory_requirements(cl_context context, emu_op *op, cl_uint *out_bytes) {
    if (!op || !out_bytes)
        return CL_INVALID_VALUE;
    *out_bytes = 0;
    if (op->context->context != context)
        return emu_refuse(op->name, CL_INVALID_CONTEXT, "the op is of another context");
    *out_bytes = (cl_uint)op->scratch_size;
    return CL_SUCCESS;
}

static cl_int replace_scratch(cl_context context, emu_op *op, cl_mem memory) {
    size_t size = 0;
    if (op->context->context != context)
        return emu_refuse(op->name, CL_INVALID_CONTEXT, "the op is of another context");
    if (cl.clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof size, &size, NULL) != CL_SUCCESS)
        return emu_refuse(op->name, CL_INVALID_MEM_OBJECT, "no memory");
    if (size < op->scratch_size)
        return emu_refuse(op->name, CL_INVALID_BUFFER_SIZE, "%zu bytes instead of %zu", size,
                          op->scratch_size);
    if (!op->scratch_size)
        return CL_SUCCESS;
    cl.clRetainMemObject(memory);
    cl.clReleaseMemObject(op->scratch);
    op->scratch = memory;
    return CL_SUCCESS;
}

cl_int emu_entry_update_op_memory(cl_context context, emu_op *op, cl_mem memory) {
    if (!op || !memory)
        return CL_INVALID_VALUE;
    emu_lock();
    const cl_int code = replace_scratch(context, op, memory);
    emu_unlock();
    return code;
}

cl_int emu_entry_release_op(emu_op *op) {
    if (!op)
        return CL_INVALID_VALUE;
    emu_lock();
    emu_op_drop(op);
    emu_unlock();
    return CL_SUCCESS;
}
