/* op_query: each op is accepted as ops.def describes it, and refused with the slot or attribute at
 * fault when anything about it is changed. */
#include "cpu/support.h"

#include <math.h>
#include <string.h>

static retune_backend_device *device;
static void open_it(void) {
    device = open_device(SCALAR, NULL);
}
static void close_it(void) {
    cpu()->device_close(device);
}
TestSuite(cpu_op_check, .init = open_it, .fini = close_it);

/* A valid op of each kind; tensors[s] is slot s of the inputs, tensors[8 + s] of the outputs. */
typedef struct example {
    retune_op_desc op;
    retune_tensor_desc tensors[2 * RETUNE_OP_TENSORS_MAX];
} example;

#define F32(...) shaped(RETUNE_F32, (int64_t[5]){__VA_ARGS__})
#define I32(...) shaped(RETUNE_I32, (int64_t[5]){__VA_ARGS__})
#define U8(...)  shaped(RETUNE_U8, (int64_t[5]){__VA_ARGS__})
#define F16(...) shaped(RETUNE_F16, (int64_t[5]){__VA_ARGS__})

static retune_tensor_desc shaped(retune_dtype dtype, const int64_t dims[5]) {
    uint32_t rank = 0;
    while (dims[rank] != 0)
        rank++;
    return describe(dtype, rank, dims[0], dims[1], dims[2], dims[3]);
}

static void input(example *e, uint32_t slot, retune_tensor_desc desc) {
    e->tensors[slot] = desc;
    e->op.inputs[slot] = &e->tensors[slot];
}

static void output(example *e, uint32_t slot, retune_tensor_desc desc) {
    e->tensors[RETUNE_OP_TENSORS_MAX + slot] = desc;
    e->op.outputs[slot] = &e->tensors[RETUNE_OP_TENSORS_MAX + slot];
}

/* Maps of [2,9,8,4] and a 3x3 kernel padded below and on the right: 8x7. */
static void make_convolution(example *e, retune_op_kind kind) {
    bool depthwise = kind >= RETUNE_OP_DEPTHWISE_CONV2D;
    retune_tensor_desc x = F32(2, 9, 8, 4), z = depthwise ? F32(2, 8, 7, 4) : F32(2, 8, 7, 6);
    retune_tensor_desc w = depthwise ? F32(3, 3, 4) : F32(6, 3, 3, 4);
    retune_tensor_desc vector = depthwise ? F32(4) : F32(6);
    e->op.attributes.convolution = (retune_convolution_attributes){.stride_height = 1,
                                                                   .stride_width = 1,
                                                                   .dilation_height = 1,
                                                                   .dilation_width = 1,
                                                                   .pad_bottom = 1,
                                                                   .pad_right = 1};
    if (kind == RETUNE_OP_CONV2D || kind == RETUNE_OP_DEPTHWISE_CONV2D) {
        input(e, 0, x);
        input(e, 1, w);
        input(e, 2, vector);
        input(e, 3, vector);
        output(e, 0, z);
    } else if (kind == RETUNE_OP_CONV2D_GRAD_INPUT ||
               kind == RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT) {
        input(e, 0, z);
        input(e, 1, w);
        output(e, 0, x);
    } else {
        input(e, 0, x);
        input(e, 1, z);
        output(e, 0, w);
        output(e, 1, vector);
    }
}

static void make_pool(example *e, retune_op_kind kind) {
    e->op.attributes.pooling = (retune_pooling_attributes){.kind = RETUNE_POOL_MAX,
                                                           .window_height = 2,
                                                           .window_width = 3,
                                                           .stride_height = 1,
                                                           .stride_width = 1,
                                                           .pad_left = 1,
                                                           .pad_right = 1};
    if (kind == RETUNE_OP_POOL) {
        input(e, 0, F32(2, 6, 5, 4));
        output(e, 0, F32(2, 5, 5, 4));
        output(e, 1, I32(2, 5, 5, 4));
    } else {
        input(e, 0, F32(2, 5, 5, 4));
        input(e, 1, I32(2, 5, 5, 4));
        output(e, 0, F32(2, 6, 5, 4));
    }
}

static void make_batch_norm(example *e, retune_op_kind kind) {
    e->op.attributes.batch_norm = (retune_batch_norm_attributes){1, 0.99f, 1e-3f};
    input(e, 0, F32(2, 3, 3, 4));
    output(e, 0, F32(2, 3, 3, 4));
    if (kind == RETUNE_OP_BATCH_NORM_GRAD)
        input(e, 1, F32(2, 3, 3, 4));
    for (uint32_t s = kind == RETUNE_OP_BATCH_NORM_GRAD ? 2 : 1; s < 5; s++)
        input(e, s, F32(4));
    for (uint32_t s = 1; s < (kind == RETUNE_OP_BATCH_NORM_GRAD ? 3 : 5); s++)
        output(e, s, F32(4));
}

static void make_loss(example *e, retune_op_kind kind) {
    e->op.attributes.loss.label_smoothing = 0.1f;
    input(e, 0, F32(7, 5));
    input(e, 1, I32(7));
    input(e, 2, F32(7));
    output(e, 0, F32(7, 5));
    if (kind == RETUNE_OP_SOFTMAX_CROSS_ENTROPY)
        output(e, 1, F32(7));
    else
        input(e, 3, F32(1));
}

static void make_update(example *e, uint32_t inputs) {
    for (uint32_t s = 0; s < inputs; s++) {
        input(e, s, F32(3, 3, 4));
        if (s != 1)
            output(e, s ? s - 1 : 0, F32(3, 3, 4));
    }
}

static void make_example(example *e, retune_op_kind kind) {
    memset(e, 0, sizeof *e);
    e->op = describe_op(kind);
    switch (kind) {
    case RETUNE_OP_NORMALIZE:
        input(e, 0, U8(2, 5, 5, 3));
        input(e, 1, F32(3));
        input(e, 2, F32(3));
        output(e, 0, F32(2, 5, 5, 3));
        break;
    case RETUNE_OP_GATHER:
        input(e, 0, F16(10, 2, 3));
        input(e, 1, I32(4));
        output(e, 0, F32(4, 2, 3));
        break;
    case RETUNE_OP_POOL:
    case RETUNE_OP_POOL_GRAD:
        make_pool(e, kind);
        break;
    case RETUNE_OP_BATCH_NORM:
    case RETUNE_OP_BATCH_NORM_GRAD:
        make_batch_norm(e, kind);
        break;
    case RETUNE_OP_SOFTMAX_CROSS_ENTROPY:
    case RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD:
        make_loss(e, kind);
        break;
    case RETUNE_OP_ACTIVATION_GRAD:
        input(e, 2, F32(4)); /* fall through */
    case RETUNE_OP_ADD:
        input(e, 1, F32(2, 3, 4)); /* fall through */
    case RETUNE_OP_ACTIVATION:
        input(e, 0, F32(2, 3, 4));
        output(e, 0, F32(2, 3, 4));
        break;
    case RETUNE_OP_SGD:
        e->op.attributes.sgd = (retune_sgd_attributes){0.9f, 1e-4f};
        make_update(e, 3);
        break;
    case RETUNE_OP_ADAM:
        e->op.attributes.adam = (retune_adam_attributes){0.9f, 0.999f, 1e-7f, 0.0f, 1};
        make_update(e, 4);
        break;
    case RETUNE_OP_ACCUMULATE:
        make_update(e, 2);
        break;
    case RETUNE_OP_FILL:
        output(e, 0, F32(9));
        break;
    case RETUNE_OP_CAST:
        input(e, 0, F32(2, 3));
        output(e, 0, F16(2, 3));
        break;
    default:
        make_convolution(e, kind);
    }
}

static const char *const names[] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs) #name,
#include "retune/ops.def"
#undef RETUNE_OP
};

static const char *const slots[][2] = {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs) {inputs, outputs},
#include "retune/ops.def"
#undef RETUNE_OP
};

static bool is_optional(retune_op_kind kind, bool of_output, uint32_t slot) {
    const char *text = slots[kind][of_output];
    while (slot-- > 0)
        text = strchr(text, ' ') + 1;
    return *text == '[';
}

static void accept(const example *e) {
    retune_op_support support = query(device, &e->op);
    cr_assert_eq(support.supported, 1, "%s", support.reason);
    cr_assert_eq(support.reason[0], '\0');
}

static void refuse(const example *e, const char *mention) {
    retune_op_support support = query(device, &e->op);
    cr_assert_eq(support.supported, 0, "%s must be refused: %s", names[e->op.kind], mention);
    cr_assert_not_null(strstr(support.reason, mention), "\"%s\" says nothing of \"%s\"",
                       support.reason, mention);
    cr_assert_eq(support.workspace_bytes, 0);
}

/* ---- All ops -------------------------------------------------------------------------------- */

Test(cpu_op_check, every_op_is_supported) {
    for (int kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        example e;
        make_example(&e, (retune_op_kind)kind);
        accept(&e);
    }
}

Test(cpu_op_check, a_missing_tensor_is_refused_unless_optional) {
    for (int kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        for (uint32_t s = 0; s < 2 * RETUNE_OP_TENSORS_MAX; s++) {
            example e;
            make_example(&e, (retune_op_kind)kind);
            bool of_output = s >= RETUNE_OP_TENSORS_MAX;
            uint32_t slot = s % RETUNE_OP_TENSORS_MAX;
            const retune_tensor_desc **place = of_output ? &e.op.outputs[slot] : &e.op.inputs[slot];
            if (!*place)
                continue;
            *place = NULL;
            if (!is_optional((retune_op_kind)kind, of_output, slot))
                refuse(&e, "is missing");
            else if (kind == RETUNE_OP_SGD)
                refuse(&e, "velocity is only one of input and output");
            else if (kind == RETUNE_OP_POOL_GRAD)
                refuse(&e, "argmax");
            else
                accept(&e);
        }
}

Test(cpu_op_check, an_extra_tensor_is_refused) {
    for (int kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        example e;
        make_example(&e, (retune_op_kind)kind);
        input(&e, RETUNE_OP_TENSORS_MAX - 1, F32(4));
        refuse(&e, "it has no input 7");
        make_example(&e, (retune_op_kind)kind);
        output(&e, RETUNE_OP_TENSORS_MAX - 1, F32(4));
        refuse(&e, "it has no output 7");
    }
}

/* Every tensor of every op, one change at a time. */
Test(cpu_op_check, a_changed_tensor_is_refused) {
    for (int kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        for (uint32_t s = 0; s < 2 * RETUNE_OP_TENSORS_MAX; s++) {
            example e;
            make_example(&e, (retune_op_kind)kind);
            retune_tensor_desc *desc = &e.tensors[s], before = *desc;
            if (desc->rank == 0)
                continue;
            bool alone = kind == RETUNE_OP_FILL; /* one tensor of any shape fits itself */
            bool batch_only = kind == RETUNE_OP_GATHER && s == 0; /* rows of a table are free */
            for (uint32_t d = 0; d < before.rank; d++) {
                desc->shape[d] = 0;
                refuse(&e, "dimension");
                desc->shape[d] = before.shape[d] + 1;
                if (!alone && !(batch_only && d == 0))
                    cr_assert_eq(query(device, &e.op).supported, 0, "%s slot %u dimension %u",
                                 names[kind], s, d);
                desc->shape[d] = before.shape[d];
            }
            desc->rank = before.rank == 1 ? 2 : before.rank - 1;
            desc->shape[1] = before.rank == 1 ? 1 : before.shape[1];
            if (!alone)
                cr_assert_eq(query(device, &e.op).supported, 0, "%s slot %u rank", names[kind], s);
            *desc = before;
            desc->dtype = before.dtype == RETUNE_I32 ? RETUNE_F32 : RETUNE_I32;
            cr_assert_eq(query(device, &e.op).supported, 0, "%s slot %u dtype", names[kind], s);
            desc->dtype = 99;
            refuse(&e, "element type");
            *desc = before;
            desc->struct_size = 16;
            refuse(&e, "struct_size");
            *desc = before;
            desc->shape[0] = INT64_MAX;
            cr_assert_eq(query(device, &e.op).supported, 0, "%s slot %u too large", names[kind], s);
        }
}

Test(cpu_op_check, attributes_an_op_does_not_read_are_zero) {
    for (int kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++) {
        example e;
        make_example(&e, (retune_op_kind)kind);
        e.op.attributes.words[23] = 1;
        refuse(&e, "attribute word 23");
    }
    example e;
    make_example(&e, RETUNE_OP_ADD);
    e.op.attributes.words[0] = 1;
    refuse(&e, "attribute word 0");
}

Test(cpu_op_check, no_such_op) {
    retune_op_desc op = describe_op(RETUNE_OP_KIND_COUNT);
    cr_assert_eq(query(device, &op).supported, 0);
    op = describe_op(RETUNE_OP_ADD);
    op.struct_size = 16;
    cr_assert_eq(query(device, &op).supported, 0);
}

Test(cpu_op_check, the_answer_keeps_to_the_callers_struct_size) {
    example e;
    make_example(&e, RETUNE_OP_ADD);
    retune_op_support support;
    memset(&support, 0x55, sizeof support);
    support.struct_size = offsetof(retune_op_support, workspace_bytes);
    cr_assert_eq(cpu()->op_query(device, &e.op, &support, NULL), RETUNE_OK);
    cr_assert_eq(support.supported, 1);
    cr_assert_eq(support.reason[0], 0x55);
    support.struct_size = 0;
    cr_assert_eq(cpu()->op_query(device, &e.op, &support, NULL), RETUNE_INVALID);
}

/* ---- Single ops ----------------------------------------------------------------------------- */

Test(cpu_op_check, convolution_attributes) {
    const retune_op_kind kinds[] = {RETUNE_OP_CONV2D,
                                    RETUNE_OP_CONV2D_GRAD_INPUT,
                                    RETUNE_OP_CONV2D_GRAD_WEIGHT,
                                    RETUNE_OP_DEPTHWISE_CONV2D,
                                    RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT,
                                    RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT};
    for (size_t k = 0; k < 6; k++) {
        example e;
        retune_convolution_attributes *a = &e.op.attributes.convolution;
        make_example(&e, kinds[k]);
        a->stride_height = 0;
        refuse(&e, "stride");
        make_example(&e, kinds[k]);
        a->stride_width = UINT32_MAX;
        refuse(&e, "stride");
        make_example(&e, kinds[k]);
        a->dilation_width = 0;
        refuse(&e, "dilation");
        make_example(&e, kinds[k]);
        a->dilation_height = 60000;
        refuse(&e, "height");
        make_example(&e, kinds[k]);
        a->pad_left = UINT32_MAX;
        refuse(&e, "padding");
        make_example(&e, kinds[k]);
        a->pad_bottom = 2; /* one row more than described */
        refuse(&e, "not f32 [2,9,7,");
        make_example(&e, kinds[k]);
        a->activation = 3;
        refuse(&e, "activation");
        make_example(&e, kinds[k]);
        a->activation = RETUNE_ACTIVATION_RELU6;
        accept(&e);
    }
}

Test(cpu_op_check, strides_that_do_not_divide_the_map_leave_the_rest) {
    example e;
    make_example(&e, RETUNE_OP_CONV2D);
    retune_convolution_attributes *a = &e.op.attributes.convolution;
    a->stride_height = a->stride_width = 2;
    output(&e, 0, F32(2, 4, 4, 6));
    accept(&e);
    a->pad_bottom = 2;
    refuse(&e, "not f32 [2,5,4,6]");
    a->stride_height = 3;
    output(&e, 0, F32(2, 3, 4, 6));
    accept(&e);
}

Test(cpu_op_check, pooling_attributes) {
    example e;
    retune_pooling_attributes *a = &e.op.attributes.pooling;
    make_example(&e, RETUNE_OP_POOL);
    a->kind = 2;
    refuse(&e, "kind");
    make_example(&e, RETUNE_OP_POOL);
    a->kind = RETUNE_POOL_AVERAGE;
    refuse(&e, "argmax");
    e.op.outputs[1] = NULL;
    accept(&e);
    make_example(&e, RETUNE_OP_POOL_GRAD);
    a->kind = RETUNE_POOL_AVERAGE;
    refuse(&e, "argmax");
    make_example(&e, RETUNE_OP_POOL);
    a->window_width = 0;
    refuse(&e, "window_width");
    make_example(&e, RETUNE_OP_POOL);
    a->stride_width = 0;
    refuse(&e, "stride");
    make_example(&e, RETUNE_OP_POOL);
    a->pad_top = 2;
    refuse(&e, "padding only");
    make_example(&e, RETUNE_OP_POOL);
    a->window_height = 7;
    refuse(&e, "exceeds the padded map in height");
}

Test(cpu_op_check, batch_norm_attributes) {
    for (int kind = RETUNE_OP_BATCH_NORM; kind <= RETUNE_OP_BATCH_NORM_GRAD; kind++) {
        example e;
        retune_batch_norm_attributes *a = &e.op.attributes.batch_norm;
        make_example(&e, (retune_op_kind)kind);
        a->training = 2;
        refuse(&e, "training");
        a->training = 0;
        accept(&e);
        a->momentum = 1.5f;
        refuse(&e, "momentum");
        a->momentum = NAN;
        refuse(&e, "momentum");
        make_example(&e, (retune_op_kind)kind);
        a->epsilon = 0.0f;
        refuse(&e, "epsilon");
        a->epsilon = INFINITY;
        refuse(&e, "epsilon");
    }
}

Test(cpu_op_check, loss_shapes_and_smoothing) {
    for (int kind = RETUNE_OP_SOFTMAX_CROSS_ENTROPY; kind <= RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD;
         kind++) {
        example e;
        make_example(&e, (retune_op_kind)kind);
        input(&e, 0, F32(7, 1, 1, 5));
        refuse(&e, "not f32 [7,1,1,5]");
        output(&e, 0, F32(7, 1, 1, 5));
        accept(&e);
        input(&e, 0, F32(7, 2, 1, 5));
        output(&e, 0, F32(7, 2, 1, 5));
        refuse(&e, "[?,1,1,?]");
        make_example(&e, (retune_op_kind)kind);
        const float smoothings[] = {1.0f, -0.1f, NAN};
        for (int n = 0; n < 3; n++) {
            e.op.attributes.loss.label_smoothing = smoothings[n];
            refuse(&e, "label_smoothing");
        }
    }
}

Test(cpu_op_check, optimizer_attributes) {
    example e;
    make_example(&e, RETUNE_OP_SGD);
    e.op.attributes.sgd.momentum = -0.1f;
    refuse(&e, "momentum");
    make_example(&e, RETUNE_OP_SGD);
    e.op.attributes.sgd.weight_decay = INFINITY;
    refuse(&e, "weight_decay");
    make_example(&e, RETUNE_OP_SGD);
    e.op.inputs[2] = e.op.outputs[1] = NULL;
    accept(&e);
    retune_adam_attributes *a = &e.op.attributes.adam;
    make_example(&e, RETUNE_OP_ADAM);
    a->beta1 = 1.0f;
    refuse(&e, "beta1");
    make_example(&e, RETUNE_OP_ADAM);
    a->beta2 = NAN;
    refuse(&e, "beta2");
    make_example(&e, RETUNE_OP_ADAM);
    a->epsilon = 0.0f;
    refuse(&e, "epsilon");
    make_example(&e, RETUNE_OP_ADAM);
    a->weight_decay = -1.0f;
    refuse(&e, "weight_decay");
    make_example(&e, RETUNE_OP_ADAM);
    a->decoupled = 2;
    refuse(&e, "decoupled");
}

Test(cpu_op_check, conversions) {
    const bool allowed[5][5] = {
        /* to f32 f16 bf16 u8 i32 */
        {1, 1, 1, 0, 0}, {1, 1, 1, 0, 0}, {1, 1, 1, 0, 0}, {1, 1, 1, 1, 0}, {0, 0, 0, 0, 1},
    };
    for (uint32_t from = 0; from < 5; from++)
        for (uint32_t to = 0; to < 5; to++) {
            example e;
            make_example(&e, RETUNE_OP_CAST);
            e.tensors[0].dtype = from;
            e.tensors[RETUNE_OP_TENSORS_MAX].dtype = to;
            if (allowed[from][to])
                accept(&e);
            else
                refuse(&e, "no conversion");
            make_example(&e, RETUNE_OP_GATHER);
            e.tensors[0].dtype = from;
            e.tensors[RETUNE_OP_TENSORS_MAX].dtype = to;
            cr_assert_eq(query(device, &e.op).supported, allowed[from][to]);
        }
}

/* The maps of each op, which may be narrow: ops.def's names between spaces. */
static const char *const maps[RETUNE_OP_KIND_COUNT] = {
    [RETUNE_OP_NORMALIZE] = "y",
    [RETUNE_OP_GATHER] = "table y",
    [RETUNE_OP_CONV2D] = "x y",
    [RETUNE_OP_CONV2D_GRAD_INPUT] = "dz dx",
    [RETUNE_OP_CONV2D_GRAD_WEIGHT] = "x dz",
    [RETUNE_OP_DEPTHWISE_CONV2D] = "x y",
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT] = "dz dx",
    [RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT] = "x dz",
    [RETUNE_OP_ACTIVATION] = "x y",
    [RETUNE_OP_ACTIVATION_GRAD] = "dy y dz",
    [RETUNE_OP_BATCH_NORM] = "x y",
    [RETUNE_OP_BATCH_NORM_GRAD] = "x dy dx",
    [RETUNE_OP_POOL] = "x y",
    [RETUNE_OP_POOL_GRAD] = "dy dx",
    [RETUNE_OP_ADD] = "a b y",
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY] = "",
    [RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD] = "",
    [RETUNE_OP_SGD] = "",
    [RETUNE_OP_ADAM] = "",
    [RETUNE_OP_FILL] = "y",
    [RETUNE_OP_CAST] = "x y",
    [RETUNE_OP_ACCUMULATE] = "x",
};

/* Whether `words` has the word that stands at `index` in `slot_names`. */
static bool names_slot(const char *words, const char *slot_names, uint32_t index) {
    while (index-- > 0)
        slot_names = strchr(slot_names, ' ') + 1;
    size_t length = strcspn(slot_names, " ");
    for (; *words; words += strspn(words, " ")) {
        if (strcspn(words, " ") == length && strncmp(words, slot_names, length) == 0)
            return true;
        words += strcspn(words, " ");
    }
    return false;
}

Test(cpu_op_check, each_map_may_be_narrow_by_itself_and_nothing_else) {
    for (int kind = 0; kind < RETUNE_OP_KIND_COUNT; kind++)
        for (uint32_t s = 0; s < 2 * RETUNE_OP_TENSORS_MAX; s++) {
            example e;
            make_example(&e, (retune_op_kind)kind);
            if (e.tensors[s].rank == 0)
                continue;
            bool map = names_slot(maps[kind], slots[kind][s >= RETUNE_OP_TENSORS_MAX],
                                  s % RETUNE_OP_TENSORS_MAX);
            for (uint32_t dtype = RETUNE_F16; dtype <= RETUNE_BF16; dtype++) {
                e.tensors[s].dtype = dtype;
                cr_assert_eq(query(device, &e.op).supported, map, "%s slot %u", names[kind], s);
            }
        }
}

Test(cpu_op_check, an_activation_that_is_none) {
    example e;
    make_example(&e, RETUNE_OP_ACTIVATION);
    e.op.attributes.activation.activation = 3;
    refuse(&e, "activation");
}
