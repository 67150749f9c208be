/* depthwise_conv2d and its gradients. */
#include "groups.h"
#include "ops.h"

/* How the shaders are specialised for a window; shaders/depthwise.comp says what the numbers mean.
 */
typedef struct shape {
    int64_t kernel_height, kernel_width;
    int64_t strip;
    int64_t tap_rows, tap_columns;
    bool is_large;
} shape;

/* Outputs of a strip, loaded inputs that it may take, elements of a window and columns it may span
 * up to which loops over it are unrolled, and elements that a work group sums at a time. */
enum { STRIP = 4, STRIP_COLUMNS_MOST = 16, WINDOW_MOST = 25, SPAN_MOST = 32, TAPS_MOST = 9 };

static shape shape_of(const retune_op_desc *op, const retune_tensor_desc *weight) {
    const retune_convolution_attributes *a = &op->attributes.convolution;
    int64_t rows = weight->shape[0], columns = weight->shape[1], stride = a->stride_width;
    int64_t span = (columns - 1) * a->dilation_width + 1;
    shape s = {.kernel_height = rows, .kernel_width = columns};
    s.is_large = rows * columns > WINDOW_MOST || span > SPAN_MOST;
    s.strip = STRIP / stride * stride;
    if (s.strip == 0 || (s.strip - 1) * stride + span > STRIP_COLUMNS_MOST || s.is_large)
        s.strip = 1;
    s.tap_columns = columns <= TAPS_MOST ? columns : 1;
    s.tap_rows = rows * s.tap_columns <= TAPS_MOST ? rows : 1;
    return s;
}

static void begin(vulkan_build *b, const char *shader, const shape *s, int width) {
    const retune_convolution_attributes *a = &b->op->attributes.convolution;
    vulkan_begin(b, shader);
    vulkan_constant(b, width);
    vulkan_constant(b, s->kernel_height);
    vulkan_constant(b, s->kernel_width);
    vulkan_constant(b, a->stride_height);
    vulkan_constant(b, a->stride_width);
    vulkan_constant(b, a->dilation_height);
    vulkan_constant(b, a->dilation_width);
    vulkan_constant(b, a->pad_top);
    vulkan_constant(b, a->pad_left);
    vulkan_constant(b, s->strip);
    vulkan_constant(b, s->tap_rows);
    vulkan_constant(b, s->tap_columns);
}

static void push_sizes(vulkan_build *b, const retune_tensor_desc *map,
                       const retune_tensor_desc *result) {
    vulkan_push_int(b, map->shape[1]);
    vulkan_push_int(b, map->shape[2]);
    vulkan_push_int(b, result->shape[1]);
    vulkan_push_int(b, result->shape[2]);
}

/* Strips of a row of `columns` elements, the first of which begins `lead` before it. */
static int64_t strip_count(const shape *s, int64_t columns, int64_t lead) {
    return (columns + lead + s->strip - 1) / s->strip;
}

/* Ends the dispatch of a shader that writes the map y in strips. */
static void dispatch_strips(vulkan_build *b, const retune_tensor_desc *y, int64_t strips,
                            int width) {
    int64_t channels = vulkan_channels(y) / width;
    int64_t count = y->shape[0] * y->shape[1] * strips * channels;
    vulkan_push_int(b, strips);
    vulkan_push_int(b, channels);
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

/* ---- Forward -------------------------------------------------------------------------------- */

/* As in shaders/types.glsl. */
enum { EPILOGUE_SCALE = 1, EPILOGUE_BIAS = 2 };

static void prepare_depthwise_conv2d(vulkan_build *b) {
    const retune_tensor_desc *x = b->op->inputs[0], *y = b->op->outputs[0];
    shape s = shape_of(b->op, b->op->inputs[1]);
    int width = vulkan_width(vulkan_channels(x));
    begin(b, s.is_large ? "depthwise_conv2d_large" : "depthwise_conv2d", &s, width);
    for (uint32_t slot = 0; slot <= 3; slot++)
        vulkan_input(b, slot);
    vulkan_output(b, 0);
    vulkan_push_int(b, (b->op->inputs[2] ? EPILOGUE_SCALE : 0) |
                           (b->op->inputs[3] ? EPILOGUE_BIAS : 0));
    vulkan_push_int(b, b->op->attributes.convolution.activation);
    push_sizes(b, x, y);
    dispatch_strips(b, y, strip_count(&s, y->shape[2], 0), width);
}

/* ---- Gradient of the input ------------------------------------------------------------------ */

static void prepare_depthwise_conv2d_grad_input(vulkan_build *b) {
    const retune_convolution_attributes *a = &b->op->attributes.convolution;
    const retune_tensor_desc *dz = b->op->inputs[0], *dx = b->op->outputs[0];
    shape s = shape_of(b->op, b->op->inputs[1]);
    int width = vulkan_width(vulkan_channels(dx));
    int64_t lead = s.strip % a->stride_width == 0 ? a->pad_left % a->stride_width : 0;
    begin(b, s.is_large ? "depthwise_conv2d_grad_input_large" : "depthwise_conv2d_grad_input", &s,
          width);
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_output(b, 0);
    push_sizes(b, dx, dz);
    dispatch_strips(b, dx, strip_count(&s, dx->shape[2], lead), width);
}

/* ---- Gradient of the weight ----------------------------------------------------------------- */

/* The rows of the sums are the strips of dz. */
static backend_reduction reduction_of(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    const retune_tensor_desc *dz = op->inputs[1];
    shape s = shape_of(op, op->outputs[0]);
    int64_t strips = dz->shape[0] * dz->shape[1] * strip_count(&s, dz->shape[2], 0);
    return vulkan_reduction_of(device, strips, vulkan_channels(dz));
}

/* A sum for each element of the window, and that of dz. */
static uint64_t grad_weight_workspace(const retune_backend_device *device,
                                      const retune_op_desc *op) {
    const retune_tensor_desc *dw = op->outputs[0];
    backend_reduction r = reduction_of(device, op);
    return backend_reduction_bytes(&r, dw->shape[0] * dw->shape[1] + 1);
}

static void dispatch_blocks(vulkan_build *b, const shape *s, const backend_reduction *r) {
    const retune_tensor_desc *x = b->op->inputs[0], *dz = b->op->inputs[1];
    int64_t parts = s->kernel_height / s->tap_rows * (s->kernel_width / s->tap_columns);
    begin(b, "depthwise_conv2d_grad_weight", s, r->width);
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_workspace(b);
    push_sizes(b, x, dz);
    vulkan_push_int(b, strip_count(s, dz->shape[2], 0));
    vulkan_push_int(b, r->channels);
    vulkan_push_int(b, r->columns);
    vulkan_push_int(b, r->block_rows);
    vulkan_push_int(b, r->row_blocks);
    vulkan_push_int(b, r->rows);
    vulkan_dispatch_groups(b, parts * r->row_blocks * r->column_blocks);
}

static void dispatch_total(vulkan_build *b, const shape *s, const backend_reduction *r) {
    int64_t sums = s->kernel_height * s->kernel_width + (b->op->outputs[1] != NULL);
    begin(b, "depthwise_conv2d_grad_weight_total", s, r->width);
    vulkan_workspace(b);
    vulkan_output(b, 0);
    vulkan_output(b, 1);
    vulkan_push_int(b, r->row_blocks);
    vulkan_push_int(b, r->channels);
    vulkan_dispatch_groups(b, sums * r->channels);
}

static void prepare_depthwise_conv2d_grad_weight(vulkan_build *b) {
    shape s = shape_of(b->op, b->op->outputs[0]);
    backend_reduction r = reduction_of(b->device, b->op);
    dispatch_blocks(b, &s, &r);
    dispatch_total(b, &s, &r);
}

const vulkan_op vulkan_op_depthwise_conv2d = {prepare_depthwise_conv2d, NULL,
                                              "depthwise_conv2d depthwise_conv2d_large"};
const vulkan_op vulkan_op_depthwise_conv2d_grad_input = {
    prepare_depthwise_conv2d_grad_input, NULL,
    "depthwise_conv2d_grad_input depthwise_conv2d_grad_input_large"};
const vulkan_op vulkan_op_depthwise_conv2d_grad_weight = {
    prepare_depthwise_conv2d_grad_weight, grad_weight_workspace,
    "depthwise_conv2d_grad_weight depthwise_conv2d_grad_weight_total"};
