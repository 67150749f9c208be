#include "view.h"

#include "error.h"
#include "program.h"

#include <stdlib.h>

/* ---- Making --------------------------------------------------------------------------------- */

static retune_status add(retune_backend_program *program, clml_view view, clml_view **out_view,
                         retune_error *error) {
    const clml_device *device = program->device;
    const clml_tensor_desc desc = clml_shape_desc(view.shape, CLML_LAYOUT_OPTIMAL);
    *out_view = NULL;
    clml_view **views = realloc(program->views, (program->view_count + 1) * sizeof *program->views);
    if (views)
        program->views = views;
    clml_view *made = malloc(sizeof *made);
    if (!views || !made) {
        free(made);
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a view of a tensor");
    }
    *made = view;
    retune_status status =
        clml_check_made(device->ml->make_tensor(device->opencl.context, NULL, &desc, &made->handle),
                        "a tensor", error);
    if (status != RETUNE_OK) {
        free(made);
        return status;
    }
    program->views[program->view_count++] = *out_view = made;
    return RETUNE_OK;
}

retune_status clml_view_of(retune_backend_program *program, retune_backend_tensor *tensor,
                           clml_role role, clml_view **out_view, retune_error *error) {
    const backend_tensor_base *base = backend_tensor_base_of(tensor);
    clml_view view = {.program = program, .tensor = tensor, .role = role};
    view.shape = clml_layout(&base->desc, role, program->device->options.micro_batch, &view.pieces);
    view.key = program->device->options.reuse ? base->block->slot : 0;
    for (size_t n = 0; n < program->view_count; n++) {
        clml_view *known = program->views[n];
        if (known->tensor == tensor && known->pieces == view.pieces &&
            clml_shape_equal(known->shape, view.shape)) {
            *out_view = known;
            return RETUNE_OK;
        }
    }
    return add(program, view, out_view, error);
}

retune_status clml_view_make(retune_backend_program *program, clml_shape shape, uint32_t pieces,
                             uint32_t key, clml_view **out_view, retune_error *error) {
    const clml_view view = {.program = program, .shape = shape, .pieces = pieces, .key = key};
    return add(program, view, out_view, error);
}

clml_view *clml_view_find(const retune_backend_program *program,
                          const retune_backend_tensor *tensor) {
    for (size_t n = 0; n < program->view_count; n++)
        if (program->views[n]->tensor == tensor)
            return program->views[n];
    return NULL;
}

/* ---- Memory --------------------------------------------------------------------------------- */

retune_status clml_view_size(const clml_view *view, size_t *out_bytes, retune_error *error) {
    const clml_device *device = view->program->device;
    cl_uint bytes = 0;
    *out_bytes = 0;
    retune_status status =
        clml_check_made(device->ml->tensor_size(device->opencl.context, view->handle, &bytes),
                        "the size of a tensor", error);
    if (status == RETUNE_OK && bytes == 0)
        return backend_fail(error, RETUNE_UNSUPPORTED, "the driver wants 0 bytes for a tensor");
    *out_bytes = bytes;
    return status;
}

static clml_block *find_block(const retune_backend_program *program, uint32_t key) {
    clml_block *block = key ? program->blocks : NULL;
    while (block && block->key != key)
        block = block->next;
    return block;
}

/* Room for more pieces in a block. */
static bool grow(clml_block *block, uint32_t pieces) {
    if (pieces <= block->pieces)
        return true;
    cl_mem *memory = realloc(block->memory, pieces * sizeof *memory);
    if (memory)
        block->memory = memory;
    size_t *bytes = realloc(block->bytes, pieces * sizeof *bytes);
    if (bytes)
        block->bytes = bytes;
    if (!memory || !bytes)
        return false;
    for (; block->pieces < pieces; block->pieces++) {
        block->memory[block->pieces] = NULL;
        block->bytes[block->pieces] = 0;
    }
    return true;
}

/* Gives a view its block, and notes what the block must hold. */
static retune_status plan(retune_backend_program *program, clml_view *view, retune_error *error) {
    retune_status status = clml_view_size(view, &view->bytes, error);
    if (status != RETUNE_OK)
        return status;
    clml_block *block = find_block(program, view->key);
    if (!block) {
        block = calloc(1, sizeof *block);
        if (!block)
            return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a block");
        block->key = view->key;
        block->next = program->blocks;
        program->blocks = block;
    }
    view->block = block;
    if (!grow(block, view->pieces))
        return backend_fail(error, RETUNE_OUT_OF_MEMORY, "out of memory: a block");
    for (uint32_t p = 0; p < view->pieces; p++)
        if (block->bytes[p] < view->bytes)
            block->bytes[p] = view->bytes;
    return RETUNE_OK;
}

retune_status clml_views_allocate(retune_backend_program *program, retune_error *error) {
    retune_status status = RETUNE_OK;
    for (size_t n = 0; n < program->view_count && status == RETUNE_OK; n++)
        status = plan(program, program->views[n], error);
    for (clml_block *block = program->blocks; block; block = block->next)
        for (uint32_t p = 0; p < block->pieces && status == RETUNE_OK; p++)
            status = opencl_device_take(&program->device->opencl, block->bytes[p], "a tensor",
                                        &block->memory[p], error);
    return status;
}

static void release_block(retune_backend_program *program, clml_block *block) {
    for (uint32_t p = 0; p < block->pieces; p++)
        opencl_device_give_back(&program->device->opencl, block->memory[p], block->bytes[p]);
    free(block->memory);
    free(block->bytes);
    free(block);
}

void clml_views_release(retune_backend_program *program) {
    for (size_t n = 0; n < program->view_count; n++) {
        program->device->ml->release_tensor(program->views[n]->handle);
        free(program->views[n]);
    }
    free(program->views);
    program->views = NULL;
    program->view_count = 0;
    while (program->blocks) {
        clml_block *block = program->blocks;
        program->blocks = block->next;
        release_block(program, block);
    }
}

cl_mem clml_view_memory(const clml_view *view, uint32_t piece) {
    return view->block->memory[piece < view->pieces ? piece : 0];
}
