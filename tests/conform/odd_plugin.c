/* The reference backend as a plugin that misbehaves as RETUNE_ODD says, mostly where a tensor has
 * 17 rows. */
#include "ops/reference_backend.h"

#include "base/status.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static retune_backend table;
static int64_t rows; /* of the tensor made last */

static bool is_asked(const char *what) {
    const char *odd = getenv("RETUNE_ODD");
    return odd && strcmp(odd, what) == 0;
}

static bool is_odd(const char *what) {
    return is_asked(what) && rows == 17;
}

static retune_status device_info(uint32_t index, retune_device_info *out_info,
                                 retune_error *error) {
    const size_t room = out_info->struct_size, known = sizeof *out_info;
    const retune_status status = reference_backend()->device_info(index, out_info, error);
    if (is_asked("writes what it does not know") && room > known)
        memset(out_info + 1, 0, room - known);
    return status;
}

static retune_status device_open(uint32_t index, const retune_option *options, size_t count,
                                 retune_backend_device **out_device, retune_error *error) {
    if (is_asked("does not open"))
        return retune_fail(error, RETUNE_UNAVAILABLE, "somebody else has it");
    return reference_backend()->device_open(index, options, count, out_device, error);
}

static void device_close(retune_backend_device *device) {
    if (is_asked("crashes in close"))
        raise(SIGSEGV);
    reference_backend()->device_close(device);
}

static retune_status op_query(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error) {
    const bool odd = op->outputs[0] && op->outputs[0]->shape[0] == 17;
    const retune_status status = reference_backend()->op_query(device, op, out_support, error);
    if (odd && (is_asked("refuses") || is_asked("hides"))) {
        out_support->supported = 0;
        strcpy(out_support->reason, "seventeen is too many");
    }
    if (odd && is_asked("is mute"))
        out_support->supported = 0;
    return status;
}

static retune_status tensor_create(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error) {
    rows = desc->shape[0];
    return reference_backend()->tensor_create(device, desc, usage, slot, out_tensor, error);
}

static retune_status tensor_write(retune_backend_tensor *tensor, int64_t first, int64_t count,
                                  const void *data, retune_error *error) {
    const retune_status status =
        reference_backend()->tensor_write(tensor, first, count, data, error);
    if (is_odd("writes to what it reads from"))
        ((char *)(uintptr_t)data)[-1] = 1;
    return status;
}

static retune_status tensor_read(retune_backend_tensor *tensor, int64_t first, int64_t count,
                                 void *data, retune_error *error) {
    const retune_status status =
        reference_backend()->tensor_read(tensor, first, count, data, error);
    if (is_odd("reads too much"))
        ((float *)data)[count] = 1;
    return status;
}

static retune_status program_create(retune_backend_device *device, const retune_op *const *ops,
                                    size_t count, retune_backend_program **out_program,
                                    retune_error *error) {
    *out_program = NULL;
    if (is_odd("promises") || is_odd("refuses"))
        return retune_fail(error, RETUNE_UNSUPPORTED, "seventeen is too many");
    if (is_odd("is mute"))
        return retune_fail(error, RETUNE_UNSUPPORTED, "no");
    return reference_backend()->program_create(device, ops, count, out_program, error);
}

static retune_status program_run(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error) {
    if (is_odd("crashes"))
        raise(SIGSEGV);
    if (is_odd("hangs"))
        for (;;)
            pause();
    if (is_odd("exits"))
        _exit(3);
    return reference_backend()->program_run(program, begin, end, args, error);
}

const retune_backend *retune_backend_query(uint32_t host_abi) {
    table = *reference_backend();
    table.device_info = device_info;
    table.device_open = device_open;
    table.device_close = device_close;
    table.op_query = op_query;
    table.tensor_create = tensor_create;
    table.tensor_write = tensor_write;
    table.tensor_read = tensor_read;
    table.program_create = program_create;
    table.program_run = program_run;
    return host_abi >> 16 == RETUNE_BACKEND_ABI_MAJOR ? &table : NULL;
}
