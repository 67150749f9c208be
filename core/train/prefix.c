#include "train/prefix.h"

#include "base/memory.h"
#include "base/tensor_desc.h"
#include "graph/constants.h"

#include <string.h>

void retune_prefix_close(retune_prefix *prefix) {
    retune_executable_destroy(prefix->executable);
    free(prefix->images);
    free(prefix->features);
    memset(prefix, 0, sizeof *prefix);
}

retune_status retune_prefix_open(const retune_device *device, const retune_model *model,
                                 const retune_plan *plan, retune_prefix *out_prefix,
                                 retune_error *error) {
    memset(out_prefix, 0, sizeof *out_prefix);
    size_t image_bytes = 0, feature_elements = 0;
    out_prefix->plan = plan;
    retune_status status =
        retune_desc_bytes(&plan->graph->values[plan->images].desc, &image_bytes, error);
    if (status == RETUNE_OK)
        status = retune_desc_elements(&plan->graph->values[plan->features].desc, &feature_elements,
                                      error);
    if (status == RETUNE_OK)
        status = retune_allocate_aligned(image_bytes, "images", &out_prefix->images, error);
    if (status == RETUNE_OK)
        status = retune_allocate_aligned(feature_elements * sizeof(float), "features",
                                         &out_prefix->features, error);
    if (status == RETUNE_OK)
        status = retune_executable_create(device, plan->graph, model, RETUNE_NO_VALUE, NULL,
                                          &out_prefix->executable, error);
    out_prefix->batch = (size_t)plan->batch;
    out_prefix->image_bytes = image_bytes / out_prefix->batch;
    out_prefix->row_elements = feature_elements / out_prefix->batch;
    if (status != RETUNE_OK)
        retune_prefix_close(out_prefix);
    return status;
}

retune_status retune_prefix_run(retune_prefix *prefix, size_t count, retune_error *error) {
    const retune_plan *plan = prefix->plan;
    RETUNE_TRY(retune_executable_write(prefix->executable, plan->images, 0, (int64_t)count,
                                       prefix->images, error));
    RETUNE_TRY(retune_executable_run(prefix->executable, plan->forward, 0.0f, 0, error));
    return retune_executable_read(prefix->executable, plan->features, 0, (int64_t)count,
                                  prefix->features, error);
}

/* Several devices: who runs each op, by id and driver. */
static retune_status hash_placement(retune_hasher *hasher, const retune_device *first,
                                    const retune_graph *graph, retune_error *error) {
    retune_placement placement;
    RETUNE_TRY(retune_executable_place(first, graph, &placement, error));
    for (size_t n = 0; n < graph->node_count; n++) {
        const retune_device *device = first;
        for (size_t number = placement.device[n]; number > 0; number--)
            device = device->next;
        retune_hasher_update(hasher, device->info.id, strlen(device->info.id) + 1);
        retune_hasher_update(hasher, device->info.driver, strlen(device->info.driver) + 1);
    }
    retune_placement_free(&placement);
    return RETUNE_OK;
}

/* A description without its padding and pointers. */
static void hash_desc(retune_hasher *hasher, const retune_tensor_desc *desc) {
    retune_hasher_update(hasher, &desc->dtype, sizeof desc->dtype);
    retune_hasher_update(hasher, desc->shape, sizeof desc->shape);
}

static retune_status hash_values(retune_hasher *hasher, const retune_model *model,
                                 const retune_graph *graph, retune_error *error) {
    for (size_t v = 0; v < graph->value_count; v++) {
        const retune_value *value = &graph->values[v];
        hash_desc(hasher, &value->desc);
        if (value->source == RETUNE_SOURCE_NONE)
            continue;
        size_t elements = 0;
        float *content = NULL;
        RETUNE_TRY(retune_desc_elements(&value->desc, &elements, error));
        RETUNE_TRY(retune_allocate(elements, sizeof *content, "parameters", &content, error));
        retune_constant_fill(model, value, content);
        retune_hasher_update(hasher, content, elements * sizeof *content);
        free(content);
    }
    return RETUNE_OK;
}

retune_status retune_prefix_hash(const retune_device *device, const retune_model *model,
                                 const retune_plan *plan, retune_hash *out_hash,
                                 retune_error *error) {
    /* Raised when features come out differently for another reason than those hashed here. */
    static const char version[] = "retune features 1";
    const retune_graph *graph = plan->graph;
    retune_hasher *hasher = NULL;
    memset(out_hash, 0, sizeof *out_hash);
    RETUNE_TRY(retune_hasher_open(&hasher, error));
    retune_hasher_update(hasher, version, sizeof version);
    retune_hasher_update(hasher, device->info.id, strlen(device->info.id) + 1);
    retune_hasher_update(hasher, device->info.driver, strlen(device->info.driver) + 1);
    for (size_t n = 0; n < graph->node_count; n++) {
        const retune_node *node = &graph->nodes[n];
        retune_hasher_update(hasher, &node->kind, sizeof node->kind);
        retune_hasher_update(hasher, node->inputs, sizeof node->inputs);
        retune_hasher_update(hasher, node->outputs, sizeof node->outputs);
        retune_hasher_update(hasher, &node->attributes, sizeof node->attributes);
    }
    retune_status status = hash_values(hasher, model, graph, error);
    if (status == RETUNE_OK && device->next)
        status = hash_placement(hasher, device, graph, error);
    if (status == RETUNE_OK)
        *out_hash = retune_hasher_digest(hasher);
    retune_hasher_close(hasher);
    return status;
}
