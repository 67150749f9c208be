/* Cases of the convolutions and their gradients. */
#include "cases.h"

#include "base/tensor_desc.h"

typedef struct shape_row {
    uint32_t n, h, w, i, o, kernel[2], stride[2], dilation[2];
    uint32_t pad[4]; /* top, left, bottom, right */
} shape_row;

static const shape_row dense_rows[] = {
    /* n   h   w    i    o  kernel  stride  dilation  padding */
    {1, 7, 7, 3, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 8, 8, 3, 8, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {3, 5, 4, 17, 9, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    /* 1x1 kernels, 1x1 maps: dense layers */
    {1, 1, 1, 1, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 1, 1, 1024, 5, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {3, 1, 1, 33, 17, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {5, 1, 1, 129, 7, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {17, 1, 1, 3, 129, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 5, 5, 16, 16, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {2, 7, 7, 17, 33, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 9, 9, 33, 65, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {3, 4, 4, 65, 17, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 13, 10, 5, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {2, 3, 3, 1, 6, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 129, 1, 12, 20, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {2, 9, 9, 64, 64, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 14, 14, 65, 129, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    /* just above the blocks that matrix products are cut into */
    {2, 12, 12, 259, 70, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {3, 1, 1, 40, 515, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 25, 25, 24, 40, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {5, 1, 1, 2051, 18, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    /* strided, padded */
    {1, 5, 5, 7, 9, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {1, 6, 7, 4, 4, {1, 1}, {3, 3}, {1, 1}, {0, 0, 0, 0}},
    {1, 3, 3, 4, 5, {1, 1}, {1, 1}, {1, 1}, {1, 0, 0, 2}},
    /* 3x3 kernels, strides, remainders that no window reaches */
    {3, 9, 9, 3, 5, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {2, 7, 5, 5, 7, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {2, 8, 10, 4, 4, {3, 3}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {1, 10, 10, 4, 6, {3, 3}, {3, 3}, {1, 1}, {0, 1, 2, 0}},
    {1, 17, 17, 3, 16, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 12, 12, 17, 9, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {2, 5, 5, 33, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 33, 33, 3, 32, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {3, 6, 4, 1, 1, {3, 3}, {1, 1}, {1, 1}, {0, 2, 1, 0}},
    /* maps smaller than the kernel */
    {1, 1, 1, 4, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 2, 2, 3, 6, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {2, 2, 3, 5, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 3, 3, 2, 2, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
    /* dilation */
    {1, 11, 9, 6, 5, {3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}},
    {1, 9, 9, 3, 4, {3, 3}, {2, 2}, {2, 2}, {1, 2, 2, 1}},
    {1, 9, 11, 2, 3, {3, 3}, {2, 1}, {1, 2}, {0, 1, 1, 2}},
    {2, 6, 8, 3, 2, {2, 3}, {1, 3}, {3, 1}, {2, 0, 1, 1}},
    /* channels in eights, as matrix units take them, with remainders of every tile */
    {3, 11, 13, 136, 264, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {9, 1, 1, 1032, 40, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {2, 13, 9, 24, 72, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 20, 20, 16, 8, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    /* other kernels */
    {1, 8, 8, 2, 3, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
    {1, 7, 9, 3, 4, {1, 3}, {1, 1}, {1, 1}, {0, 1, 0, 1}},
    {1, 9, 7, 3, 4, {3, 1}, {1, 1}, {1, 1}, {1, 0, 1, 0}},
    {1, 6, 6, 4, 4, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {1, 13, 13, 3, 9, {7, 7}, {2, 2}, {1, 1}, {3, 3, 3, 3}},
    {2, 4, 4, 5, 6, {4, 4}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
};

static const shape_row depthwise_rows[] = {
    /* n   h   w    c    c  kernel  stride  dilation  padding */
    {1, 7, 7, 8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 8, 8, 5, 5, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {3, 6, 5, 17, 17, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 1, 1, 1, 1, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {2, 4, 4, 3, 3, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {1, 5, 7, 1, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 9, 9, 33, 33, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}},
    {1, 10, 10, 65, 65, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {3, 7, 7, 129, 129, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 17, 17, 16, 16, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 28, 28, 33, 33, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {1, 11, 8, 12, 12, {3, 3}, {3, 3}, {1, 1}, {0, 1, 1, 0}},
    {2, 8, 9, 6, 6, {3, 3}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {1, 6, 4, 7, 7, {3, 3}, {1, 1}, {1, 1}, {0, 2, 1, 0}},
    /* maps smaller than the kernel */
    {1, 1, 1, 4, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}},
    {2, 2, 2, 9, 9, {3, 3}, {2, 2}, {1, 1}, {0, 0, 1, 1}},
    {1, 2, 3, 16, 16, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
    /* dilation */
    {1, 11, 9, 8, 8, {3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}},
    {1, 9, 11, 3, 3, {3, 3}, {2, 1}, {1, 2}, {0, 1, 1, 2}},
    {1, 9, 9, 5, 5, {3, 3}, {2, 2}, {2, 2}, {1, 2, 2, 1}},
    /* other kernels */
    {1, 9, 9, 10, 10, {5, 5}, {1, 1}, {1, 1}, {2, 2, 2, 2}},
    {1, 12, 9, 4, 4, {5, 5}, {2, 2}, {1, 1}, {1, 1, 2, 2}},
    {1, 7, 9, 3, 3, {1, 3}, {1, 1}, {1, 1}, {0, 1, 0, 1}},
    {1, 9, 7, 3, 3, {3, 1}, {1, 1}, {1, 1}, {1, 0, 1, 0}},
    {1, 6, 6, 20, 20, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}},
    {1, 13, 13, 4, 4, {7, 7}, {1, 1}, {1, 1}, {3, 3, 3, 3}},
};

/* Rows at the head of a table get every combination of the epilogue, the others three each. */
#define FULL_ROWS  3
#define EPILOGUES  12
#define NARROW_MOD 4 /* every fourth row is also tried with narrow activations, and all in eights  \
                      */

/* The tensors of a convolution, from which the gradients take theirs. */
typedef struct tensors {
    retune_tensor_desc x, weight, z, channel;
} tensors;

static int64_t out_size(uint32_t size, const shape_row *row, int axis) {
    const uint32_t extent = row->dilation[axis] * (row->kernel[axis] - 1) + 1;
    return (size + row->pad[axis] + row->pad[axis + 2] - extent) / row->stride[axis] + 1;
}

static tensors tensors_of(const shape_row *row, bool depthwise, retune_dtype x, retune_dtype z) {
    return (tensors){
        .x = retune_desc(x, 4, row->n, row->h, row->w, row->i),
        .weight = depthwise
                      ? retune_desc(RETUNE_F32, 3, row->kernel[0], row->kernel[1], row->i, 0)
                      : retune_desc(RETUNE_F32, 4, row->o, row->kernel[0], row->kernel[1], row->i),
        .z = retune_desc(z, 4, row->n, out_size(row->h, row, 0), out_size(row->w, row, 1), row->o),
        .channel = retune_desc_vector(RETUNE_F32, row->o),
    };
}

static op_case case_of(uint32_t kind, const shape_row *row) {
    return (op_case){.kind = kind,
                     .attributes.convolution = {.stride_height = row->stride[0],
                                                .stride_width = row->stride[1],
                                                .dilation_height = row->dilation[0],
                                                .dilation_width = row->dilation[1],
                                                .pad_top = row->pad[0],
                                                .pad_left = row->pad[1],
                                                .pad_bottom = row->pad[2],
                                                .pad_right = row->pad[3]}};
}

/* `epilogue` counts through scale, bias and activation. */
static void add_forward(op_case op, const tensors *t, unsigned epilogue, case_list *list) {
    op.inputs[0] = t->x;
    op.inputs[1] = t->weight;
    if (epilogue & 1)
        op.inputs[2] = t->channel;
    if (epilogue & 2)
        op.inputs[3] = t->channel;
    op.attributes.convolution.activation = epilogue / 4 % 3;
    op.outputs[0] = t->z;
    case_list_add(list, op);
}

static void add_grad_input(op_case op, const tensors *t, case_list *list) {
    op.inputs[0] = t->z;
    op.inputs[1] = t->weight;
    op.outputs[0] = t->x;
    case_list_add(list, op);
}

static void add_grad_weight(op_case op, const tensors *t, bool bias, case_list *list) {
    op.inputs[0] = t->x;
    op.inputs[1] = t->z;
    op.outputs[0] = t->weight;
    if (bias)
        op.outputs[1] = t->channel;
    case_list_add(list, op);
}

/* A NaN must stay in the outputs it reaches: the data of the other samples go on. */
static void add_nan(op_case op, const tensors *t, case_list *list) {
    if (t->x.shape[0] == 1 || t->x.dtype != RETUNE_F32)
        return;
    op.data = OP_DATA_NAN;
    add_forward(op, t, 3, list);
}

static void add_row(uint32_t kind, size_t place, const shape_row *row, retune_dtype x,
                    retune_dtype z, case_list *list) {
    const bool depthwise = kind >= RETUNE_OP_DEPTHWISE_CONV2D;
    const tensors t = tensors_of(row, depthwise, x, z);
    const op_case op = case_of(kind, row);
    switch (kind) {
    case RETUNE_OP_CONV2D:
    case RETUNE_OP_DEPTHWISE_CONV2D:
        for (unsigned e = 0; e < EPILOGUES; e++)
            if ((x == RETUNE_F32 && place < FULL_ROWS) || (e + place) % 4 == 0)
                add_forward(op, &t, e, list);
        if (row->kernel[0] * row->kernel[1] == 1)
            add_nan(op, &t, list);
        break;
    case RETUNE_OP_CONV2D_GRAD_INPUT:
    case RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT:
        add_grad_input(op, &t, list);
        break;
    default:
        add_grad_weight(op, &t, false, list);
        add_grad_weight(op, &t, true, list);
    }
}

void cases_convolution(uint32_t kind, case_list *list) {
    const bool depthwise = kind >= RETUNE_OP_DEPTHWISE_CONV2D;
    const shape_row *rows = depthwise ? depthwise_rows : dense_rows;
    const size_t count = depthwise ? sizeof depthwise_rows / sizeof depthwise_rows[0]
                                   : sizeof dense_rows / sizeof dense_rows[0];
    for (size_t r = 0; r < count; r++) {
        add_row(kind, r, &rows[r], RETUNE_F32, RETUNE_F32, list);
        bool eights = rows[r].i % 8 == 0 && rows[r].o % 8 == 0;
        bool narrow = r % NARROW_MOD == 0 || (eights && !depthwise);
        for (retune_dtype x = RETUNE_F16; narrow && x <= RETUNE_BF16; x++) {
            add_row(kind, r, &rows[r], x, x, list);
            /* As a training step has them: logits and gradients are f32 beside narrow maps. */
            add_row(kind, r, &rows[r], x, RETUNE_F32, list);
        }
    }
}
