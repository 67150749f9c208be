/* Convolutions and their gradients over odd shapes. */
#include "trial.h"

typedef struct shape {
    int64_t batch, height, width, inputs, outputs; /* depthwise: outputs is not looked at */
    int64_t kernel_height, kernel_width;
    uint32_t stride_height, stride_width, dilation_height, dilation_width;
    uint32_t top, left, bottom, right;
} shape;

#define SQUARE(n, h, w, i, o, k, s, d, t, l, b, r)                                                 \
    { n, h, w, i, o, k, k, s, s, d, d, t, l, b, r }

static const shape shapes[] = {
    SQUARE(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0),      /* the smallest */
    SQUARE(1, 1, 1, 40, 5, 1, 1, 1, 0, 0, 0, 0),     /* dense, one sample */
    SQUARE(7, 1, 1, 130, 33, 1, 1, 1, 0, 0, 0, 0),   /* dense, just above a tile */
    SQUARE(3, 5, 3, 17, 31, 1, 1, 1, 0, 0, 0, 0),    /* pointwise, nothing even */
    SQUARE(5, 7, 7, 64, 65, 1, 1, 1, 0, 0, 0, 0),    /* one column above two tiles */
    SQUARE(1, 15, 1, 16, 32, 1, 1, 1, 0, 0, 0, 0),   /* one row above a tile */
    SQUARE(2, 3, 3, 1, 9, 1, 1, 1, 0, 0, 0, 0),      /* one input */
    SQUARE(2, 3, 3, 9, 1, 1, 1, 1, 0, 0, 0, 0),      /* one output */
    SQUARE(2, 4, 4, 6, 7, 1, 1, 1, 1, 0, 0, 2),      /* pointwise on a padded map */
    SQUARE(2, 5, 6, 8, 9, 1, 2, 1, 0, 0, 0, 0),      /* strided pointwise */
    SQUARE(1, 7, 5, 5, 4, 1, 3, 1, 0, 0, 0, 0),      /* stride beyond the kernel */
    SQUARE(2, 11, 9, 3, 32, 3, 2, 1, 0, 0, 1, 1),    /* a first layer, SAME at stride 2 */
    SQUARE(3, 8, 8, 3, 10, 3, 1, 1, 1, 1, 1, 1),     /* few channels */
    SQUARE(1, 6, 7, 16, 16, 3, 1, 1, 1, 1, 1, 1),    /* whole vectors */
    SQUARE(1, 5, 5, 20, 18, 3, 1, 1, 0, 2, 1, 0),    /* asymmetric padding */
    SQUARE(2, 9, 9, 6, 5, 3, 3, 1, 1, 1, 1, 1),      /* stride 3 */
    SQUARE(1, 9, 8, 4, 6, 3, 1, 2, 2, 2, 2, 2),      /* dilation */
    SQUARE(1, 11, 10, 5, 3, 3, 2, 2, 2, 2, 2, 2),    /* stride and dilation share a factor */
    SQUARE(1, 12, 11, 2, 3, 3, 3, 2, 2, 2, 2, 2),    /* stride and dilation share none */
    SQUARE(2, 1, 1, 7, 6, 3, 1, 1, 1, 1, 1, 1),      /* a map smaller than the kernel */
    SQUARE(1, 2, 2, 3, 4, 5, 2, 1, 2, 2, 2, 2),      /* likewise, strided */
    {1, 6, 9, 4, 5, 2, 5, 1, 2, 2, 1, 0, 3, 1, 1},   /* nothing square */
    {2, 8, 3, 33, 2, 4, 1, 3, 1, 1, 1, 2, 0, 1, 0},  /* a column kernel */
    SQUARE(1, 4, 4, 150, 20, 3, 1, 1, 1, 1, 1, 1),   /* a sum longer than is packed at once */
    SQUARE(1, 3, 2, 600, 40, 1, 1, 1, 0, 0, 0, 0),   /* likewise, pointwise */
    SQUARE(2, 16, 17, 12, 70, 3, 1, 1, 1, 1, 1, 1),  /* several blocks of rows */
    SQUARE(2, 40, 39, 3, 33, 3, 2, 1, 0, 0, 1, 1),   /* enough work for threads */
    SQUARE(1, 31, 33, 18, 21, 3, 2, 1, 1, 1, 1, 1),  /* likewise */
    SQUARE(5, 1, 1, 40, 4130, 1, 1, 1, 0, 0, 0, 0),  /* more columns than are packed at once */
    SQUARE(1, 45, 47, 2100, 3, 1, 1, 1, 0, 0, 0, 0), /* likewise in every way */
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static const shape depthwise_shapes[] = {
    SQUARE(1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0),     /* the smallest */
    SQUARE(1, 1, 1, 9, 0, 3, 1, 1, 1, 1, 1, 1),     /* a map smaller than the kernel */
    SQUARE(3, 2, 2, 33, 0, 3, 1, 1, 1, 1, 1, 1),    /* likewise */
    SQUARE(2, 7, 7, 64, 0, 3, 1, 1, 1, 1, 1, 1),    /* whole vectors */
    SQUARE(1, 7, 13, 17, 0, 3, 1, 1, 1, 1, 1, 1),   /* a channel above a vector */
    SQUARE(3, 5, 20, 15, 0, 3, 1, 1, 1, 1, 1, 1),   /* a channel below a vector */
    SQUARE(2, 14, 14, 40, 0, 3, 2, 1, 0, 0, 1, 1),  /* SAME at stride 2 */
    SQUARE(1, 15, 15, 3, 0, 3, 2, 1, 1, 1, 1, 1),   /* odd map, stride 2 */
    SQUARE(1, 12, 19, 70, 0, 3, 2, 1, 0, 0, 0, 0),  /* no padding */
    SQUARE(2, 10, 11, 5, 0, 3, 3, 1, 1, 0, 1, 2),   /* stride 3 */
    SQUARE(1, 9, 9, 130, 0, 3, 1, 2, 2, 2, 2, 2),   /* dilation */
    SQUARE(1, 9, 12, 18, 0, 3, 2, 2, 2, 2, 2, 2),   /* stride and dilation share a factor */
    SQUARE(1, 9, 9, 20, 0, 5, 1, 1, 2, 2, 2, 2),    /* larger kernel */
    SQUARE(1, 8, 8, 4, 0, 2, 2, 1, 0, 0, 0, 0),     /* even kernel */
    SQUARE(2, 6, 6, 21, 0, 1, 1, 1, 0, 0, 0, 0),    /* pointwise */
    SQUARE(2, 6, 7, 6, 0, 1, 2, 1, 0, 0, 0, 0),     /* elements no tap reaches */
    {1, 4, 9, 19, 0, 1, 3, 1, 1, 1, 1, 0, 3, 0, 0}, /* padding wider than needed */
    {2, 9, 3, 35, 0, 5, 2, 2, 1, 1, 1, 1, 0, 2, 1}, /* nothing square */
    SQUARE(2, 20, 21, 40, 0, 3, 1, 1, 1, 1, 1, 1),  /* enough work for threads */
    SQUARE(1, 31, 30, 35, 0, 3, 2, 1, 0, 0, 1, 1),  /* likewise */
    SQUARE(3, 17, 19, 23, 0, 5, 2, 2, 4, 4, 4, 4),  /* likewise */
};
enum { DEPTHWISE_SHAPES = sizeof depthwise_shapes / sizeof depthwise_shapes[0] };

static int64_t out_size(int64_t in, int64_t pad, int64_t kernel, int64_t dilation, int64_t stride) {
    return (in + pad - (kernel - 1) * dilation - 1) / stride + 1;
}

typedef struct dims {
    int64_t x[5], weight[5], y[5], channels[2]; /* each ends with 0 */
} dims;

static dims dims_of(const shape *s, int depthwise) {
    int64_t outputs = depthwise ? s->inputs : s->outputs;
    dims d = {.x = {s->batch, s->height, s->width, s->inputs},
              .y = {s->batch,
                    out_size(s->height, s->top + s->bottom, s->kernel_height, s->dilation_height,
                             s->stride_height),
                    out_size(s->width, s->left + s->right, s->kernel_width, s->dilation_width,
                             s->stride_width),
                    outputs},
              .channels = {outputs}};
    if (depthwise)
        memcpy(d.weight, DIMS(s->kernel_height, s->kernel_width, s->inputs), 4 * sizeof(int64_t));
    else
        memcpy(d.weight, DIMS(outputs, s->kernel_height, s->kernel_width, s->inputs),
               5 * sizeof(int64_t));
    return d;
}

static trial begin(const shape *s, retune_op_kind kind) {
    trial t = trial_begin(kind);
    t.op.attributes.convolution =
        (retune_convolution_attributes){.stride_height = s->stride_height,
                                        .stride_width = s->stride_width,
                                        .dilation_height = s->dilation_height,
                                        .dilation_width = s->dilation_width,
                                        .pad_top = s->top,
                                        .pad_left = s->left,
                                        .pad_bottom = s->bottom,
                                        .pad_right = s->right};
    return t;
}

enum { SCALE = 1, BIAS = 2, POISON = 4 };

static void try_forward(const shape *s, int depthwise, uint32_t activation, int with) {
    trial t = begin(s, depthwise ? RETUNE_OP_DEPTHWISE_CONV2D : RETUNE_OP_CONV2D);
    dims d = dims_of(s, depthwise);
    t.op.attributes.convolution.activation = activation;
    t.terms = s->kernel_height * s->kernel_width * (depthwise ? 1 : s->inputs);
    trial_input(&t, 0, RETUNE_F32, 0, d.x);
    trial_input(&t, 1, RETUNE_F32, 0, d.weight);
    if (with & SCALE)
        trial_input(&t, 2, RETUNE_F32, 0, d.channels);
    if (with & BIAS)
        trial_input(&t, 3, RETUNE_F32, 0, d.channels);
    if (with & POISON)
        trial_poison(&t, 0);
    trial_output(&t, 0, RETUNE_F32, d.y);
    trial_end(&t);
}

static void try_grad_input(const shape *s, int depthwise, int with) {
    trial t =
        begin(s, depthwise ? RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT : RETUNE_OP_CONV2D_GRAD_INPUT);
    dims d = dims_of(s, depthwise);
    t.terms = s->kernel_height * s->kernel_width * (depthwise ? 1 : s->outputs);
    trial_input(&t, 0, RETUNE_F32, 0, d.y);
    trial_input(&t, 1, RETUNE_F32, 0, d.weight);
    if (with & POISON)
        trial_poison(&t, 0);
    trial_output(&t, 0, RETUNE_F32, d.x);
    trial_end(&t);
}

static void try_grad_weight(const shape *s, int depthwise, int with) {
    trial t =
        begin(s, depthwise ? RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT : RETUNE_OP_CONV2D_GRAD_WEIGHT);
    dims d = dims_of(s, depthwise);
    t.terms = d.y[0] * d.y[1] * d.y[2];
    trial_input(&t, 0, RETUNE_F32, 0, d.x);
    trial_input(&t, 1, RETUNE_F32, 0, d.y);
    if (with & POISON)
        trial_poison(&t, 0);
    trial_output(&t, 0, RETUNE_F32, d.weight);
    if (with & BIAS)
        trial_output(&t, 1, RETUNE_F32, d.channels);
    trial_end(&t);
}

Test(conv2d, forward) {
    for (int n = 0; n < SHAPES; n++)
        try_forward(&shapes[n], 0, RETUNE_ACTIVATION_NONE, 0);
}

Test(conv2d, epilogue) {
    for (int n = 0; n < SHAPES; n++)
        try_forward(&shapes[n], 0, (uint32_t)n % 3, n % 4);
}

Test(conv2d, values_that_are_not_numbers_stay_where_they_belong) {
    for (int n = 0; n < SHAPES; n++)
        try_forward(&shapes[n], 0, (uint32_t)n % 3, POISON | BIAS);
}

Test(conv2d_grad_input, all_shapes) {
    for (int n = 0; n < SHAPES; n++)
        try_grad_input(&shapes[n], 0, 0);
}

Test(conv2d_grad_input, values_that_are_not_numbers_stay_where_they_belong) {
    for (int n = 0; n < SHAPES; n++)
        try_grad_input(&shapes[n], 0, POISON);
}

Test(conv2d_grad_weight, all_shapes) {
    for (int n = 0; n < SHAPES; n++)
        try_grad_weight(&shapes[n], 0, n % 2 ? BIAS : 0);
}

Test(conv2d_grad_weight, values_that_are_not_numbers_stay_where_they_belong) {
    for (int n = 0; n < SHAPES; n++)
        try_grad_weight(&shapes[n], 0, POISON | BIAS);
}

Test(depthwise, forward) {
    for (int n = 0; n < DEPTHWISE_SHAPES; n++)
        try_forward(&depthwise_shapes[n], 1, RETUNE_ACTIVATION_NONE, 0);
}

Test(depthwise, epilogue) {
    for (int n = 0; n < DEPTHWISE_SHAPES; n++)
        try_forward(&depthwise_shapes[n], 1, (uint32_t)n % 3, n % 4);
}

Test(depthwise, values_that_are_not_numbers_stay_where_they_belong) {
    for (int n = 0; n < DEPTHWISE_SHAPES; n++)
        try_forward(&depthwise_shapes[n], 1, (uint32_t)n % 3, POISON | SCALE);
}

Test(depthwise_grad_input, all_shapes) {
    for (int n = 0; n < DEPTHWISE_SHAPES; n++)
        try_grad_input(&depthwise_shapes[n], 1, 0);
}

Test(depthwise_grad_input, values_that_are_not_numbers_stay_where_they_belong) {
    for (int n = 0; n < DEPTHWISE_SHAPES; n++)
        try_grad_input(&depthwise_shapes[n], 1, POISON);
}

Test(depthwise_grad_weight, all_shapes) {
    for (int n = 0; n < DEPTHWISE_SHAPES; n++)
        try_grad_weight(&depthwise_shapes[n], 1, n % 2 ? BIAS : 0);
}

Test(depthwise_grad_weight, values_that_are_not_numbers_stay_where_they_belong) {
    for (int n = 0; n < DEPTHWISE_SHAPES; n++)
        try_grad_weight(&depthwise_shapes[n], 1, POISON | BIAS);
}
