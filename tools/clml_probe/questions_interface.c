/* What is there: versions, slots, sizes, ways across. */
#include "questions.h"

#include "status.h"

#include <stdio.h>
#include <string.h>

/* Whether a table of that version can be had, listed or not. */
static void ask_table(const clml_provider *provider, cl_int major) {
    const clml_table *table = NULL;
    char question[32];
    snprintf(question, sizeof question, "table %d.0", major);
    cl_int code = provider->table(&table, major, 0);
    if (code != CL_SUCCESS || !table)
        printf("%-28s none: %s (%d)\n", question, opencl_code_name(code), code);
    else
        printf("%-28s there, and says %d.%d of itself\n", question, table->major, table->minor);
}

void ask_versions(const clml_provider *provider) {
    enum { VERSIONS_MAX = 32 };
    cl_int majors[VERSIONS_MAX] = {0}, minors[VERSIONS_MAX] = {0};
    cl_uint count = 0;
    cl_int code = provider->query(NULL, NULL, 0, &count);
    if (code == CL_SUCCESS && count > 0 && count <= VERSIONS_MAX)
        code = provider->query(majors, minors, count, NULL);
    printf("%-28s", "versions listed");
    if (code != CL_SUCCESS)
        printf(" the query fails: %s (%d)", opencl_code_name(code), code);
    for (cl_uint n = 0; code == CL_SUCCESS && n < count && n < VERSIONS_MAX; n++)
        printf(" %d.%d", majors[n], minors[n]);
    printf("\n");
    for (cl_int major = 1; major <= 5; major++)
        ask_table(provider, major);
}

void ask_slots(const clml_table *table) {
    const size_t count = (sizeof *table - 2 * sizeof(cl_int)) / sizeof(clml_reserved *);
    size_t empty = 0;
    printf("%-28s", "empty slots of 3.0");
    for (size_t n = 0; n < count; n++) {
        clml_reserved *slot;
        memcpy(&slot, (const char *)table + 2 * sizeof(cl_int) + n * sizeof slot, sizeof slot);
        if (!slot && ++empty)
            printf(" %zu", n);
    }
    printf(empty ? "\n" : " none of %zu\n", count);
}

/* The size of a private tensor, before an op uses it and after. */
void ask_sizes(const probe *on) {
    const clml_shape shape = {1, 5, 7, 7};
    const clml_fill_desc desc = {.value = number(1), .arithmetic = CLML_FP32};
    clml_op_handle op = NULL;
    cl_uint before = 0, after = 0;
    trial t = trial_begin(on);
    size_t x = trial_tensor_make(&t, shape);
    cl_int code = on->ml->tensor_size(on->context, trial_handle(&t, x), &before);
    trial_op(&t, on->ml->fill(on->context, training, &desc, trial_handle(&t, x), &op, NULL), &op,
             "fill");
    trial_ready(&t);
    after = t.tensors[x].bytes;
    if (trial_answers(&t, "size of 1x5x7x7")) {
        printf("%-28s %u bytes for %zu of data\n", "size of 1x5x7x7", after,
               clml_shape_elements(shape) * sizeof(float));
        if (code == CL_SUCCESS)
            printf("%-28s %u bytes\n", "size before an op uses it", before);
        else
            printf("%-28s %s (%d)\n", "size before an op uses it", opencl_code_name(code), code);
    }
    trial_end(&t);
}

/* Values through a linear tensor: written by OpenCL, copied to a private one, read by the
 * extension.
 */
void ask_linear(const probe *on) {
    const char *question = "NCHW through a linear tensor";
    const clml_shape shape = {1, 3, 2, 2};
    const clml_tensor_desc desc = clml_shape_desc(shape, CLML_LAYOUT_NCHW);
    const clml_fill_desc fill = {.value = number(1), .arithmetic = CLML_FP32};
    clml_tensor_handle linear = NULL;
    clml_op_handle op = NULL;
    cl_uint bytes = 0;
    float values[12], got[12] = {0};
    for (int i = 0; i < 12; i++)
        values[i] = (float)i;
    trial t = trial_begin(on);
    size_t x = trial_tensor_make(&t, shape);
    trial_op(&t, on->ml->fill(on->context, training, &fill, trial_handle(&t, x), &op, NULL), &op,
             "fill");
    trial_ready(&t);
    cl_int code = on->ml->make_tensor(on->context, NULL, &desc, &linear);
    if (code == CL_SUCCESS)
        code = on->ml->tensor_size(on->context, linear, &bytes);
    if (code == CL_SUCCESS && bytes < sizeof values)
        bytes = sizeof values;
    cl_mem memory = NULL;
    if (code == CL_SUCCESS)
        memory = cl.clCreateBuffer(on->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (code == CL_SUCCESS)
        code = cl.clEnqueueWriteBuffer(on->queue, memory, CL_TRUE, 0, sizeof values, values, 0,
                                       NULL, NULL);
    if (code == CL_SUCCESS && !t.failed[0])
        code = on->ml->enqueue_copy(on->queue, linear, memory, trial_handle(&t, x),
                                    t.tensors[x].memory, 0, NULL, NULL);
    trial_read(&t, x, got);
    if (code != CL_SUCCESS)
        printf("%-28s fails: %s (%d)\n", question, opencl_code_name(code), code);
    else if (trial_answers(&t, question))
        printf("%-28s %s, %u bytes for %zu\n", question,
               memcmp(values, got, sizeof values) == 0 ? "right" : "wrong", bytes, sizeof values);
    if (linear)
        on->ml->release_tensor(linear);
    trial_end(&t);
    if (memory)
        cl.clReleaseMemObject(memory);
}
