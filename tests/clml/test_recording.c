/* Recordable queues. The plugin is compiled into this program, so that the queue that no driver
 * here would make can be made plain. */
#include "cross.h"
#include "program.h"

#include "expect.h"

#include "base/tensor_desc.h"

#include <dlfcn.h>
#include <stdlib.h>

/* ---- A driver with recordable queues -------------------------------------------------------- */

static __typeof__(clCreateCommandQueue) *make_queue;

static cl_command_queue make_recordable(cl_context context, cl_device_id device,
                                        cl_command_queue_properties properties, cl_int *out_code) {
    return make_queue(context, device, properties & ~CLML_QUEUE_RECORDABLE, out_code);
}

static unsigned counted(const char *name) {
    void *library = dlopen(RECORDING_PROVIDER, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(library, "%s", dlerror());
    return *(unsigned *)dlsym(library, name);
}

static const retune_backend *backend(void) {
    return retune_backend_query(RETUNE_BACKEND_ABI);
}

static void begin(void) {
    retune_probe_report report = {.struct_size = sizeof report};
    retune_error error = RETUNE_ERROR_INIT;
    setenv("RETUNE_CLML_PROVIDER", RECORDING_PROVIDER, 1);
    if (backend()->probe(&report, &error) != RETUNE_OK)
        cr_skip_test("no device: %s", error.message);
    make_queue = cl.clCreateCommandQueue;
    cl.clCreateCommandQueue = make_recordable;
}

TestSuite(clml_recording, .init = begin, .timeout = 120);

/* ---- A program ------------------------------------------------------------------------------ */

enum { N = 3, COUNT = N * 2 * 2 * 5 };

/* y = a + b, three samples of which make three ops, run twice. */
static void expect_sums(const char *recording) {
    const retune_tensor_desc shape = retune_desc(RETUNE_F32, 4, N, 2, 2, 5);
    const retune_option option = {"recording", recording};
    retune_backend_device *device = NULL;
    retune_backend_tensor *t[3];
    retune_backend_program *program = NULL;
    float a[COUNT], got[COUNT];
    for (int i = 0; i < COUNT; i++)
        a[i] = (float)i;
    assert_ok(backend()->device_open(0, &option, 1, &device, &error));
    for (int n = 0; n < 3; n++)
        assert_ok(backend()->tensor_create(device, &shape, RETUNE_USAGE_STATE, 0, &t[n], &error));
    const retune_op_desc desc = {.struct_size = sizeof desc,
                                 .kind = RETUNE_OP_ADD,
                                 .inputs = {&shape, &shape},
                                 .outputs = {&shape}};
    const retune_op op = {
        .struct_size = sizeof op, .desc = &desc, .inputs = {t[0], t[1]}, .outputs = {t[2]}};
    const retune_op *ops[] = {&op};
    assert_ok(backend()->program_create(device, ops, 1, &program, &error));
    for (int turn = 1; turn <= 2; turn++) {
        assert_ok(backend()->tensor_write(t[0], 0, N, a, &error));
        assert_ok(backend()->tensor_write(t[1], 0, N, a, &error));
        assert_ok(backend()->program_run(program, 0, 1, NULL, &error));
        assert_ok(backend()->tensor_read(t[2], 0, N, got, &error));
        for (int i = 0; i < COUNT; i++) {
            cr_assert_float_eq(got[i], 2 * a[i], 0, "%d: %g", i, (double)got[i]);
            a[i] += (float)turn;
        }
    }
    backend()->program_destroy(program);
    for (int n = 0; n < 3; n++)
        backend()->tensor_destroy(t[n]);
    backend()->device_close(device);
}

static void expect_counts(unsigned made, unsigned replayed) {
    cr_expect_eq(counted("recordings_made"), made, "%u", counted("recordings_made"));
    cr_expect_eq(counted("recordings_replayed"), replayed, "%u", counted("recordings_replayed"));
    cr_expect_eq(counted("recordings_released"), made, "%u", counted("recordings_released"));
}

Test(clml_recording, off_unless_it_is_asked_for) {
    expect_sums("off");
    expect_counts(0, 0);
}

Test(clml_recording, made_once_and_replayed) {
    expect_sums("on");
    expect_counts(1, 2);
}

/* What cannot be recorded or replayed is enqueued op by op. */
Test(clml_recording, recordings_that_fail) {
    setenv("RECORDING_FAULT", "new", 1);
    expect_sums("on");
    expect_counts(0, 0);
    setenv("RECORDING_FAULT", "end", 1);
    expect_sums("on");
    expect_counts(1, 0);
    setenv("RECORDING_FAULT", "replay", 1);
    expect_sums("on");
    expect_counts(2, 0);
}

static void expect_device_refused(retune_status code, const char *text, const char *key,
                                  const char *value) {
    const retune_option options[] = {{"recording", "on"}, {key, value}};
    retune_backend_device *device = NULL;
    expect_refused(code, text, backend()->device_open(0, options, 2, &device, &error));
    cr_expect_null(device);
}

Test(clml_recording, drivers_without) {
    expect_device_refused(RETUNE_INVALID, "not together with profiling", "profiling", "on");
    expect_device_refused(RETUNE_UNAVAILABLE, "has no clNewRecordingQCOM", "provider",
                          EMULATOR_PATH);
    cl.clCreateCommandQueue = make_queue;
    expect_device_refused(RETUNE_UNAVAILABLE, "makes no recordable queue", "reuse", "on");
}
