#include "train/compare_walk.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/half.h"
#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/tolerance.h"
#include "model/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Both executables ---------------------------------------------------------------------- */

retune_status retune_compare_walk_open(retune_compare_walk *walk, const retune_plan *plan,
                                       retune_error *error) {
    walk->plan = plan;
    RETUNE_TRY(retune_allocate(plan->graph->node_count, sizeof *walk->times, "times of ops",
                               &walk->times, error));
    for (int s = 0; s < 2; s++) {
        const retune_session *session = &walk->sides[s].session;
        RETUNE_TRY(retune_executable_create(session->device, plan->graph, session->model,
                                            RETUNE_NO_VALUE, NULL, &walk->on[s], error));
    }
    return RETUNE_OK;
}

void retune_compare_walk_close(retune_compare_walk *walk) {
    for (int s = 0; s < 2; s++) {
        retune_executable_destroy(walk->on[s]);
        walk->on[s] = NULL;
    }
    free(walk->times);
    walk->times = NULL;
}

retune_status retune_compare_walk_write(retune_compare_walk *walk, int32_t value, const void *data,
                                        retune_error *error) {
    for (int s = 0; s < 2; s++)
        RETUNE_TRY(retune_executable_write_all(walk->on[s], value, data, error));
    return RETUNE_OK;
}

/* ---- Tensors on the host ------------------------------------------------------------------- */

typedef struct tensor {
    retune_tensor_desc desc;
    void *data; /* NULL: the slot is empty */
    size_t elements;
} tensor;

/* The tensors of one op: what went in, and what came out on each device. */
typedef struct op_tensors {
    tensor inputs[RETUNE_OP_TENSORS_MAX], outputs[2][RETUNE_OP_TENSORS_MAX];
} op_tensors;

static void free_tensors(op_tensors *tensors) {
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        free(tensors->inputs[slot].data);
        free(tensors->outputs[0][slot].data);
        free(tensors->outputs[1][slot].data);
    }
}

static retune_status read_tensor(const retune_compare_walk *walk, int s, int32_t value,
                                 tensor *out_tensor, retune_error *error) {
    if (value < 0)
        return RETUNE_OK;
    size_t bytes = 0;
    out_tensor->desc = walk->plan->graph->values[value].desc;
    RETUNE_TRY(retune_desc_bytes(&out_tensor->desc, &bytes, error));
    RETUNE_TRY(retune_desc_elements(&out_tensor->desc, &out_tensor->elements, error));
    RETUNE_TRY(retune_allocate(bytes, 1, "a tensor", &out_tensor->data, error));
    return retune_executable_read_all(walk->on[s], value, out_tensor->data, error);
}

static double element(const tensor *t, size_t i) {
    float value = 0.0f;
    switch ((retune_dtype)t->desc.dtype) {
    case RETUNE_F32:
        return (double)((const float *)t->data)[i];
    case RETUNE_F16:
        retune_half_to_float((const uint16_t *)t->data + i, &value, 1);
        return (double)value;
    case RETUNE_BF16: {
        uint32_t bits = (uint32_t)((const uint16_t *)t->data)[i] << 16;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    case RETUNE_U8:
        return (double)((const unsigned char *)t->data)[i];
    case RETUNE_I32:
        return (double)((const int32_t *)t->data)[i];
    }
    return 0.0;
}

static double largest_element(const tensor *t) {
    double largest = 0.0;
    for (size_t i = 0; t->data && i < t->elements; i++) {
        double magnitude = fabs(element(t, i));
        largest = isfinite(magnitude) ? fmax(largest, magnitude) : largest;
    }
    return largest;
}

/* ---- Judging ------------------------------------------------------------------------------- */

/* Two results that are each within their tolerance of the exact one are at most two of them apart.
 */
static retune_tolerance tolerance_of_two(const retune_op_desc *op, double magnitude) {
    retune_tolerance tolerance = retune_tolerance_of(op, magnitude);
    tolerance.absolute *= 2.0;
    tolerance.relative *= 2.0;
    return tolerance;
}

/* The largest error as a share of what is allowed, and the norm of all errors over that of what was
 * expected. */
static void compare_tensors(const retune_tolerance *tolerance, const tensor *expected,
                            const tensor *got, double *out_share, double *out_relative) {
    double share = 0.0, errors = 0.0, norm = 0.0;
    for (size_t i = 0; i < expected->elements; i++) {
        double a = element(expected, i), b = element(got, i);
        share = fmax(share, retune_tolerance_share(tolerance, a, b));
        errors += (b - a) * (b - a);
        norm += a * a;
    }
    *out_share = share;
    *out_relative = errors > 0.0 ? sqrt(errors / norm) : 0.0;
}

/* Compares every output and keeps the one furthest off. */
static void judge(const retune_compare_walk *walk, const retune_node *node,
                  const op_tensors *tensors, retune_compared_op *op) {
    retune_op_desc desc = retune_graph_describe(walk->plan->graph, node);
    retune_op_magnitudes largest = {.learning_rate = (double)walk->learning_rate};
    op->share = -1.0;
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        largest.inputs[slot] = largest_element(&tensors->inputs[slot]);
        largest.outputs[slot] = largest_element(&tensors->outputs[0][slot]);
    }
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        const tensor *a = &tensors->outputs[0][slot], *b = &tensors->outputs[1][slot];
        double share, relative;
        if (!a->data)
            continue;
        retune_tolerance tolerance =
            tolerance_of_two(&desc, retune_op_magnitude(&desc, slot, &largest));
        if (a->desc.dtype == RETUNE_I32) /* positions */
            tolerance = (retune_tolerance){0};
        compare_tensors(&tolerance, a, b, &share, &relative);
        if (share <= op->share)
            continue;
        op->share = share;
        op->relative_error = relative;
        op->desc = a->desc;
        retune_slot_name(retune_op_outputs(node->kind), slot, op->output);
    }
}

/* ---- Saving -------------------------------------------------------------------------------- */

enum { ENTRIES_MAX = 3 * RETUNE_OP_TENSORS_MAX, ENTRY_NAME_MAX = RETUNE_SLOT_NAME_MAX + 8 };

static void add_entries(const tensor *tensors, const char *prefix, const char *slots,
                        retune_safetensors_entry *entries, char (*names)[ENTRY_NAME_MAX],
                        size_t *count) {
    char slot_name[RETUNE_SLOT_NAME_MAX];
    for (uint32_t slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++) {
        if (!tensors[slot].data)
            continue;
        snprintf(names[*count], ENTRY_NAME_MAX, "%s/%s", prefix,
                 retune_slot_name(slots, slot, slot_name));
        entries[*count] =
            (retune_safetensors_entry){names[*count], tensors[slot].desc, tensors[slot].data};
        (*count)++;
    }
}

/* "gradient-conv_pw_13-conv2d_grad_weight.safetensors"; a layer may be "conv_pw_13/kernel". */
static retune_status tensor_path(const char *folder, const retune_compared_op *op, char **out_path,
                                 retune_error *error) {
    char *name = NULL;
    RETUNE_TRY(retune_format_text(&name, error, "%s-%s-%s.safetensors", op->part, op->layer,
                                  retune_op_name(op->kind)));
    for (char *c = name; *c; c++)
        if (*c == '/')
            *c = '.';
    retune_status status = retune_path_join(folder, name, out_path, error);
    free(name);
    return status;
}

/* input/x, input/weight, ... as both devices got them, a/y and b/y as they gave them. */
static retune_status save_tensors(retune_compare_walk *walk, const retune_compared_op *op,
                                  const op_tensors *tensors, retune_error *error) {
    retune_safetensors_entry entries[ENTRIES_MAX];
    char names[ENTRIES_MAX][ENTRY_NAME_MAX], *path = NULL;
    size_t count = 0;
    add_entries(tensors->inputs, "input", retune_op_inputs(op->kind), entries, names, &count);
    add_entries(tensors->outputs[0], "a", retune_op_outputs(op->kind), entries, names, &count);
    add_entries(tensors->outputs[1], "b", retune_op_outputs(op->kind), entries, names, &count);
    const retune_option metadata[] = {{"op", retune_op_name(op->kind)},
                                      {"layer", op->layer},
                                      {"part", op->part},
                                      {"a", walk->sides[0].session.device->info.id},
                                      {"b", walk->sides[1].session.device->info.id}};
    RETUNE_TRY(retune_folder_make(walk->save, error));
    RETUNE_TRY(tensor_path(walk->save, op, &path, error));
    retune_status status = retune_safetensors_write(path, metadata, 5, entries, count, error);
    if (status == RETUNE_OK)
        walk->comparison->tensors = path;
    else
        free(path);
    return status;
}

/* ---- Running ------------------------------------------------------------------------------- */

/* A node on one device; its time by the device's clock where it has one, else by the host's. */
static retune_status run_node(retune_compare_walk *walk, int s, size_t n, double *out_seconds,
                              retune_error *error) {
    double began = retune_clock_seconds();
    RETUNE_TRY(retune_executable_run(walk->on[s], (retune_range){n, n + 1}, walk->learning_rate,
                                     walk->step, error));
    RETUNE_TRY(retune_executable_wait(walk->on[s], error));
    *out_seconds = retune_clock_seconds() - began;
    if (!walk->sides[s].profiled)
        return RETUNE_OK;
    RETUNE_TRY(retune_executable_times(walk->on[s], walk->times, error));
    *out_seconds = 1e-9 * (double)walk->times[n];
    return RETUNE_OK;
}

/* Whether the op changes one of its inputs. */
static bool updates_in_place(const retune_node *node) {
    for (uint32_t slot = 0; slot < retune_slot_count(retune_op_outputs(node->kind)); slot++)
        if (retune_slot_in_place(node->kind, slot) >= 0)
            return true;
    return false;
}

/* The first run warms up, where the op can be run again and is quick enough for that to matter. */
#define SLOW_SECONDS 0.1
static retune_status run_both(retune_compare_walk *walk, size_t n, double seconds[2],
                              retune_error *error) {
    bool once = updates_in_place(&walk->plan->graph->nodes[n]);
    for (int s = 0; s < 2; s++) {
        RETUNE_TRY(run_node(walk, s, n, &seconds[s], error));
        if (!once && seconds[s] < SLOW_SECONDS)
            RETUNE_TRY(run_node(walk, s, n, &seconds[s], error));
    }
    return RETUNE_OK;
}

/* The next op gets a's output on both. */
static retune_status hand_on(retune_compare_walk *walk, const retune_node *node,
                             const op_tensors *tensors, retune_error *error) {
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        if (node->outputs[slot] >= 0)
            RETUNE_TRY(retune_executable_write_all(walk->on[1], node->outputs[slot],
                                                   tensors->outputs[0][slot].data, error));
    return RETUNE_OK;
}

static retune_status take_node(retune_compare_walk *walk, const char *part, size_t n,
                               op_tensors *tensors, retune_error *error) {
    const retune_node *node = &walk->plan->graph->nodes[n];
    retune_compared_op op = {
        .part = part, .layer = node->layer, .kind = node->kind, .images = walk->plan->batch};
    for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
        RETUNE_TRY(read_tensor(walk, 0, node->inputs[slot], &tensors->inputs[slot], error));
    RETUNE_TRY(run_both(walk, n, op.seconds, error));
    for (int s = 0; s < 2; s++)
        for (int slot = 0; slot < RETUNE_OP_TENSORS_MAX; slot++)
            RETUNE_TRY(
                read_tensor(walk, s, node->outputs[slot], &tensors->outputs[s][slot], error));
    judge(walk, node, tensors, &op);
    if (!(op.share <= 1.0) && walk->save && !walk->comparison->tensors)
        RETUNE_TRY(save_tensors(walk, &op, tensors, error));
    RETUNE_TRY(retune_comparison_add_op(walk->comparison, &op, walk->sides[0].outer, error));
    return hand_on(walk, node, tensors, error);
}

retune_status retune_compare_walk_run(retune_compare_walk *walk, const char *part,
                                      retune_range range, retune_error *error) {
    for (size_t n = range.begin; n < range.end; n++) {
        op_tensors tensors;
        memset(&tensors, 0, sizeof tensors);
        retune_status status = take_node(walk, part, n, &tensors, error);
        free_tensors(&tensors);
        if (status != RETUNE_OK)
            return status;
        RETUNE_TRY(retune_events_progress(walk->sides[0].outer, RETUNE_PHASE_COMPARE, 0,
                                          ++walk->done, walk->total, "ops", walk->began, error));
    }
    return RETUNE_OK;
}
