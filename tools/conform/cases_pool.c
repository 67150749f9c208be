/* Cases of pooling and its gradient. */
#include "cases.h"

#include "base/tensor_desc.h"

typedef struct shape_row {
    uint32_t n, h, w, c, window[2], stride[2];
    uint32_t pad[4]; /* top, left, bottom, right */
} shape_row;

static const shape_row rows[] = {
    /* n  h  w   c  window  stride  padding */
    {1, 7, 7, 8, {7, 7}, {1, 1}, {0, 0, 0, 0}}, /* global */
    {3, 7, 7, 17, {7, 7}, {7, 7}, {0, 0, 0, 0}},  {1, 1, 1, 129, {1, 1}, {1, 1}, {0, 0, 0, 0}},
    {5, 3, 5, 1, {3, 5}, {1, 1}, {0, 0, 0, 0}},   {2, 17, 17, 5, {17, 17}, {1, 1}, {0, 0, 0, 0}},
    {1, 6, 6, 4, {2, 2}, {2, 2}, {0, 0, 0, 0}}, /* tiles */
    {3, 7, 5, 3, {2, 2}, {2, 2}, {0, 0, 0, 0}},   {1, 9, 9, 33, {3, 3}, {3, 3}, {0, 0, 0, 0}},
    {1, 8, 8, 6, {3, 3}, {2, 2}, {0, 0, 1, 1}}, /* overlapping, padded */
    {2, 7, 7, 5, {3, 3}, {1, 1}, {1, 1, 1, 1}},   {1, 11, 6, 65, {3, 3}, {2, 2}, {1, 1, 1, 1}},
    {1, 10, 8, 16, {3, 2}, {3, 1}, {1, 0, 2, 1}}, {1, 4, 4, 2, {3, 3}, {1, 1}, {2, 0, 0, 2}},
    {1, 8, 8, 3, {2, 2}, {3, 3}, {0, 0, 0, 0}}, /* some elements in no window */
    {1, 1, 1, 4, {3, 3}, {1, 1}, {1, 1, 1, 1}}, /* smaller than the window */
    {2, 2, 2, 9, {3, 3}, {2, 2}, {0, 0, 1, 1}},
};

static op_case case_of(uint32_t kind, const shape_row *row, uint32_t pooling, retune_dtype dtype,
                       bool argmax) {
    const int64_t height =
        (row->h + row->pad[0] + row->pad[2] - row->window[0]) / row->stride[0] + 1;
    const int64_t width =
        (row->w + row->pad[1] + row->pad[3] - row->window[1]) / row->stride[1] + 1;
    const retune_tensor_desc x = retune_desc(dtype, 4, row->n, row->h, row->w, row->c);
    const retune_tensor_desc y = retune_desc(dtype, 4, row->n, height, width, row->c);
    retune_tensor_desc places = {0};
    if (argmax)
        places = retune_desc(RETUNE_I32, 4, row->n, height, width, row->c);
    op_case op = {.kind = kind,
                  .attributes.pooling = {pooling, row->window[0], row->window[1], row->stride[0],
                                         row->stride[1], row->pad[0], row->pad[1], row->pad[2],
                                         row->pad[3]}};
    op.inputs[0] = kind == RETUNE_OP_POOL ? x : y;
    op.outputs[0] = kind == RETUNE_OP_POOL ? y : x;
    *(kind == RETUNE_OP_POOL ? &op.outputs[1] : &op.inputs[1]) = places;
    return op;
}

static void add(op_case op, op_data data, case_list *list) {
    op.data = data;
    case_list_add(list, op);
}

static void add_row(uint32_t kind, const shape_row *row, retune_dtype dtype, case_list *list) {
    const op_case average = case_of(kind, row, RETUNE_POOL_AVERAGE, dtype, false);
    const op_case maximum = case_of(kind, row, RETUNE_POOL_MAX, dtype, true);
    add(average, OP_DATA_UNIFORM, list);
    add(maximum, OP_DATA_UNIFORM, list);
    add(maximum, OP_DATA_TIES, list);
    if (kind == RETUNE_OP_POOL_GRAD)
        return;
    add(maximum, OP_DATA_INFINITE, list);
    add(maximum, OP_DATA_NAN, list);
    add(case_of(kind, row, RETUNE_POOL_MAX, dtype, false), OP_DATA_UNIFORM, list);
    add(case_of(kind, row, RETUNE_POOL_MAX, dtype, false), OP_DATA_INFINITE, list);
}

void cases_pool(uint32_t kind, case_list *list) {
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        for (retune_dtype dtype = RETUNE_F32; dtype <= RETUNE_BF16; dtype++)
            add_row(kind, &rows[r], dtype, list);
}
