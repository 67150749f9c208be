#include "guard.h"

#include <string.h>

enum { WORDS = EMU_GUARD_BYTES / 4 };

static bool is_guarded(const emu_tensor *tensor) {
    return emu_present(tensor) && tensor->layout == EMU_LAYOUT_OPTIMAL && !tensor->exposed;
}

static void make_pattern(const emu_tensor *tensor, cl_uint words[WORDS]) {
    for (cl_uint n = 0; n < WORDS; n++)
        words[n] = (tensor->serial * WORDS + n) * 2654435761u ^ 0x5ca1ab1eu;
}

cl_int emu_guard_check_tensor(const emu_tensor *tensor, cl_mem memory, const emu_place *place,
                              const char *name) {
    cl_uint expected[WORDS], before[WORDS], after[WORDS];
    if (!is_guarded(tensor))
        return CL_SUCCESS;
    make_pattern(tensor, expected);
    cl_int code = cl.clEnqueueReadBuffer(place->queue, memory, CL_TRUE, 0, sizeof before, before,
                                         place->wait_count, place->waits, NULL);
    if (code == CL_SUCCESS)
        code = cl.clEnqueueReadBuffer(place->queue, memory, CL_TRUE, emu_tensor_guard(tensor),
                                      sizeof after, after, 0, NULL, NULL);
    if (code == CL_SUCCESS && (memcmp(before, expected, sizeof before) != 0 ||
                               memcmp(after, expected, sizeof after) != 0))
        code = emu_refuse(name, CL_INVALID_VALUE,
                          "strict opaque: the OPTIMAL memory of a tensor of %ux%ux%ux%u was never "
                          "written by an op, or was written by something else since",
                          tensor->n, tensor->c, tensor->h, tensor->w);
    return code;
}

cl_int emu_guard_write_tensor(const emu_tensor *tensor, cl_mem memory, const emu_place *place) {
    cl_uint pattern[WORDS];
    if (!is_guarded(tensor))
        return CL_SUCCESS;
    make_pattern(tensor, pattern);
    cl_int code = cl.clEnqueueWriteBuffer(place->queue, memory, CL_TRUE, 0, sizeof pattern, pattern,
                                          place->wait_count, place->waits, NULL);
    if (code == CL_SUCCESS)
        code = cl.clEnqueueWriteBuffer(place->queue, memory, CL_TRUE, emu_tensor_guard(tensor),
                                       sizeof pattern, pattern, 0, NULL, NULL);
    return code;
}

cl_int emu_guard_check(const emu_op *op, const cl_mem *memory, const emu_place *place) {
    cl_int code = CL_SUCCESS;
    for (size_t n = 0; n < op->use_count && code == CL_SUCCESS; n++)
        if (op->uses[n].role & EMU_READ)
            code = emu_guard_check_tensor(op->uses[n].tensor, memory[n], place, op->name);
    return code;
}

cl_int emu_guard_write(const emu_op *op, const cl_mem *memory, const emu_place *place) {
    cl_int code = CL_SUCCESS;
    for (size_t n = 0; n < op->use_count && code == CL_SUCCESS; n++)
        if (op->uses[n].role & EMU_WRITE)
            code = emu_guard_write_tensor(op->uses[n].tensor, memory[n], place);
    return code;
}
