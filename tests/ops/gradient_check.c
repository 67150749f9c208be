#include "gradient_check.h"

#include "base/random.h"
#include "case_data.h"
#include "element.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Half the distance of the two points of a difference. The error of the formula falls with its
 * square, that of float64 grows with its inverse. */
#define HALF_STEP 1e-6

/* Where a tensor of one op comes from in terms of the other: an input or output slot, or else. */
enum { NONE, IN = 1, OUT = 10, COTANGENT = 20, TOTAL_WEIGHT, SCALE };

#define SLOTS 5

/* How a gradient op goes with its forward op. */
typedef struct gradient_rule {
    uint32_t gradient, forward;
    /* Slots of the gradient op whose descriptions the forward op's tensors share. */
    int inputs[SLOTS], outputs[SLOTS];
    /* What the gradient op is given: inputs and outputs of the forward op, or one of the above. */
    int given[SLOTS];
    /* Its outputs are derivatives by these inputs of the forward op. */
    int variables[SLOTS];
} gradient_rule;

static const gradient_rule rules[] = {
    {.gradient = RETUNE_OP_CONV2D_GRAD_INPUT,
     .forward = RETUNE_OP_CONV2D,
     .inputs = {OUT + 0, IN + 1},
     .outputs = {IN + 0},
     .given = {COTANGENT, IN + 1},
     .variables = {0}},
    {.gradient = RETUNE_OP_CONV2D_GRAD_WEIGHT,
     .forward = RETUNE_OP_CONV2D,
     .inputs = {IN + 0, OUT + 0, NONE, OUT + 1},
     .outputs = {IN + 1},
     .given = {IN + 0, COTANGENT},
     .variables = {1, 3}},
    {.gradient = RETUNE_OP_DEPTHWISE_CONV2D_GRAD_INPUT,
     .forward = RETUNE_OP_DEPTHWISE_CONV2D,
     .inputs = {OUT + 0, IN + 1},
     .outputs = {IN + 0},
     .given = {COTANGENT, IN + 1},
     .variables = {0}},
    {.gradient = RETUNE_OP_DEPTHWISE_CONV2D_GRAD_WEIGHT,
     .forward = RETUNE_OP_DEPTHWISE_CONV2D,
     .inputs = {IN + 0, OUT + 0, NONE, OUT + 1},
     .outputs = {IN + 1},
     .given = {IN + 0, COTANGENT},
     .variables = {1, 3}},
    {.gradient = RETUNE_OP_ACTIVATION_GRAD,
     .forward = RETUNE_OP_ACTIVATION,
     .inputs = {IN + 0},
     .outputs = {IN + 1},
     .given = {COTANGENT, OUT + 0, SCALE},
     .variables = {0}},
    {.gradient = RETUNE_OP_BATCH_NORM_GRAD,
     .forward = RETUNE_OP_BATCH_NORM,
     .inputs = {IN + 0, IN + 2, IN + 2, IN + 2, IN + 2},
     .outputs = {IN + 0, IN + 2, IN + 2, IN + 2, IN + 2},
     .given = {IN + 0, COTANGENT, IN + 1, OUT + 1, OUT + 2},
     .variables = {0, 1, 2}},
    {.gradient = RETUNE_OP_POOL_GRAD,
     .forward = RETUNE_OP_POOL,
     .inputs = {OUT + 0},
     .outputs = {IN + 0, IN + 1},
     .given = {COTANGENT, OUT + 1},
     .variables = {0}},
    {.gradient = RETUNE_OP_SOFTMAX_CROSS_ENTROPY_GRAD,
     .forward = RETUNE_OP_SOFTMAX_CROSS_ENTROPY,
     .inputs = {IN + 0, IN + 1, IN + 2},
     .outputs = {IN + 0, IN + 2},
     .given = {OUT + 0, IN + 1, IN + 2, TOTAL_WEIGHT},
     .variables = {0}},
};

/* A gradient op and its forward op at one point. */
typedef struct point {
    const gradient_rule *rule;
    const op_case *gradient;
    op_case forward;
    case_data forward_data; /* the point, and the forward op's outputs there */
    double *cotangent;      /* the scalar function is the sum of outputs times this */
    double *scale;          /* NULL, or what the epilogue multiplies by, per channel */
    double total_weight;    /* of the samples of a loss */
} point;

static retune_tensor_desc desc_from(const op_case *gradient, int source) {
    if (source == NONE)
        return (retune_tensor_desc){0};
    return source >= OUT ? gradient->outputs[source - OUT] : gradient->inputs[source - IN];
}

static double *random_values(size_t count, uint64_t seed, uint64_t stream) {
    retune_random random = retune_random_make(seed, stream);
    double *values = elements_allocate(count);
    for (size_t i = 0; i < count; i++)
        values[i] = 2 * (double)retune_random_unit(&random) - 1;
    return values;
}

static void point_make(const gradient_rule *rule, const op_case *gradient, point *out_point) {
    *out_point = (point){.rule = rule, .gradient = gradient};
    op_case *forward = &out_point->forward;
    *forward = (op_case){
        .kind = rule->forward, .attributes = gradient->attributes, .seed = gradient->seed};
    for (int s = 0; s < SLOTS; s++) {
        forward->inputs[s] = desc_from(gradient, rule->inputs[s]);
        forward->outputs[s] = desc_from(gradient, rule->outputs[s]);
    }
    case_data_make(forward, &out_point->forward_data);
    out_point->cotangent = random_values(desc_count(&forward->outputs[0]), gradient->seed, 100);
    for (uint32_t i = 0; i < SLOTS; i++)
        if (rule->given[i] == SCALE && gradient->inputs[i].rank)
            out_point->scale = random_values(desc_count(&gradient->inputs[i]), gradient->seed, 101);
    for (size_t n = 0; n < desc_count(&forward->inputs[2]); n++)
        out_point->total_weight += out_point->forward_data.inputs[2][n];
}

static void point_free(point *p) {
    case_data_free(&p->forward_data);
    free(p->cotangent);
    free(p->scale);
}

/* The scalar function with one input replaced: the mean loss, or the sum of outputs times
 * cotangent.
 */
static double evaluate(const point *p, int variable, const double *values) {
    const bool is_loss = p->forward.kind == RETUNE_OP_SOFTMAX_CROSS_ENTROPY;
    const double *inputs[RETUNE_OP_TENSORS_MAX];
    double *outputs[RETUNE_OP_TENSORS_MAX], sum = 0;
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        const size_t count = desc_count(&p->forward.outputs[s]);
        inputs[s] = (int)s == variable ? values : p->forward_data.inputs[s];
        outputs[s] = count ? elements_allocate(count) : NULL;
    }
    const retune_op_desc desc = op_case_describe(&p->forward);
    const retune_run_args args = {.struct_size = sizeof args};
    reference_run(&desc, inputs, outputs, &args);
    for (size_t i = 0; i < desc_count(&p->forward.outputs[is_loss]); i++)
        sum += is_loss ? outputs[1][i] / p->total_weight : outputs[0][i] * p->cotangent[i];
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
        free(outputs[s]);
    return sum;
}

/* Runs the gradient op; free the arrays. */
static void run_gradient(const point *p, double *out_gradients[RETUNE_OP_TENSORS_MAX]) {
    const double *inputs[RETUNE_OP_TENSORS_MAX] = {NULL};
    for (uint32_t i = 0; i < SLOTS; i++) {
        const int given = p->rule->given[i];
        if (!p->gradient->inputs[i].rank)
            continue;
        inputs[i] = given == COTANGENT      ? p->cotangent
                    : given == TOTAL_WEIGHT ? &p->total_weight
                    : given == SCALE        ? p->scale
                    : given >= OUT          ? p->forward_data.outputs[given - OUT]
                                            : p->forward_data.inputs[given - IN];
    }
    for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
        const size_t count = desc_count(&p->gradient->outputs[s]);
        out_gradients[s] = count ? elements_allocate(count) : NULL;
    }
    const retune_op_desc desc = op_case_describe(p->gradient);
    const retune_run_args args = {.struct_size = sizeof args};
    reference_run(&desc, inputs, out_gradients, &args);
}

static gradient_slope slope_of(const point *p, uint32_t output, const double *gradient) {
    gradient_slope slope = {.name = op_info_of(p->gradient->kind)->outputs[output].name};
    const int variable = p->rule->variables[output];
    const size_t count = desc_count(&p->forward.inputs[variable]);
    const size_t channels = p->scale ? desc_count(&p->gradient->inputs[2]) : 1;
    const double *at = p->forward_data.inputs[variable];
    double *direction = random_values(count, p->gradient->seed, 200 + output);
    double *before = elements_allocate(count), *after = elements_allocate(count);
    for (size_t i = 0; i < count; i++) {
        /* x = scale * z, and the gradient is by z. */
        const double step = HALF_STEP * direction[i] * (p->scale ? p->scale[i % channels] : 1);
        slope.analytic += gradient[i] * direction[i];
        slope.magnitude += fabs(gradient[i] * direction[i]);
        before[i] = at[i] - step;
        after[i] = at[i] + step;
    }
    slope.numeric =
        (evaluate(p, variable, after) - evaluate(p, variable, before)) / (2 * HALF_STEP);
    free(direction);
    free(before);
    free(after);
    return slope;
}

size_t gradient_check(const op_case *op, gradient_slope out_slopes[RETUNE_OP_TENSORS_MAX]) {
    size_t count = 0;
    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
        point p;
        double *gradients[RETUNE_OP_TENSORS_MAX];
        if (rules[r].gradient != op->kind)
            continue;
        point_make(&rules[r], op, &p);
        run_gradient(&p, gradients);
        for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++) {
            if (gradients[s])
                out_slopes[count++] = slope_of(&p, s, gradients[s]);
            free(gradients[s]);
        }
        point_free(&p);
    }
    return count;
}
