#include "layout.h"

/* The largest divisor of a batch that is at most `limit`. */
static uint32_t piece_samples(uint32_t batch, uint32_t limit) {
    uint32_t samples = batch < limit ? batch : limit;
    while (batch % samples != 0)
        samples--;
    return samples;
}

clml_shape clml_layout(const retune_tensor_desc *desc, clml_role role, uint32_t micro_batch,
                       uint32_t *out_pieces) {
    const int64_t *s = desc->shape;
    clml_shape shape = {1, (cl_uint)s[desc->rank - 1], 1, 1};
    *out_pieces = 1;
    if (desc->rank == 2 || desc->rank == 4)
        shape.n = (cl_uint)s[0];
    if (desc->rank >= 3) {
        shape.h = (cl_uint)s[desc->rank - 3];
        shape.w = (cl_uint)s[desc->rank - 2];
    }
    if (role == CLML_MAP) {
        uint32_t samples = piece_samples(shape.n, micro_batch);
        *out_pieces = shape.n / samples;
        shape.n = samples;
    }
    return shape;
}

bool clml_shape_equal(clml_shape a, clml_shape b) {
    return a.n == b.n && a.c == b.c && a.h == b.h && a.w == b.w;
}

size_t clml_shape_elements(clml_shape s) {
    return (size_t)s.n * s.c * s.h * s.w;
}

bool clml_shape_is_plain(clml_shape s) {
    return s.c == 1 || (s.h == 1 && s.w == 1);
}

clml_tensor_desc clml_shape_desc(clml_shape s, cl_uint layout) {
    return (clml_tensor_desc){.data_type = CL_FLOAT,
                              .layout = layout,
                              .n = s.n,
                              .c = s.c,
                              .h = s.h,
                              .w = s.w,
                              .dimensions = CLML_DIMENSIONS_4};
}

void clml_to_planes(clml_shape s, const float *dense, float *planes) {
    const size_t pixels = (size_t)s.h * s.w;
    for (size_t n = 0; n < s.n; n++)
        for (size_t c = 0; c < s.c; c++)
            for (size_t p = 0; p < pixels; p++)
                planes[(n * s.c + c) * pixels + p] = dense[(n * pixels + p) * s.c + c];
}

void clml_to_pixels(clml_shape s, const float *planes, float *dense) {
    const size_t pixels = (size_t)s.h * s.w;
    for (size_t n = 0; n < s.n; n++)
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < s.c; c++)
                dense[(n * pixels + p) * s.c + c] = planes[(n * s.c + c) * pixels + p];
}
