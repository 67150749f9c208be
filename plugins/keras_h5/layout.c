#include "layout.h"

#include <string.h>

static retune_tensor_desc describe(unsigned rank, int64_t d0, int64_t d1, int64_t d2, int64_t d3) {
    return (retune_tensor_desc){.struct_size = (uint32_t)sizeof(retune_tensor_desc),
                                .dtype = RETUNE_F32,
                                .rank = rank,
                                .shape = {d0, d1, d2, d3}};
}

/* [Kh, Kw, I, O] of a convolution becomes [O, Kh, Kw, I], [I, O] of a dense layer [O, 1, 1, I]: in
 * both the last dimension moves to the front. */
static const char *find_kernel(unsigned rank, const int64_t *dims, keras_h5_layout *layout) {
    if (rank == 4)
        layout->desc = describe(4, dims[3], dims[0], dims[1], dims[2]);
    else if (rank == 2)
        layout->desc = describe(4, dims[1], 1, 1, dims[0]);
    else
        return "a kernel of neither a 2-D convolution nor a dense layer";
    layout->transposed = true;
    layout->columns = (size_t)dims[rank - 1];
    layout->rows = 1;
    for (unsigned d = 0; d + 1 < rank; d++)
        layout->rows *= (size_t)dims[d];
    return NULL;
}

/* [Kh, Kw, C, 1]: the last dimension is how many maps are made of each channel. */
static const char *find_depthwise_kernel(unsigned rank, const int64_t *dims,
                                         keras_h5_layout *layout) {
    if (rank != 4)
        return "a depthwise kernel of another rank than 4";
    if (dims[3] != 1)
        return "a depthwise kernel with a depth multiplier other than 1";
    layout->desc = describe(3, dims[0], dims[1], dims[2], 0);
    return NULL;
}

const char *keras_h5_parameter_name(const char *weight) {
    bool depthwise = !strcmp(weight, "depthwise_kernel") || !strcmp(weight, "depthwise_kernel:0");
    return depthwise ? weight + strlen("depthwise_") : weight;
}

const char *keras_h5_layout_find(const char *weight, unsigned rank, const uint64_t *shape,
                                 keras_h5_layout *out_layout) {
    int64_t dims[RETUNE_RANK_MAX] = {0};
    for (unsigned d = 0; d < rank; d++)
        dims[d] = (int64_t)shape[d];
    *out_layout = (keras_h5_layout){.desc = describe(rank, dims[0], dims[1], dims[2], dims[3])};
    if (!strcmp(weight, "kernel"))
        return find_kernel(rank, dims, out_layout);
    if (!strcmp(weight, "depthwise_kernel"))
        return find_depthwise_kernel(rank, dims, out_layout);
    return NULL;
}

void keras_h5_transpose(const float *from, size_t rows, size_t columns, float *to) {
    for (size_t column = 0; column < columns; column++)
        for (size_t row = 0; row < rows; row++)
            to[column * rows + row] = from[row * columns + column];
}
