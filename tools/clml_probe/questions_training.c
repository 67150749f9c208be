/* What ops of training take, and what they compute. */
#include "questions.h"

#include "status.h"

#include <stdio.h>

static const clml_activation_desc relu6 = {CLML_RELU6, CLML_PROPAGATE_NAN, CLML_FP32};

static clml_pooling_desc pooling_desc(cl_uint mode, cl_uint window) {
    return (clml_pooling_desc){.mode = mode,
                               .dimensions = 4,
                               .stride = {1, 1, 1},
                               .window = {window, window, 1},
                               .nan_mode = CLML_PROPAGATE_NAN,
                               .arithmetic = CLML_FP32};
}

/* ---- Batches -------------------------------------------------------------------------------- */

static void print_code(const char *question, cl_int code) {
    if (code == CL_SUCCESS)
        printf("%-28s taken\n", question);
    else
        printf("%-28s refused (%d)\n", question, code);
}

void ask_batches(const probe *on) {
    const clml_convolution_desc conv = convolution_desc(CLML_CONVOLUTION, 1);
    const clml_pooling_desc pool = pooling_desc(CLML_POOL_AVERAGE_EXCLUDING, 4);
    const clml_softmax_desc softmax = {CLML_SOFTMAX_ACCURATE, CLML_SOFTMAX_SPATIAL, CLML_FP32};
    trial t = trial_begin(on);
    clml_tensor_handle x = trial_handle(&t, trial_tensor_make(&t, (clml_shape){2, 4, 4, 4}));
    clml_tensor_handle w = trial_handle(&t, trial_tensor_make(&t, (clml_shape){5, 4, 3, 3}));
    clml_tensor_handle dw = trial_handle(&t, trial_tensor_make(&t, (clml_shape){5, 4, 3, 3}));
    clml_tensor_handle y = trial_handle(&t, trial_tensor_make(&t, (clml_shape){2, 5, 2, 2}));
    clml_tensor_handle like_x = trial_handle(&t, trial_tensor_make(&t, (clml_shape){2, 4, 4, 4}));
    clml_tensor_handle pooled = trial_handle(&t, trial_tensor_make(&t, (clml_shape){2, 4, 1, 1}));
    clml_tensor_handle p = trial_handle(&t, trial_tensor_make(&t, (clml_shape){2, 4, 1, 1}));
    cl_int codes[6];
    clml_op_handle ops[6] = {NULL};
    if (trial_answers(&t, "batch of 2")) {
        const clml_table *ml = on->ml;
        codes[0] =
            ml->convolution(on->context, training, &conv, x, w, on->unused, y, &ops[0], NULL);
        codes[1] = ml->convolution_param_gradients(on->context, training, &conv, x, y, dw,
                                                   on->unused, w, on->unused, &ops[1], NULL);
        codes[2] =
            ml->convolution_backward(on->context, training, &conv, y, w, like_x, &ops[2], NULL);
        codes[3] =
            ml->activation(on->context, training, &relu6, x, on->unused, like_x, &ops[3], NULL);
        codes[4] = ml->pooling(on->context, training, &pool, x, on->unused, pooled, &ops[4], NULL);
        codes[5] = ml->softmax(on->context, training, &softmax, pooled, p, &ops[5], NULL);
        static const char *const questions[] = {
            "batch of 2: convolution", "batch of 2: its parameters", "batch of 2: its backward",
            "batch of 2: activation",  "batch of 2: pooling",        "batch of 2: softmax"};
        for (int n = 0; n < 6; n++) {
            print_code(questions[n], codes[n]);
            if (ops[n])
                ml->release_op(ops[n]);
        }
    }
    trial_end(&t);
}

/* ---- Gradients of parameters ---------------------------------------------------------------- */

/* x = 2, dz = 3, so dw = 6 and dbias = 3; run twice. */
void ask_param_gradients(const probe *on) {
    const char *question = "parameter gradients";
    const clml_convolution_desc desc = convolution_desc(CLML_CONVOLUTION, 1);
    const clml_shape one = {1, 1, 1, 1};
    const float two = 2, three = 3, zero = 0;
    float dw = 0, dbias = 0;
    clml_op_handle op = NULL;
    trial t = trial_begin(on);
    size_t tensors[6];
    for (int n = 0; n < 6; n++)
        tensors[n] = trial_tensor_make(&t, one);
    cl_int code = on->ml->convolution_param_gradients(
        on->context, training, &desc, trial_handle(&t, tensors[0]), trial_handle(&t, tensors[1]),
        trial_handle(&t, tensors[2]), trial_handle(&t, tensors[3]), trial_handle(&t, tensors[4]),
        trial_handle(&t, tensors[5]), &op, NULL);
    trial_op(&t, code, &op, "parameter gradients");
    trial_ready(&t);
    trial_write(&t, tensors[0], &two);
    trial_write(&t, tensors[1], &three);
    for (int n = 2; n < 6; n++)
        trial_write(&t, tensors[n], &zero);
    trial_run(&t, 0);
    trial_run(&t, 0);
    trial_read(&t, tensors[2], &dw);
    trial_read(&t, tensors[3], &dbias);
    if (trial_answers(&t, question))
        printf("%-28s %s (6 and 3 became %g and %g)\n", question,
               near(dw, 6) && near(dbias, 3)    ? "overwrite"
               : near(dw, 12) && near(dbias, 6) ? "accumulate"
                                                : "neither overwrite nor accumulate",
               (double)dw, (double)dbias);
    trial_end(&t);
}

/* ---- Gradients of maps ---------------------------------------------------------------------- */

/* A map of 5 x 5, taps of 1 to 9, stride 2, a gradient of ones: each place sums the taps that reach
 * it. */
void ask_depthwise_backward(const probe *on) {
    const char *question = "depthwise, stride 2, back";
    const clml_convolution_desc desc = convolution_desc(CLML_DEPTHWISE, 2);
    float weight[9], dz[4] = {1, 1, 1, 1}, dx[25] = {0}, expected[25] = {0};
    clml_op_handle op = NULL;
    trial t = trial_begin(on);
    size_t g = trial_tensor_make(&t, (clml_shape){1, 1, 2, 2});
    size_t w = trial_tensor_make(&t, (clml_shape){1, 1, 3, 3});
    size_t x = trial_tensor_make(&t, (clml_shape){1, 1, 5, 5});
    trial_op(&t,
             on->ml->convolution_backward(on->context, training, &desc, trial_handle(&t, g),
                                          trial_handle(&t, w), trial_handle(&t, x), &op, NULL),
             &op, "convolution backward");
    for (int i = 0; i < 9; i++)
        weight[i] = (float)(i + 1);
    for (int o = 0; o < 4; o++)
        for (int i = 0; i < 9; i++)
            expected[(o / 2 * 2 + i / 3) * 5 + o % 2 * 2 + i % 3] += weight[i];
    trial_ready(&t);
    trial_write(&t, g, dz);
    trial_write(&t, w, weight);
    trial_run(&t, 0);
    trial_read(&t, x, dx);
    bool right = true;
    for (int i = 0; i < 25; i++)
        right = right && near(dx[i], expected[i]);
    if (trial_answers(&t, question))
        printf("%-28s %s\n", question, right ? "right" : "wrong");
    trial_end(&t);
}

/* The average of 2 x 2, and its gradient. */
static void ask_average_pool(const probe *on, const char *question, cl_uint mode) {
    const clml_pooling_desc desc = pooling_desc(mode, 2);
    const float x[4] = {1, 2, 3, 6}, dy = 8;
    float y = 0, dx[4] = {0};
    clml_op_handle ops[2] = {NULL, NULL};
    trial t = trial_begin(on);
    size_t map = trial_tensor_make(&t, (clml_shape){1, 1, 2, 2});
    size_t result = trial_tensor_make(&t, (clml_shape){1, 1, 1, 1});
    size_t gradient = trial_tensor_make(&t, (clml_shape){1, 1, 1, 1});
    size_t back = trial_tensor_make(&t, (clml_shape){1, 1, 2, 2});
    trial_op(&t,
             on->ml->pooling(on->context, training, &desc, trial_handle(&t, map), on->unused,
                             trial_handle(&t, result), &ops[0], NULL),
             &ops[0], "pooling");
    trial_op(&t,
             on->ml->pooling_backward(on->context, training, &desc, trial_handle(&t, gradient),
                                      on->unused, trial_handle(&t, back), &ops[1], NULL),
             &ops[1], "pooling backward");
    trial_ready(&t);
    trial_write(&t, map, x);
    trial_write(&t, gradient, &dy);
    trial_run(&t, 0);
    trial_run(&t, 1);
    trial_read(&t, result, &y);
    trial_read(&t, back, dx);
    bool right = near(dx[0], 2) && near(dx[1], 2) && near(dx[2], 2) && near(dx[3], 2);
    if (trial_answers(&t, question))
        printf("%-28s forward %s, backward %s\n", question, near(y, 3) ? "right" : "wrong",
               right ? "right" : "wrong");
    trial_end(&t);
}

void ask_average_pools(const probe *on) {
    ask_average_pool(on, "average pool, whole window", CLML_POOL_AVERAGE_EXCLUDING);
    ask_average_pool(on, "global average pool", CLML_POOL_GLOBAL_AVERAGE);
}

/* ---- Activations ---------------------------------------------------------------------------- */

void ask_kinks(const probe *on) {
    const char *question = "slope of relu6 at 0 and 6";
    const float x[4] = {-1, 0, 3, 6}, dy[4] = {1, 1, 1, 1};
    float dx[4] = {0};
    clml_op_handle op = NULL;
    trial t = trial_begin(on);
    size_t in = trial_tensor_make(&t, (clml_shape){1, 4, 1, 1});
    size_t grad = trial_tensor_make(&t, (clml_shape){1, 4, 1, 1});
    size_t out = trial_tensor_make(&t, (clml_shape){1, 4, 1, 1});
    trial_op(&t,
             on->ml->activation_backward(on->context, training, &relu6, trial_handle(&t, in),
                                         trial_handle(&t, grad), on->unused, trial_handle(&t, out),
                                         &op, NULL),
             &op, "activation backward");
    trial_ready(&t);
    trial_write(&t, in, x);
    trial_write(&t, grad, dy);
    trial_run(&t, 0);
    trial_read(&t, out, dx);
    if (trial_answers(&t, question))
        printf("%-28s %g and %g; %g below, %g between\n", question, (double)dx[1], (double)dx[3],
               (double)dx[0], (double)dx[2]);
    trial_end(&t);
}

/* A convolution by 1 with relu6 behind it, the activation's parameter being none at all. */
void ask_fused(const probe *on) {
    const char *question = "fused convolution and relu6";
    const clml_convolution_desc desc = convolution_desc(CLML_CONVOLUTION, 1);
    const clml_shape one = {1, 1, 1, 1};
    const float nine = 9, weight = 1, zero = 0;
    float y = 0;
    clml_op_handle op = NULL;
    trial t = trial_begin(on);
    size_t x = trial_tensor_make(&t, one), w = trial_tensor_make(&t, one);
    size_t bias = trial_tensor_make(&t, one), out = trial_tensor_make(&t, one);
    trial_op(&t,
             on->ml->fused_convolution_activation(
                 on->context, training, &desc, &relu6, trial_handle(&t, x), trial_handle(&t, w),
                 trial_handle(&t, bias), NULL, trial_handle(&t, out), &op, NULL),
             &op, "the fused op");
    trial_ready(&t);
    trial_write(&t, x, &nine);
    trial_write(&t, w, &weight);
    trial_write(&t, bias, &zero);
    trial_run(&t, 0);
    trial_read(&t, out, &y);
    if (trial_answers(&t, question))
        printf("%-28s %s\n", question, near(y, 6) ? "right" : "wrong");
    trial_end(&t);
}
