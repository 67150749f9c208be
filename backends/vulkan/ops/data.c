/* gather and cast: copies that may change the element type. */
#include "ops.h"

#include <stdbool.h>

/* Elements of a type in a word of 4 bytes. */
static int64_t word_elements(uint32_t dtype) {
    switch (dtype) {
    case RETUNE_U8:
        return 4;
    case RETUNE_F16:
    case RETUNE_BF16:
        return 2;
    default:
        return 1;
    }
}

static bool keeps_type(const retune_op_desc *op) {
    return op->inputs[0]->dtype == op->outputs[0]->dtype;
}

/* ---- Gather --------------------------------------------------------------------------------- */

/* `constant` is the WIDTH or PACKED of the shader; `row` is in its unit. */
static void begin_gather(vulkan_build *b, const char *shader, int64_t constant, int64_t row) {
    int64_t rows = b->op->inputs[0]->shape[0];
    vulkan_begin(b, shader);
    vulkan_constant(b, constant);
    vulkan_input(b, 0);
    vulkan_input(b, 1);
    vulkan_output(b, 0);
    vulkan_push_int(b, rows < INT32_MAX ? rows : INT32_MAX); /* an index's reach */
    vulkan_push_int(b, row);
}

static void dispatch(vulkan_build *b, int64_t count) {
    vulkan_push_int(b, count);
    vulkan_dispatch_items(b, count);
}

static void prepare_gather(vulkan_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int64_t row = vulkan_elements(y) / y->shape[0], packed = word_elements(y->dtype);
    if (keeps_type(b->op) && row % packed != 0) {
        begin_gather(b, "gather_packed", packed, row);
        vulkan_push_int(b, vulkan_elements(y));
        dispatch(b, (vulkan_elements(y) + packed - 1) / packed);
        return;
    }
    int64_t units = keeps_type(b->op) ? row / packed : row; /* words or elements */
    int width = vulkan_width(units);
    begin_gather(b, keeps_type(b->op) ? "gather_words" : "gather", width, units / width);
    dispatch(b, y->shape[0] * (units / width));
}

/* ---- Cast ----------------------------------------------------------------------------------- */

static void prepare_cast(vulkan_build *b) {
    const retune_tensor_desc *y = b->op->outputs[0];
    int64_t packed = keeps_type(b->op) ? word_elements(y->dtype) : 1;
    int64_t units = (vulkan_elements(y) + packed - 1) / packed; /* words or elements */
    int width = vulkan_width(units);
    vulkan_begin(b, keeps_type(b->op) ? "copy_words" : "cast");
    vulkan_constant(b, width);
    vulkan_input(b, 0);
    vulkan_output(b, 0);
    dispatch(b, units / width);
}

const vulkan_op vulkan_op_gather = {prepare_gather, NULL, "gather gather_words gather_packed"};
const vulkan_op vulkan_op_cast = {prepare_cast, NULL, "cast copy_words"};
