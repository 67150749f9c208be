#include "tuning_file.h"

#include "cache.h"
#include "error.h"
#include "op_slots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_on(const retune_backend_program *program) {
    const backend_gpu_options *o = &program->device->opencl.options;
    return o->tune != BACKEND_TUNE_OFF && o->cache[0];
}

/* ---- The file ------------------------------------------------------------------------------- */

/* Adds the shape of a tensor to a text. */
static size_t shape_text(const retune_tensor_desc *desc, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, ";");
    for (uint32_t d = 0; desc && d < desc->rank && used < size; d++)
        used += (size_t)snprintf(text + used, size - used, "%lld,", (long long)desc->shape[d]);
    return used;
}

/* An op as a text: its kind, attributes and shapes. */
static void op_text(const retune_op_desc *op, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "%s", backend_op_name(op->kind));
    for (size_t w = 0; w < sizeof op->attributes.words / sizeof op->attributes.words[0]; w++)
        used += (size_t)snprintf(text + used, size - used, " %x", op->attributes.words[w]);
    for (uint32_t n = 0; n < RETUNE_OP_TENSORS_MAX && used + 200 < size; n++) {
        used += shape_text(op->inputs[n], text + used, size - used);
        used += shape_text(op->outputs[n], text + used, size - used);
    }
}

static void file_name(const retune_backend_program *program, char name[48]) {
    const clml_device *device = program->device;
    const opencl_candidate *c = device->opencl.info;
    char key[33], ops[33] = "", text[2048], micro_batch[16];
    for (size_t n = 0; n < program->count; n++) {
        op_text(&program->steps[n].bound.desc, text, sizeof text);
        const char *texts[] = {ops, text, NULL};
        backend_cache_key(key, texts);
        memcpy(ops, key, sizeof ops);
    }
    snprintf(micro_batch, sizeof micro_batch, "%u", device->options.micro_batch);
    const char *texts[] = {"retune clml 1",
                           device->version,
                           c->name,
                           c->vendor,
                           c->driver,
                           c->platform_name,
                           c->platform_version,
                           device->options.provider,
                           micro_batch,
                           ops,
                           NULL};
    backend_cache_key(key, texts);
    snprintf(name, 48, "%s.clml", key);
}

retune_status clml_tuning_load(retune_backend_program *program, retune_error *error) {
    const clml_table *ml = program->device->ml;
    char name[48];
    size_t bytes = 0;
    if (!is_on(program))
        return RETUNE_OK;
    file_name(program, name);
    unsigned char *data = backend_cache_read(program->device->opencl.options.cache, name, &bytes);
    if (!data)
        return RETUNE_OK;
    retune_status status = clml_check(ml->make_cache(&program->cache), "a tuning cache", error);
    if (status == RETUNE_OK && ml->load_cache(program->cache, bytes, data) != CL_SUCCESS) {
        ml->release_cache(program->cache);
        program->cache = NULL;
    }
    free(data);
    return status;
}

static retune_status save(retune_backend_program *program, clml_cache_handle cache,
                          retune_error *error) {
    const clml_table *ml = program->device->ml;
    char name[48];
    size_t bytes = 0;
    retune_status status =
        clml_check(ml->save_cache(cache, 0, NULL, &bytes), "the size of a tuning cache", error);
    if (status != RETUNE_OK || bytes == 0)
        return status;
    unsigned char *data = malloc(bytes);
    if (!data)
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a tuning cache");
    status = clml_check(ml->save_cache(cache, bytes, data, NULL), "a tuning cache", error);
    if (status == RETUNE_OK) {
        file_name(program, name);
        backend_cache_write(program->device->opencl.options.cache, name, data, bytes);
    }
    free(data);
    return status;
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static retune_status tune_step(retune_backend_program *program, const clml_step *step,
                               cl_command_queue queue, clml_cache_handle cache,
                               retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < step->op_count && status == RETUNE_OK; n++)
        status = clml_check(
            program->device->ml->tune_op(queue, step->ops[n].handle, program->sets[0], cache, NULL),
            "tuning", error);
    return status;
}

/* Drivers tune on a queue that profiles. */
static retune_status tune_all(retune_backend_program *program, clml_cache_handle cache,
                              retune_error *error) {
    struct retune_backend_device *device = &program->device->opencl;
    cl_int code;
    cl_command_queue queue = cl.clCreateCommandQueue(device->context, device->info->id,
                                                     CL_QUEUE_PROFILING_ENABLE, &code);
    if (!queue)
        return clml_check(code, "a queue to tune on", error);
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < program->count && status == RETUNE_OK; n++)
        status = tune_step(program, &program->steps[n], queue, cache, error);
    if (status == RETUNE_OK)
        status = clml_check(cl.clFinish(queue), "tuning", error);
    cl.clReleaseCommandQueue(queue);
    return status;
}

retune_status clml_tuning_measure(retune_backend_program *program, bool *out_measured,
                                  retune_error *error) {
    const clml_table *ml = program->device->ml;
    clml_cache_handle cache = NULL;
    *out_measured = false;
    if (!is_on(program) || program->device->opencl.options.tune != BACKEND_TUNE_FULL ||
        program->view_count == 0)
        return RETUNE_OK;
    retune_status status = clml_check(ml->make_cache(&cache), "a tuning cache", error);
    if (status == RETUNE_OK)
        status = tune_all(program, cache, error);
    if (status == RETUNE_OK)
        status = save(program, cache, error);
    if (cache)
        ml->release_cache(cache);
    *out_measured = status == RETUNE_OK;
    return status;
}
