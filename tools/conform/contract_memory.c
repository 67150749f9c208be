/* What happens when memory ends, and whether it comes back. */
#include "contract_parts.h"

#include "base/tensor_desc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A sanitizer reserves more addresses than any limit would leave. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* True when a small tensor still keeps what is written to it. */
static bool still_works(device_under_test *device) {
    const retune_backend *backend = device->backend;
    const retune_tensor_desc desc = retune_desc_vector(RETUNE_F32, 4);
    const float written[] = {1, 2, 3, 4};
    float got[4] = {0};
    retune_backend_tensor *tensor = NULL;
    bool works = backend->tensor_create(device->device, &desc, RETUNE_USAGE_STATE, 0, &tensor,
                                        NULL) == RETUNE_OK &&
                 backend->tensor_write(tensor, 0, 4, written, NULL) == RETUNE_OK &&
                 backend->tensor_read(tensor, 0, 4, got, NULL) == RETUNE_OK &&
                 memcmp(got, written, sizeof got) == 0;
    if (tensor)
        backend->tensor_destroy(tensor);
    return works;
}

/* ---- A tensor that no machine has room for ------------------------------------------------- */

#define IMPOSSIBLE_ROWS (1ll << 32)
#define ROW             (1 << 14) /* elements; together 2^48 bytes */

CONTRACT_CHECK(refuses_impossible_tensors) {
    (void)kind;
    static float row[ROW];
    const retune_backend *backend = device->backend;
    const retune_tensor_desc desc = retune_desc(RETUNE_F32, 2, IMPOSSIBLE_ROWS, ROW, 0, 0);
    retune_backend_tensor *tensor = NULL;
    retune_error error = RETUNE_ERROR_INIT;
    if (SANITIZED) {
        contract_skip(found, "a sanitizer ends a process that asks for so much");
        return;
    }
    retune_status status =
        backend->tensor_create(device->device, &desc, RETUNE_USAGE_STATE, 0, &tensor, &error);
    EXPECT((status == RETUNE_OK) == (tensor != NULL), "status %d comes with%s a tensor",
           (int)status, tensor ? "" : "out");
    if (tensor) { /* memory may be taken as late as when it is needed */
        status = backend->tensor_write(tensor, IMPOSSIBLE_ROWS - 1, 1, row, &error);
        backend->tensor_destroy(tensor);
    }
    EXPECT(status == RETUNE_OUT_OF_MEMORY || status == RETUNE_UNSUPPORTED,
           "a tensor of 2^48 bytes gives status %d, not OUT_OF_MEMORY", (int)status);
    EXPECT(error.message[0] != '\0', "a tensor of 2^48 bytes is refused without a reason");
    EXPECT(still_works(device), "the device is of no use after it refused a tensor");
}

/* ---- Memory that ends ---------------------------------------------------------------------- */

#define ROOM         (96l << 20) /* bytes that the process may still take */
#define TENSOR_BYTES (8l << 20)
#define TENSORS_MAX  64 /* far more than there is room for */

/* Bytes of addresses that the process uses, or 0. */
static rlim_t address_bytes(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* True when no driver stands between the backend and the memory of the process. Some drivers end
 * the process when memory ends, and a backend cannot help it. */
static bool takes_memory_itself(device_under_test *device) {
    retune_probe_report report = {.struct_size = sizeof report};
    return device->info.type == RETUNE_DEVICE_CPU &&
           device->backend->probe(&report, NULL) == RETUNE_OK && report.library[0] == '\0';
}

/* Takes tensors until the device refuses one. Returns how many it gave. */
static size_t take_all(device_under_test *device, const void *data,
                       retune_backend_tensor *tensors[TENSORS_MAX], retune_status *out_status,
                       retune_error *error) {
    const retune_tensor_desc desc = retune_desc(RETUNE_U8, 2, 1, TENSOR_BYTES, 0, 0);
    size_t count = 0;
    *out_status = RETUNE_OK;
    while (count < TENSORS_MAX && *out_status == RETUNE_OK) {
        tensors[count] = NULL;
        *out_status = device->backend->tensor_create(device->device, &desc, RETUNE_USAGE_STATE, 0,
                                                     &tensors[count], error);
        if (*out_status == RETUNE_OK)
            *out_status = device->backend->tensor_write(tensors[count], 0, 1, data, error);
        count += tensors[count] != NULL;
    }
    return count;
}

CONTRACT_CHECK(says_when_memory_ends) {
    (void)kind;
    retune_backend_tensor *tensors[TENSORS_MAX];
    retune_error error = RETUNE_ERROR_INIT;
    retune_status status = RETUNE_OK;
    struct rlimit before;
    const rlim_t used = address_bytes();
    if (SANITIZED || !takes_memory_itself(device) || used == 0 ||
        getrlimit(RLIMIT_AS, &before) != 0) {
        contract_skip(found, "only where the backend itself takes memory of the process");
        return;
    }
    void *data = calloc(1, TENSOR_BYTES);
    const struct rlimit narrow = {used + ROOM, before.rlim_max};
    if (!data || setrlimit(RLIMIT_AS, &narrow) != 0) {
        free(data);
        contract_skip(found, "the memory of the process cannot be limited");
        return;
    }
    const size_t count = take_all(device, data, tensors, &status, &error);
    for (size_t i = 0; i < count; i++)
        device->backend->tensor_destroy(tensors[i]);
    setrlimit(RLIMIT_AS, &before);
    free(data);
    EXPECT(status == RETUNE_OUT_OF_MEMORY,
           "%zu tensors of %ld bytes where there is room for %ld bytes: status %d, not "
           "OUT_OF_MEMORY",
           count, TENSOR_BYTES, ROOM, (int)status);
    EXPECT(error.message[0] != '\0', "out of memory, but no message says so");
    EXPECT(still_works(device), "the device is of no use after memory ran out");
}

/* ---- Memory that comes back ---------------------------------------------------------------- */

/* Bytes in use after tensors came and went. */
static uint64_t bytes_after_use(device_under_test *device, findings *found) {
    const retune_tensor_desc desc = retune_desc(RETUNE_F32, 2, 64, 4096, 0, 0);
    const op_case op = contract_plain_case(RETUNE_OP_ADD);
    uint64_t current = 0, peak = 0;
    retune_backend_tensor *tensor = NULL;
    static float row[4096];
    retune_error error = RETUNE_ERROR_INIT;
    const retune_op_desc add = op_case_describe(&op);
    retune_op bound;
    if (device->backend->tensor_create(device->device, &desc, RETUNE_USAGE_STATE, 0, &tensor,
                                       &error) != RETUNE_OK ||
        device->backend->tensor_write(tensor, 63, 1, row, &error) != RETUNE_OK)
        contract_add(found, "a tensor of 1 MiB: %s", error.message);
    contract_bind(device, &add, &bound, found);
    contract_destroy(device, &bound);
    if (tensor)
        device->backend->tensor_destroy(tensor);
    if (device->backend->device_memory(device->device, &current, &peak, &error) != RETUNE_OK)
        contract_add(found, "device_memory: %s", error.message);
    EXPECT(current <= peak, "device_memory: %llu bytes in use, and never more than %llu",
           (unsigned long long)current, (unsigned long long)peak);
    return current;
}

CONTRACT_CHECK(gives_memory_back) {
    (void)kind;
    if (!device->backend->device_memory) {
        contract_skip(found, "the backend does not count its memory");
        return;
    }
    const uint64_t once = bytes_after_use(device, found); /* what is kept for next time */
    uint64_t often = once;
    for (int i = 0; i < 8 && found->count == 0; i++)
        often = bytes_after_use(device, found);
    EXPECT(often <= once, "%llu bytes in use became %llu though every tensor was destroyed",
           (unsigned long long)once, (unsigned long long)often);
}
