/* Tensors: what they keep, what they refuse, and memory of the host in their place. */
#include "contract_parts.h"

#include "base/status.h"
#include "base/tensor_desc.h"
#include "guard.h"

#include <stdio.h>
#include <string.h>

#define ROWS 5
#define ROW  7

/* Fills host memory with bytes that make no NaN of any type. */
static void fill_rows(unsigned char *rows, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        rows[i] = (unsigned char)(i % 113);
}

static void expect_bad_rows_refused(const retune_backend *backend, retune_backend_tensor *tensor,
                                    unsigned char *rows, findings *found) {
    static const int64_t bad[][2] = {{-1, 1}, {0, ROWS + 1}, {ROWS, 1}, {1, INT64_MAX}, {0, -1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const long long first = bad[i][0], count = bad[i][1];
        EXPECT(backend->tensor_write(tensor, first, count, rows, NULL) != RETUNE_OK,
               "%lld rows from %lld of %d are written", count, first, ROWS);
        EXPECT(backend->tensor_read(tensor, first, count, rows, NULL) != RETUNE_OK,
               "%lld rows from %lld of %d are read", count, first, ROWS);
    }
}

/* Writes all rows, then two again; reads all, then the last three. */
static void expect_rows_kept(device_under_test *device, retune_usage usage, uint32_t dtype,
                             findings *found) {
    const retune_backend *backend = device->backend;
    const retune_tensor_desc desc = retune_desc((retune_dtype)dtype, 2, ROWS, ROW, 0, 0);
    const size_t row = ROW * retune_dtype_size(dtype);
    const char *type = retune_dtype_text(dtype);
    unsigned char *written = guard_allocate(ROWS * row), *two = guard_allocate(2 * row);
    unsigned char *got = guard_allocate(ROWS * row), *three = guard_allocate(3 * row);
    retune_backend_tensor *tensor = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    fill_rows(written, ROWS * row);
    memset(two, 17, 2 * row);
    retune_status status = backend->tensor_create(device->device, &desc, usage, 0, &tensor, &error);
    if (status == RETUNE_OK)
        status = backend->tensor_write(tensor, 0, ROWS, written, &error);
    if (status == RETUNE_OK)
        status = backend->tensor_write(tensor, 1, 2, two, &error);
    memcpy(written + row, two, 2 * row);
    if (status == RETUNE_OK)
        status = backend->tensor_read(tensor, 0, ROWS, got, &error);
    if (status == RETUNE_OK)
        status = backend->tensor_read(tensor, 2, 3, three, &error);
    EXPECT(status == RETUNE_OK, "a tensor of %s, usage %d: status %d: %s", type, (int)usage,
           (int)status, error.message);
    if (status == RETUNE_OK) {
        EXPECT(memcmp(got, written, ROWS * row) == 0, "%s: rows are not what was written", type);
        EXPECT(memcmp(three, written + 2 * row, 3 * row) == 0,
               "%s: rows 2 to 4 are not what was written", type);
        expect_bad_rows_refused(backend, tensor, got, found);
    }
    EXPECT(guard_is_intact(written) && guard_is_intact(two) && guard_is_intact(got) &&
               guard_is_intact(three),
           "%s: host memory beside the rows is written to", type);
    if (tensor)
        backend->tensor_destroy(tensor);
    guard_free(written);
    guard_free(two);
    guard_free(got);
    guard_free(three);
}

CONTRACT_CHECK(tensors_keep_what_is_written) {
    (void)kind;
    static const retune_usage usages[] = {RETUNE_USAGE_INPUT, RETUNE_USAGE_CONSTANT,
                                          RETUNE_USAGE_PARAMETER, RETUNE_USAGE_STATE};
    for (size_t u = 0; u < sizeof usages / sizeof usages[0]; u++)
        for (uint32_t dtype = RETUNE_F32; dtype <= RETUNE_I32; dtype++)
            expect_rows_kept(device, usages[u], dtype, found);
}

CONTRACT_CHECK(refuses_bad_tensors) {
    (void)kind;
    const retune_tensor_desc good = retune_desc(RETUNE_F32, 2, 3, 4, 0, 0);
    retune_tensor_desc bad[] = {good, good, good, good, good, good};
    bad[0].rank = 0;
    bad[1].rank = RETUNE_RANK_MAX + 1;
    bad[2].dtype = 99;
    bad[3].shape[1] = 0;
    bad[4].shape[0] = -3;
    bad[5].shape[0] = bad[5].shape[1] = INT64_MAX / 2;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char shape[RETUNE_DESC_TEXT_MAX] = "of rank 5";
        retune_error error = RETUNE_ERROR_INIT;
        retune_backend_tensor *tensor = NULL;
        const retune_status status = device->backend->tensor_create(
            device->device, &bad[i], RETUNE_USAGE_INPUT, 0, &tensor, &error);
        if (bad[i].rank <= RETUNE_RANK_MAX)
            retune_desc_text(&bad[i], shape);
        EXPECT(status != RETUNE_OK && !tensor, "a tensor of type %u, %s, is made", bad[i].dtype,
               shape);
        EXPECT(error.message[0] != '\0', "a tensor of type %u, %s, is refused without a reason",
               bad[i].dtype, shape);
    }
}

/* A gather from a table of host memory. */
typedef struct wrapped {
    const retune_backend *backend;
    retune_tensor_desc descs[3];
    retune_op_desc desc;
    retune_op op;
    retune_backend_program *program;
} wrapped;

static retune_status prepare_wrapped(device_under_test *device, const float *table, wrapped *w,
                                     retune_error *error) {
    const retune_op *list[] = {&w->op};
    RETUNE_TRY(
        w->backend->tensor_wrap(device->device, &w->descs[0], table, &w->op.inputs[0], error));
    RETUNE_TRY(w->backend->tensor_create(device->device, &w->descs[1], RETUNE_USAGE_INPUT, 0,
                                         &w->op.inputs[1], error));
    RETUNE_TRY(w->backend->tensor_create(device->device, &w->descs[2], RETUNE_USAGE_OUTPUT, 0,
                                         &w->op.outputs[0], error));
    return w->backend->program_create(device->device, list, 1, &w->program, error);
}

static retune_status run_wrapped(const wrapped *w, const int32_t *index, float *out_rows,
                                 retune_error *error) {
    const retune_run_args args = {.struct_size = sizeof args};
    RETUNE_TRY(w->backend->tensor_write(w->op.inputs[1], 0, 3, index, error));
    RETUNE_TRY(w->backend->program_run(w->program, 0, 1, &args, error));
    RETUNE_TRY(w->backend->program_wait(w->program, error));
    return w->backend->tensor_read(w->op.outputs[0], 0, 3, out_rows, error);
}

CONTRACT_CHECK(uses_wrapped_memory_in_place) {
    (void)kind;
    static _Alignas(64) float table[ROWS * ROW];
    static const int32_t index[] = {4, 0, 4};
    float got[3 * ROW] = {0};
    retune_error error = RETUNE_ERROR_INIT;
    retune_op_support support = {.struct_size = sizeof support};
    wrapped w = {.backend = device->backend,
                 .descs = {retune_desc(RETUNE_F32, 2, ROWS, ROW, 0, 0),
                           retune_desc_vector(RETUNE_I32, 3),
                           retune_desc(RETUNE_F32, 2, 3, ROW, 0, 0)},
                 .desc = {.struct_size = sizeof w.desc,
                          .kind = RETUNE_OP_GATHER,
                          .inputs = {&w.descs[0], &w.descs[1]},
                          .outputs = {&w.descs[2]}},
                 .op = {.struct_size = sizeof w.op, .desc = &w.desc}};
    if (!(device->info.features & RETUNE_FEATURE_HOST_MEMORY)) {
        contract_skip(found, "the device does not share memory with the host");
        return;
    }
    EXPECT(w.backend->tensor_wrap, "the device shares host memory, but there is no tensor_wrap");
    w.backend->op_query(device->device, &w.desc, &support, NULL);
    if (!w.backend->tensor_wrap || !support.supported) {
        contract_skip(found, support.reason);
        return;
    }
    for (int i = 0; i < ROWS * ROW; i++)
        table[i] = (float)i;
    retune_status status = prepare_wrapped(device, table, &w, &error);
    table[0] = 100; /* in place: the run sees it */
    if (status == RETUNE_OK)
        status = run_wrapped(&w, index, got, &error);
    EXPECT(status == RETUNE_OK, "a gather from wrapped memory gives status %d: %s", (int)status,
           error.message);
    for (int i = 0; i < 3 * ROW && status == RETUNE_OK; i++)
        EXPECT(got[i] == table[index[i / ROW] * ROW + i % ROW], "element %d is %g", i,
               (double)got[i]);
    if (w.program)
        w.backend->program_destroy(w.program);
    contract_destroy(device, &w.op);
}
