#include "required.h"

#include "base/tensor_desc.h"

#include <string.h>

typedef struct requirement {
    const char *device_prefix, *op, *types;
} requirement;

static const requirement requirements[] = {
#define REQUIRED(device_prefix, op, types) {device_prefix, #op, types},
#include "required.def"
#undef REQUIRED
};

/* True when `types`, words between spaces, has the name of `dtype`. */
static bool lists_type(const char *types, uint32_t dtype) {
    const char *name = retune_dtype_text(dtype);
    while (*(types += strspn(types, " "))) {
        const size_t length = strcspn(types, " ");
        if (length == strlen(name) && strncmp(types, name, length) == 0)
            return true;
        types += length;
    }
    return false;
}

bool required_of(const char *device_id, const op_case *op) {
    for (size_t r = 0; r < sizeof requirements / sizeof requirements[0]; r++) {
        const requirement *row = &requirements[r];
        if (strncmp(device_id, row->device_prefix, strlen(row->device_prefix)) != 0 ||
            strcmp(row->op, op_info_of(op->kind)->name) != 0)
            continue;
        bool all = true;
        for (uint32_t s = 0; s < RETUNE_OP_TENSORS_MAX; s++)
            all = all && (!op->inputs[s].rank || lists_type(row->types, op->inputs[s].dtype)) &&
                  (!op->outputs[s].rank || lists_type(row->types, op->outputs[s].dtype));
        if (all)
            return true;
    }
    return false;
}
