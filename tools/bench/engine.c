#include "engine.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static bool good(retune_status status, const retune_error *error, const char *what) {
    if (status != RETUNE_OK)
        fprintf(stderr, "bench_gemm: %s: %s\n", what, error->message);
    return status == RETUNE_OK;
}

/* ---- Engine --------------------------------------------------------------------------------- */

static const retune_backend *load(const char *plugin) {
    void *library = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "bench_gemm: %s\n", dlerror());
        return NULL;
    }
    retune_backend_query_function query = NULL;
    *(void **)&query = dlsym(library, "retune_backend_query");
    const retune_backend *backend = query ? query(RETUNE_BACKEND_ABI) : NULL;
    if (!backend)
        fprintf(stderr, "bench_gemm: %s: no backend of this version\n", plugin);
    return backend;
}

static bool find_device(const retune_backend *backend, const char *id, uint32_t *out_index,
                        retune_device_info *out_info) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_probe_report report = {.struct_size = sizeof report};
    uint32_t count = 0;
    if (!good(backend->probe(&report, &error), &error, "probe") ||
        !good(backend->device_count(&count, &error), &error, "device_count"))
        return false;
    for (uint32_t n = 0; n < count; n++) {
        *out_info = (retune_device_info){.struct_size = sizeof *out_info};
        if (!good(backend->device_info(n, out_info, &error), &error, "device_info"))
            return false;
        *out_index = n;
        if (strcmp(out_info->id, id) == 0)
            return true;
    }
    fprintf(stderr, "bench_gemm: the plugin has no device %s\n", id);
    return false;
}

bool engine_open(const char *plugin, const char *device_id, const retune_option *options,
                 size_t option_count, engine *out_engine) {
    *out_engine = (engine){.backend = load(plugin)};
    retune_error error = RETUNE_ERROR_INIT;
    retune_device_info info;
    uint32_t index = 0;
    if (!out_engine->backend || !find_device(out_engine->backend, device_id, &index, &info))
        return false;
    snprintf(out_engine->name, sizeof out_engine->name, "%s (%s)", info.id, info.name);
    return good(
        out_engine->backend->device_open(index, options, option_count, &out_engine->device, &error),
        &error, device_id);
}

void engine_close(engine *e) {
    if (e->device)
        e->backend->device_close(e->device);
    e->device = NULL;
}

/* ---- Job ------------------------------------------------------------------------------------ */

/* Operands and result as ops.def orders them. */
static retune_op_kind describe(product kind, const sizes *s, retune_tensor_desc descs[3]) {
    retune_tensor_desc map = {.struct_size = sizeof map, .rank = 4}, x = map, weight = map, y = map;
    int64_t x_shape[] = {s->rows, 1, 1, s->inputs};
    int64_t weight_shape[] = {s->outputs, 1, 1, s->inputs};
    int64_t y_shape[] = {s->rows, 1, 1, s->outputs};
    memcpy(x.shape, x_shape, sizeof x_shape);
    memcpy(weight.shape, weight_shape, sizeof weight_shape);
    memcpy(y.shape, y_shape, sizeof y_shape);
    const retune_tensor_desc of[PRODUCT_COUNT][3] = {
        [PRODUCT_FORWARD] = {x, weight, y},
        [PRODUCT_GRAD_INPUT] = {y, weight, x},
        [PRODUCT_GRAD_WEIGHT] = {x, y, weight},
    };
    static const retune_op_kind kinds[PRODUCT_COUNT] = {
        [PRODUCT_FORWARD] = RETUNE_OP_CONV2D,
        [PRODUCT_GRAD_INPUT] = RETUNE_OP_CONV2D_GRAD_INPUT,
        [PRODUCT_GRAD_WEIGHT] = RETUNE_OP_CONV2D_GRAD_WEIGHT,
    };
    memcpy(descs, of[kind], sizeof of[kind]);
    return kinds[kind];
}

static bool make_tensors(job *j, const float *const operands[2]) {
    const retune_backend *b = j->e->backend;
    retune_error error = RETUNE_ERROR_INIT;
    for (int n = 0; n < 3; n++) {
        retune_usage usage = n < 2 ? RETUNE_USAGE_INPUT : RETUNE_USAGE_OUTPUT;
        if (!good(b->tensor_create(j->e->device, &j->descs[n], usage, 0, &j->tensors[n], &error),
                  &error, "tensor_create"))
            return false;
        if (n < 2 &&
            !good(b->tensor_write(j->tensors[n], 0, j->descs[n].shape[0], operands[n], &error),
                  &error, "tensor_write"))
            return false;
    }
    return true;
}

bool job_create(const engine *e, product kind, const sizes *s, const float *const operands[2],
                job *out_job) {
    *out_job = (job){.e = e};
    retune_op_desc desc = {.struct_size = sizeof desc};
    desc.kind = (uint32_t)describe(kind, s, out_job->descs);
    desc.inputs[0] = &out_job->descs[0];
    desc.inputs[1] = &out_job->descs[1];
    desc.outputs[0] = &out_job->descs[2];
    desc.attributes.convolution = (retune_convolution_attributes){
        .stride_height = 1, .stride_width = 1, .dilation_height = 1, .dilation_width = 1};
    retune_error error = RETUNE_ERROR_INIT;
    bool ok = make_tensors(out_job, operands);
    if (ok) {
        retune_op op = {.struct_size = sizeof op,
                        .desc = &desc,
                        .inputs = {out_job->tensors[0], out_job->tensors[1]},
                        .outputs = {out_job->tensors[2]}};
        const retune_op *ops[] = {&op};
        ok = good(e->backend->program_create(e->device, ops, 1, &out_job->program, &error), &error,
                  "program_create");
    }
    if (!ok)
        job_destroy(out_job);
    return ok;
}

void job_destroy(job *j) {
    const retune_backend *b = j->e->backend;
    if (j->program)
        b->program_destroy(j->program);
    for (int n = 0; n < 3; n++)
        if (j->tensors[n])
            b->tensor_destroy(j->tensors[n]);
    *j = (job){.e = j->e};
}

bool job_run(const job *j) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_run_args args = {.struct_size = sizeof args, .step = 1};
    return good(j->e->backend->program_run(j->program, 0, 1, &args, &error), &error,
                "program_run") &&
           good(j->e->backend->program_wait(j->program, &error), &error, "program_wait");
}

bool job_read(const job *j, float *result) {
    retune_error error = RETUNE_ERROR_INIT;
    return good(j->e->backend->tensor_read(j->tensors[2], 0, j->descs[2].shape[0], result, &error),
                &error, "tensor_read");
}
