#include "tensor.h"

#include <stdlib.h>

/* ---- Geometry ------------------------------------------------------------------------------- */

size_t emu_element_size(cl_uint type) {
    return type == CL_HALF_FLOAT ? 2 : 4;
}

size_t emu_tensor_count(const emu_tensor *t) {
    return (size_t)t->n * t->c * t->h * t->w;
}

static cl_int row_pitch(const emu_tensor *t) {
    return (cl_int)t->w + (t->h > 1);
}

emu_view emu_dense_view(const emu_tensor *t, cl_uint layout) {
    emu_view v = {.n = (cl_int)t->n,
                  .c = (cl_int)t->c,
                  .h = (cl_int)t->h,
                  .w = (cl_int)t->w,
                  .stride_n = (cl_int)(t->c * t->h * t->w),
                  .present = !t->unused,
                  .count = (cl_int)emu_tensor_count(t)};
    if (layout == EMU_LAYOUT_NHWC) {
        v.stride_c = 1;
        v.stride_w = v.c;
        v.stride_h = v.c * v.w;
    } else {
        v.stride_w = 1;
        v.stride_h = v.w;
        v.stride_c = v.w * v.h;
    }
    return v;
}

emu_view emu_tensor_view(const emu_tensor *t) {
    emu_view v = emu_dense_view(t, t->layout);
    if (t->layout == EMU_LAYOUT_OPTIMAL && !t->unused) {
        v.first = (cl_int)(EMU_GUARD_BYTES / emu_element_size(t->type));
        v.shift = 2;
        v.stride_w = 4;
        v.stride_h = 4 * row_pitch(t);
        v.stride_c = v.stride_h * v.h;
        v.stride_n = v.stride_c * ((v.c + 3) / 4);
    }
    return v;
}

size_t emu_tensor_guard(const emu_tensor *t) {
    const emu_view v = emu_tensor_view(t);
    return ((size_t)v.first + (size_t)v.n * (size_t)v.stride_n) * emu_element_size(t->type);
}

size_t emu_tensor_bytes(const emu_tensor *t) {
    if (t->unused)
        return 0;
    return emu_tensor_guard(t) + settings.padding +
           (t->layout == EMU_LAYOUT_OPTIMAL ? EMU_GUARD_BYTES : 0) + (t->grown ? 256 : 0);
}

/* ---- Lifetime ------------------------------------------------------------------------------- */

void emu_tensor_retain(emu_tensor *tensor) {
    tensor->references++;
}

void emu_tensor_drop(emu_tensor *tensor) {
    if (tensor && --tensor->references == 0) {
        emu_context_drop(tensor->context);
        free(tensor);
    }
}

/* ---- Creation ------------------------------------------------------------------------------- */

static bool is_unused(const emu_tensor_desc *d) {
    return d->dimensions == EMU_UNUSED;
}

static bool has_known_type(const emu_tensor_desc *d) {
    return d->data_type == CL_FLOAT || d->data_type == CL_HALF_FLOAT ||
           d->data_type == CL_SIGNED_INT32;
}

static cl_int check_desc(const emu_tensor_desc *d) {
    const cl_uint dims[] = {d->n, d->c, d->h, d->w};
    uint64_t bytes = 4;
    if (is_unused(d))
        return CL_SUCCESS;
    if (!has_known_type(d))
        return emu_refuse("create_tensor", CL_INVALID_VALUE, "type 0x%x is not known",
                          d->data_type);
    if (d->dimensions != EMU_DIMENSIONS_4 || d->d != 0)
        return emu_refuse("create_tensor", CL_INVALID_VALUE, "only four dimensions are supported");
    for (size_t s = 0; s < 5; s++)
        if (d->stride[s])
            return emu_refuse("create_tensor", CL_INVALID_VALUE, "stride %zu is not 0", s);
    for (size_t i = 0; i < 4; i++)
        if (!dims[i] || (bytes *= (uint64_t)dims[i] + 4) > INT32_MAX)
            return emu_refuse("create_tensor", CL_INVALID_VALUE, "a size of %ux%ux%ux%u", d->n,
                              d->c, d->h, d->w);
    if (emu_layout_refused("tensor", d->layout))
        return emu_refuse("create_tensor", EMU_INVALID_LAYOUT, "layout %u", d->layout);
    return CL_SUCCESS;
}

static cl_int create(cl_context context, const intptr_t *properties, const emu_tensor_desc *desc,
                     emu_tensor **out) {
    static cl_uint serial;
    cl_int code = CL_SUCCESS;
    if (properties && properties[0] != EMU_PROPERTY_END)
        return emu_refuse("create_tensor", CL_INVALID_PROPERTY, "property %ld",
                          (long)properties[0]);
    if (!desc)
        return emu_refuse("create_tensor", CL_INVALID_VALUE, "no description");
    if ((code = check_desc(desc)) != CL_SUCCESS)
        return code;
    emu_tensor *tensor = calloc(1, sizeof *tensor);
    if (!tensor)
        return CL_OUT_OF_HOST_MEMORY;
    *tensor = (emu_tensor){.references = 1,
                           .type = desc->data_type,
                           .layout = desc->layout,
                           .n = desc->n,
                           .c = desc->c,
                           .h = desc->h,
                           .w = desc->w,
                           .unused = is_unused(desc),
                           .serial = ++serial};
    code = emu_context_find(context, &tensor->context);
    if (code != CL_SUCCESS)
        free(tensor);
    else
        *out = tensor;
    return code;
}

cl_int emu_entry_create_tensor(cl_context context, const intptr_t *properties,
                               const emu_tensor_desc *desc, emu_tensor **out_tensor) {
    if (!out_tensor)
        return CL_INVALID_VALUE;
    *out_tensor = NULL;
    emu_lock();
    const cl_int code = create(context, properties, desc, out_tensor);
    emu_unlock();
    return code;
}

cl_int emu_entry_release_tensor(emu_tensor *tensor) {
    if (!tensor)
        return CL_INVALID_VALUE;
    emu_lock();
    emu_tensor_drop(tensor);
    emu_unlock();
    return CL_SUCCESS;
}

static cl_int memory_size(cl_context context, const emu_tensor *tensor, cl_uint *out) {
    if (settings.fail_size)
        return settings.fail_size;
    if (tensor->context->context != context)
        return emu_refuse("tensor_memory_size", CL_INVALID_CONTEXT, "the tensor is of another one");
    if (tensor->unused)
        return emu_refuse("tensor_memory_size", CL_INVALID_VALUE, "the tensor is an unused one");
    if (tensor->layout == EMU_LAYOUT_OPTIMAL && !tensor->used)
        return emu_refuse("tensor_memory_size", CL_INVALID_OPERATION,
                          "no op uses the tensor yet, whose layout is OPTIMAL");
    *out = (cl_uint)emu_tensor_bytes(tensor);
    return CL_SUCCESS;
}

cl_int emu_entry_tensor_memory_size(cl_context context, emu_tensor *tensor, cl_uint *out_bytes) {
    if (!tensor || !out_bytes)
        return CL_INVALID_VALUE;
    emu_lock();
    *out_bytes = 0;
    const cl_int code = memory_size(context, tensor, out_bytes);
    emu_unlock();
    return code;
}
