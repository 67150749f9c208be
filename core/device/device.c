#include "device/device.h"

#include "base/memory.h"
#include "device/plugin.h"
#include "graph/op_rule.h"

#include <stdio.h>
#include <string.h>

/* ---- Before opening -------------------------------------------------------------------------- */

/* Plugins fill the message only when they fail: what an earlier call left must not be taken for
 * theirs. */
static retune_error *emptied(retune_error *error) {
    if (error)
        error->message[0] = '\0';
    return error;
}

retune_status retune_device_count(const retune_backend *backend, uint32_t *out_count,
                                  retune_error *error) {
    uint32_t count = 0;
    *out_count = 0;
    retune_status status = backend->device_count(&count, emptied(error));
    status = retune_plugin_answer(status, "device_count", error);
    if (status != RETUNE_OK)
        return status;
    if (count > RETUNE_DEVICES_MAX)
        return retune_fail(error, RETUNE_INTERNAL, "claims %u devices; at most %u are believed",
                           count, RETUNE_DEVICES_MAX);
    *out_count = count;
    return RETUNE_OK;
}

bool retune_device_id_valid(const char *backend, const char *id) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.:-";
    size_t length = strlen(backend);
    if (strncmp(id, backend, length) != 0 || id[length] != '/' || id[length + 1] == '\0')
        return false;
    return id[length + 1 + strspn(id + length + 1, allowed)] == '\0';
}

retune_status retune_device_describe(const retune_backend *backend, uint32_t index,
                                     retune_device_info *out_info, retune_error *error) {
    retune_device_info info = {.struct_size = (uint32_t)sizeof info};
    *out_info = (retune_device_info){0};
    retune_status status = backend->device_info(index, &info, emptied(error));
    status = retune_plugin_answer(status, "device_info", error);
    if (status != RETUNE_OK)
        return retune_fail_context(error, status, "device %u", index);
    retune_plugin_text(info.id, sizeof info.id);
    retune_plugin_text(info.name, sizeof info.name);
    retune_plugin_text(info.vendor, sizeof info.vendor);
    retune_plugin_text(info.driver, sizeof info.driver);
    retune_plugin_text(info.quirks, sizeof info.quirks);
    if (!retune_device_id_valid(backend->name, info.id))
        return retune_fail(error, RETUNE_INTERNAL, "device %u calls itself '%s', not %s/...", index,
                           info.id, backend->name);
    info.struct_size = (uint32_t)sizeof info;
    *out_info = info;
    return RETUNE_OK;
}

/* ---- Opening --------------------------------------------------------------------------------- */

retune_status retune_device_open(const retune_backend *backend, uint32_t index,
                                 const retune_option *options, size_t option_count,
                                 retune_device **out_device, retune_error *error) {
    retune_device *device = NULL;
    *out_device = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *device, "a device", &device, error));
    device->backend = backend;
    retune_status status = retune_device_describe(backend, index, &device->info, error);
    if (status != RETUNE_OK) {
        retune_fail_context(error, status, "%s", backend->name);
        goto done;
    }
    status = retune_allocate(1, sizeof *device->failed, "a device", &device->failed, error);
    if (status != RETUNE_OK)
        goto done;
    status = backend->device_open(index, options, option_count, &device->handle, emptied(error));
    status = retune_plugin_answer(status, "device_open", error);
    if (status == RETUNE_OK && !device->handle)
        status = retune_fail(error, RETUNE_INTERNAL, "device_open answered OK without a device");
    if (status != RETUNE_OK) {
        retune_fail_context(error, status, "%s", device->info.id);
        goto done;
    }
    *out_device = device;
    device = NULL;
done:
    if (device)
        free(device->failed);
    free(device);
    return status;
}

void retune_device_close(retune_device *device) {
    while (device) {
        retune_device *next = device->next;
        device->backend->device_close(device->handle);
        free(device->failed);
        free(device);
        device = next;
    }
}

/* ---- Calls ----------------------------------------------------------------------------------- */

/* Passes on what `function` answered, with the device in front of a failure's message. */
static retune_status answer(const retune_device *device, retune_status status, const char *function,
                            const char *name, retune_error *error) {
    if (status == RETUNE_OK)
        return RETUNE_OK;
    status = retune_plugin_answer(status, function, error);
    if (status == RETUNE_DEVICE_LOST)
        *device->failed = status;
    return name ? retune_fail_context(error, status, "%s: %s (%s)", device->info.id, function, name)
                : retune_fail_context(error, status, "%s: %s", device->info.id, function);
}

/* What goes wrong in an answer OK that comes without the object asked for. */
static retune_status given(retune_status status, const void *object, retune_error *error) {
    return status != RETUNE_OK || object
               ? status
               : retune_fail(error, RETUNE_INTERNAL, "answered OK and gave nothing");
}

retune_status retune_device_query(const retune_device *device, const retune_op_desc *op,
                                  const char *name, retune_op_support *out_support,
                                  retune_error *error) {
    retune_op_support support = {.struct_size = (uint32_t)sizeof support};
    *out_support = support;
    if (op->kind < RETUNE_OP_KIND_COUNT && device->verdict.failures[op->kind][0] != '\0') {
        snprintf(out_support->reason, sizeof out_support->reason, "in quarantine: %s",
                 device->verdict.failures[op->kind]);
        return RETUNE_OK;
    }
    retune_status status = device->backend->op_query(device->handle, op, &support, emptied(error));
    if (status != RETUNE_OK)
        return answer(device, status, retune_op_name((retune_op_kind)op->kind), name, error);
    retune_plugin_text(support.reason, sizeof support.reason);
    if (!support.supported && support.reason[0] == '\0')
        memcpy(support.reason, "no reason given", sizeof "no reason given");
    support.struct_size = (uint32_t)sizeof support;
    *out_support = support;
    return RETUNE_OK;
}

retune_status retune_device_tensor(const retune_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot, const char *name,
                                   retune_backend_tensor **out_tensor, retune_error *error) {
    retune_backend_tensor *tensor = NULL;
    *out_tensor = NULL;
    retune_status status =
        device->backend->tensor_create(device->handle, desc, usage, slot, &tensor, emptied(error));
    status = answer(device, given(status, tensor, error), "tensor_create", name, error);
    if (status == RETUNE_OK)
        *out_tensor = tensor;
    return status;
}

retune_status retune_device_wrap(const retune_device *device, const retune_tensor_desc *desc,
                                 const void *memory, const char *name,
                                 retune_backend_tensor **out_tensor, retune_error *error) {
    retune_backend_tensor *tensor = NULL;
    *out_tensor = NULL;
    if (!device->backend->tensor_wrap)
        return retune_fail(error, RETUNE_UNSUPPORTED,
                           "%s: this backend cannot use host memory in place", device->info.id);
    retune_status status =
        device->backend->tensor_wrap(device->handle, desc, memory, &tensor, emptied(error));
    status = answer(device, given(status, tensor, error), "tensor_wrap", name, error);
    if (status == RETUNE_OK)
        *out_tensor = tensor;
    return status;
}

retune_status retune_device_write(const retune_device *device, retune_backend_tensor *tensor,
                                  int64_t first_row, int64_t rows, const void *data,
                                  const char *name, retune_error *error) {
    retune_status status =
        device->backend->tensor_write(tensor, first_row, rows, data, emptied(error));
    return answer(device, status, "tensor_write", name, error);
}

retune_status retune_device_read(const retune_device *device, retune_backend_tensor *tensor,
                                 int64_t first_row, int64_t rows, void *data, const char *name,
                                 retune_error *error) {
    retune_status status =
        device->backend->tensor_read(tensor, first_row, rows, data, emptied(error));
    return answer(device, status, "tensor_read", name, error);
}

retune_status retune_device_program(const retune_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error) {
    retune_backend_program *program = NULL;
    *out_program = NULL;
    retune_status status =
        device->backend->program_create(device->handle, ops, op_count, &program, emptied(error));
    status = answer(device, given(status, program, error), "program_create", NULL, error);
    if (*device->failed != RETUNE_DEVICE_LOST)
        *device->failed = status == RETUNE_UNSUPPORTED ? status : RETUNE_OK;
    if (status == RETUNE_OK)
        *out_program = program;
    return status;
}

retune_status retune_device_run(const retune_device *device, retune_backend_program *program,
                                size_t begin, size_t end, const retune_run_args *args,
                                retune_error *error) {
    retune_status status = device->backend->program_run(program, begin, end, args, emptied(error));
    return answer(device, status, "program_run", NULL, error);
}

retune_status retune_device_wait(const retune_device *device, retune_backend_program *program,
                                 retune_error *error) {
    retune_status status = device->backend->program_wait(program, emptied(error));
    return answer(device, status, "program_wait", NULL, error);
}

retune_status retune_device_times(const retune_device *device, retune_backend_program *program,
                                  uint64_t *out_nanoseconds, size_t count, retune_error *error) {
    memset(out_nanoseconds, 0, count * sizeof *out_nanoseconds);
    if (!device->backend->program_times)
        return retune_fail(error, RETUNE_UNSUPPORTED, "%s: this backend does not measure ops",
                           device->info.id);
    retune_status status =
        device->backend->program_times(program, out_nanoseconds, count, emptied(error));
    return answer(device, status, "program_times", NULL, error);
}

retune_status retune_device_memory(const retune_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error) {
    *out_current_bytes = *out_peak_bytes = 0;
    if (!device->backend->device_memory)
        return RETUNE_OK;
    retune_status status = device->backend->device_memory(device->handle, out_current_bytes,
                                                          out_peak_bytes, emptied(error));
    return answer(device, status, "device_memory", NULL, error);
}
