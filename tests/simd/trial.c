#include "trial.h"
#include "desc.h"

#include "op_check.h"
#include "op_slots.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { GUARD = 256 };
static const unsigned char guard_byte = 0xA5;

/* Two of the counts divide no work evenly. */
static const int thread_counts[] = {1, 2, 3, 7};

/* ---- Random numbers ------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static uint32_t random_bits(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 32);
}

static float random_float(void) {
    return (float)(random_bits() >> 8) / 8388608.0f - 1.0f;
}

/* ---- Tensors -------------------------------------------------------------------------------- */

/* Bytes with a guard behind them that take_back checks. */
static char *take(size_t bytes) {
    char *memory = aligned_alloc(64, (bytes + GUARD + 63) / 64 * 64);
    cr_assert_not_null(memory);
    memset(memory + bytes, guard_byte, GUARD);
    return memory;
}

static void take_back(char *memory, size_t bytes, const char *what) {
    for (size_t n = 0; n < GUARD; n++)
        cr_assert_eq((unsigned char)memory[bytes + n], guard_byte, "%s: wrote %zu bytes beyond",
                     what, n + 1);
    free(memory);
}

static int64_t count_of(const retune_tensor_desc *desc) {
    int64_t count = 1;
    for (uint32_t d = 0; d < desc->rank; d++)
        count *= desc->shape[d];
    return count;
}

static void describe(trial_tensor *tensor, retune_dtype dtype, const int64_t *shape) {
    tensor->desc =
        (retune_tensor_desc){.struct_size = sizeof tensor->desc, .dtype = (uint32_t)dtype};
    while (shape[tensor->desc.rank] != 0) {
        tensor->desc.shape[tensor->desc.rank] = shape[tensor->desc.rank];
        tensor->desc.rank++;
    }
    char reason[128];
    cr_assert(backend_desc_check(&tensor->desc, &tensor->bytes, reason, sizeof reason), "%s",
              reason);
    tensor->data = take(tensor->bytes);
    memset(tensor->data, 0x7f, tensor->bytes);
}

void trial_input(trial *t, uint32_t slot, retune_dtype dtype, int32_t limit, const int64_t *shape) {
    trial_tensor *tensor = &t->inputs[slot];
    describe(tensor, dtype, shape);
    for (size_t n = 0; n < tensor->bytes; n++)
        tensor->data[n] = (char)random_bits();
    for (int64_t n = 0; dtype == RETUNE_F32 && n < count_of(&tensor->desc); n++)
        ((float *)(void *)tensor->data)[n] = random_float();
    for (int64_t n = 0; dtype == RETUNE_I32 && n < count_of(&tensor->desc); n++)
        ((int32_t *)(void *)tensor->data)[n] = (int32_t)(random_bits() % (uint32_t)limit);
}

void trial_output(trial *t, uint32_t slot, retune_dtype dtype, const int64_t *shape) {
    describe(&t->outputs[slot], dtype, shape);
}

void trial_poison(trial *t, uint32_t slot) {
    static const float values[] = {NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 6.0f};
    trial_tensor *tensor = &t->inputs[slot];
    int64_t count = count_of(&tensor->desc);
    for (int64_t n = 0; n < 1 + count / 16; n++)
        ((float *)(void *)tensor->data)[random_bits() % count] = values[random_bits() % 6];
}

trial trial_begin(retune_op_kind kind) {
    return (trial){.op = {.struct_size = sizeof(retune_op_desc), .kind = (uint32_t)kind},
                   .terms = 1};
}

/* ---- Running -------------------------------------------------------------------------------- */

static const char *title(const trial *t, const cpu_kernel_set *set, int threads) {
    static char text[512];
    int used = snprintf(text, sizeof text, "%s on %s, %d threads, attributes",
                        backend_op_name(t->op.kind), set->name, threads);
    for (int n = 0; n < 9; n++)
        used += snprintf(text + used, sizeof text - (size_t)used, " %u", t->op.attributes.words[n]);
    for (int n = 0; n < 2 * RETUNE_OP_TENSORS_MAX; n++) {
        const trial_tensor *tensor = n % 2 ? &t->outputs[n / 2] : &t->inputs[n / 2];
        if (!tensor->data)
            continue;
        used += snprintf(text + used, sizeof text - (size_t)used, ", %s %d [", n % 2 ? "out" : "in",
                         n / 2);
        for (uint32_t d = 0; d < tensor->desc.rank; d++)
            used += snprintf(text + used, sizeof text - (size_t)used, " %lld",
                             (long long)tensor->desc.shape[d]);
        used += snprintf(text + used, sizeof text - (size_t)used, " ]");
    }
    return text;
}

/* Computes into `outputs`, which the caller took; an updated tensor starts as its input. */
static void run(const trial *t, const cpu_kernel_set *set, int threads, char **outputs) {
    const cpu_kernel *kernel = &set->kernels[t->op.kind];
    cpu_call call = {
        .op = &t->op, .threads = threads, .learning_rate = t->learning_rate, .step = t->step};
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++)
        call.inputs[n] = t->inputs[n].data;
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        int updated = outputs[n] ? backend_op_updated_input(t->op.kind, n) : -1;
        call.outputs[n] = outputs[n];
        if (updated >= 0) {
            memcpy(outputs[n], t->inputs[updated].data, t->inputs[updated].bytes);
            call.inputs[updated] = outputs[n];
        }
    }
    uint64_t bytes = kernel->workspace ? kernel->workspace(&t->op, threads) : 0;
    char *workspace = take(bytes);
    memset(workspace, 0x7f, bytes); /* no kernel may count on zeros */
    call.workspace = workspace;
    kernel->run(&call);
    take_back(workspace, bytes, title(t, set, threads));
}

static bool close_enough(float is, float wanted, int64_t terms) {
    if (isnan(wanted) || isnan(is))
        return isnan(wanted) && isnan(is);
    if (isinf(wanted) || isinf(is))
        return is == wanted;
    float tolerance = 1e-6f + 2e-6f * fabsf(wanted) + 4e-8f * (float)terms;
    return fabsf(is - wanted) <= tolerance;
}

static void compare(const trial *t, const cpu_kernel_set *set, int threads, char **outputs) {
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        const trial_tensor *wanted = &t->outputs[n];
        if (!wanted->data)
            continue;
        if (wanted->desc.dtype != RETUNE_F32) {
            cr_assert_eq(memcmp(outputs[n], wanted->data, wanted->bytes), 0, "%s: output %u",
                         title(t, set, threads), n);
            continue;
        }
        for (int64_t e = 0; e < count_of(&wanted->desc); e++) {
            float is = ((float *)(void *)outputs[n])[e];
            float scalar = ((float *)(void *)wanted->data)[e];
            cr_assert(close_enough(is, scalar, t->terms), "%s: output %u [%lld] is %g, not %g",
                      title(t, set, threads), n, (long long)e, (double)is, (double)scalar);
        }
    }
}

static void take_outputs(const trial *t, char **out_outputs) {
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        out_outputs[n] = t->outputs[n].data ? take(t->outputs[n].bytes) : NULL;
        if (out_outputs[n])
            memset(out_outputs[n], 0x7f, t->outputs[n].bytes);
    }
}

static void drop_outputs(const trial *t, char **outputs, const char *what) {
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++)
        if (outputs[n])
            take_back(outputs[n], t->outputs[n].bytes, what);
}

/* All thread counts of one set: right, and the same bits. */
static void try_set(const trial *t, const cpu_kernel_set *set) {
    char *first[RETUNE_OP_TENSORS_MAX];
    take_outputs(t, first);
    run(t, set, thread_counts[0], first);
    compare(t, set, thread_counts[0], first);
    for (size_t c = 1; c < sizeof thread_counts / sizeof thread_counts[0]; c++) {
        char *outputs[RETUNE_OP_TENSORS_MAX];
        take_outputs(t, outputs);
        run(t, set, thread_counts[c], outputs);
        for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++)
            cr_assert(!outputs[n] || memcmp(outputs[n], first[n], t->outputs[n].bytes) == 0,
                      "%s: output %u has other bits than with one thread",
                      title(t, set, thread_counts[c]), n);
        drop_outputs(t, outputs, title(t, set, thread_counts[c]));
    }
    drop_outputs(t, first, title(t, set, thread_counts[0]));
}

static void describe_updates(trial *t) {
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        backend_slot slot;
        int updated = backend_op_slot(t->op.kind, true, n, &slot)
                          ? backend_op_updated_input(t->op.kind, n)
                          : -1;
        if (updated < 0 || !t->inputs[updated].data)
            continue;
        t->outputs[n] = t->inputs[updated];
        t->outputs[n].data = take(t->inputs[updated].bytes);
    }
}

void trial_end(trial *t) {
    char *scalar[RETUNE_OP_TENSORS_MAX], reason[256];
    describe_updates(t);
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        t->op.inputs[n] = t->inputs[n].data ? &t->inputs[n].desc : NULL;
        t->op.outputs[n] = t->outputs[n].data ? &t->outputs[n].desc : NULL;
        scalar[n] = t->outputs[n].data;
    }
    cr_assert(backend_op_check(&t->op, BACKEND_MAPS_ALL, reason, sizeof reason), "%s", reason);
    run(t, cpu_scalar_kernels(), 1, scalar);
    for (const char *const *name = trial_instruction_sets(); *name; name++) {
        const cpu_kernel_set *set = cpu_simd_kernels(*name);
        if (set->kernels[t->op.kind].run)
            try_set(t, set);
    }
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX; n++) {
        if (t->inputs[n].data)
            take_back(t->inputs[n].data, t->inputs[n].bytes, "an input");
        if (t->outputs[n].data)
            take_back(t->outputs[n].data, t->outputs[n].bytes, "a scalar kernel");
    }
}

const char *const *trial_instruction_sets(void) {
    static const char *const known[] = {"avx512", "avx2", "neon", "baseline"};
    static const char *found[sizeof known / sizeof known[0] + 1];
    size_t count = 0;
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++)
        if (cpu_simd_kernels(known[n]))
            found[count++] = known[n];
    found[count] = NULL;
    return found;
}
