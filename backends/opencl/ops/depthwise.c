/* depthwise_conv2d and its gradients. */
#include "groups.h"
#include "ops.h"

/* How the kernels are compiled for a window; kernels/depthwise.cl says what the numbers mean. */
typedef struct shape {
    int64_t kernel_height, kernel_width;
    int64_t strip;
    int64_t tap_rows, tap_columns;
} shape;

/* Outputs of a strip, loaded inputs that it may take, and elements of a window up to which a work
 * item sums all of them. */
enum { STRIP = 4, STRIP_COLUMNS_MOST = 16, WINDOW_MOST = 25, TAPS_MOST = 9 };

static shape shape_of(const retune_op_desc *op, const retune_tensor_desc *weight) {
    const retune_convolution_attributes *a = &op->attributes.convolution;
    int64_t rows = weight->shape[0], columns = weight->shape[1], stride = a->stride_width;
    shape s = {.kernel_height = rows, .kernel_width = columns};
    s.strip = STRIP / stride * stride;
    int64_t loaded = (s.strip - 1) * stride + (columns - 1) * a->dilation_width + 1;
    if (s.strip == 0 || loaded > STRIP_COLUMNS_MOST || rows * columns > WINDOW_MOST)
        s.strip = 1;
    s.tap_columns = columns <= TAPS_MOST ? columns : 1;
    s.tap_rows = rows * s.tap_columns <= TAPS_MOST ? rows : 1;
    return s;
}

static void begin(opencl_build *b, const char *kernel, const shape *s, int width,
                  const retune_tensor_desc *x, const retune_tensor_desc *x2,
                  const retune_tensor_desc *y) {
    const retune_convolution_attributes *a = &b->op->attributes.convolution;
    opencl_begin(b, "depthwise", kernel,
                 "-DGROUP=%d -DWIDTH=%d -DX_T=%s -DX2_T=%s -DY_T=%s -DSTRIP=%d -DTAP_ROWS=%d "
                 "-DTAP_COLUMNS=%d -DKERNEL_HEIGHT=%d -DKERNEL_WIDTH=%d -DSTRIDE_HEIGHT=%u "
                 "-DSTRIDE_WIDTH=%u -DDILATION_HEIGHT=%u -DDILATION_WIDTH=%u -DPAD_TOP=%u "
                 "-DPAD_LEFT=%u",
                 OPENCL_GROUP, width, opencl_type_name(x->dtype), opencl_type_name(x2->dtype),
                 opencl_type_name(y->dtype), (int)s->strip, (int)s->tap_rows, (int)s->tap_columns,
                 (int)s->kernel_height, (int)s->kernel_width, a->stride_height, a->stride_width,
                 a->dilation_height, a->dilation_width, a->pad_top, a->pad_left);
}

static void arg_sizes(opencl_build *b, const retune_tensor_desc *map,
                      const retune_tensor_desc *result) {
    opencl_arg_int(b, map->shape[1]);
    opencl_arg_int(b, map->shape[2]);
    opencl_arg_int(b, result->shape[1]);
    opencl_arg_int(b, result->shape[2]);
}

/* Strips of a row of `columns` elements, the first of which begins `lead` before it. */
static int64_t strip_count(const shape *s, int64_t columns, int64_t lead) {
    return (columns + lead + s->strip - 1) / s->strip;
}

/* Ends the launch of a kernel that writes the map y in strips. */
static void launch_strips(opencl_build *b, const retune_tensor_desc *y, int64_t strips, int width) {
    int64_t channels = opencl_channels(y) / width;
    int64_t count = y->shape[0] * y->shape[1] * strips * channels;
    opencl_arg_int(b, strips);
    opencl_arg_int(b, channels);
    opencl_arg_int(b, count);
    opencl_launch_items(b, count);
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* As in kernels/types.cl. */
enum { EPILOGUE_SCALE = 1, EPILOGUE_BIAS = 2 };

static void prepare_depthwise_conv2d(opencl_build *b) {
    const retune_tensor_desc *x = b->op->inputs[0], *y = b->op->outputs[0];
    shape s = shape_of(b->op, b->op->inputs[1]);
    int width = opencl_width(opencl_channels(x));
    begin(b, "depthwise_conv2d", &s, width, x, x, y);
    for (uint32_t slot = 0; slot <= 3; slot++)
        opencl_arg_input(b, slot);
    opencl_arg_output(b, 0);
    opencl_arg_int(b, (b->op->inputs[2] ? EPILOGUE_SCALE : 0) |
                          (b->op->inputs[3] ? EPILOGUE_BIAS : 0));
    opencl_arg_int(b, b->op->attributes.convolution.activation);
    arg_sizes(b, x, y);
    launch_strips(b, y, strip_count(&s, y->shape[2], 0), width);
}

/* ---- Gradient of the input ------------------------------------------------------------------ */

static void prepare_depthwise_conv2d_grad_input(opencl_build *b) {
    const retune_convolution_attributes *a = &b->op->attributes.convolution;
    const retune_tensor_desc *dz = b->op->inputs[0], *dx = b->op->outputs[0];
    shape s = shape_of(b->op, b->op->inputs[1]);
    int width = opencl_width(opencl_channels(dx));
    int64_t lead = s.strip % a->stride_width == 0 ? a->pad_left % a->stride_width : 0;
    begin(b, "depthwise_conv2d_grad_input", &s, width, dz, dz, dx);
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_output(b, 0);
    arg_sizes(b, dx, dz);
    launch_strips(b, dx, strip_count(&s, dx->shape[2], lead), width);
}

/* ---- Gradient of the weight ----------------------------------------------------------------- */

/* The rows of the sums are the strips of dz. */
static backend_reduction reduction_of(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    const retune_tensor_desc *dz = op->inputs[1];
    shape s = shape_of(op, op->outputs[0]);
    int64_t strips = dz->shape[0] * dz->shape[1] * strip_count(&s, dz->shape[2], 0);
    return opencl_reduction_of(device, strips, opencl_channels(dz));
}

/* A sum for each element of the window, and that of dz. */
static uint64_t grad_weight_workspace(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    const retune_tensor_desc *dw = op->outputs[0];
    backend_reduction r = reduction_of(device, op);
    return backend_reduction_bytes(&r, dw->shape[0] * dw->shape[1] + 1);
}

static void launch_blocks(opencl_build *b, const shape *s, const backend_reduction *r) {
    const retune_tensor_desc *x = b->op->inputs[0], *dz = b->op->inputs[1];
    int64_t parts = s->kernel_height / s->tap_rows * (s->kernel_width / s->tap_columns);
    begin(b, "depthwise_conv2d_grad_weight", s, r->width, x, dz, x);
    opencl_arg_input(b, 0);
    opencl_arg_input(b, 1);
    opencl_arg_workspace(b);
    arg_sizes(b, x, dz);
    opencl_arg_int(b, strip_count(s, dz->shape[2], 0));
    opencl_arg_int(b, r->channels);
    opencl_arg_int(b, r->columns);
    opencl_arg_int(b, r->block_rows);
    opencl_arg_int(b, r->row_blocks);
    opencl_arg_int(b, r->rows);
    opencl_launch_groups(b, parts * r->row_blocks * r->column_blocks);
}

static void launch_total(opencl_build *b, const shape *s, const backend_reduction *r) {
    const retune_tensor_desc *x = b->op->inputs[0], *dz = b->op->inputs[1];
    int64_t sums = s->kernel_height * s->kernel_width + (b->op->outputs[1] != NULL);
    begin(b, "depthwise_conv2d_grad_weight_total", s, r->width, x, dz, x);
    opencl_arg_workspace(b);
    opencl_arg_output(b, 0);
    opencl_arg_output(b, 1);
    opencl_arg_int(b, r->row_blocks);
    opencl_arg_int(b, r->channels);
    opencl_launch_groups(b, sums * r->channels);
}

static void prepare_depthwise_conv2d_grad_weight(opencl_build *b) {
    shape s = shape_of(b->op, b->op->outputs[0]);
    backend_reduction r = reduction_of(b->device, b->op);
    launch_blocks(b, &s, &r);
    launch_total(b, &s, &r);
}

const opencl_op opencl_op_depthwise_conv2d = {prepare_depthwise_conv2d, NULL, "depthwise_conv2d"};
const opencl_op opencl_op_depthwise_conv2d_grad_input = {prepare_depthwise_conv2d_grad_input, NULL,
                                                         "depthwise_conv2d_grad_input"};
const opencl_op opencl_op_depthwise_conv2d_grad_weight = {
    prepare_depthwise_conv2d_grad_weight, grad_weight_workspace,
    "depthwise_conv2d_grad_weight depthwise_conv2d_grad_weight_total"};
