#include "cooperative.h"

#include "tile.h"

#include <stdlib.h>
#include <string.h>

/* ---- VK_KHR_cooperative_matrix -------------------------------------------------------------- */

/* Declared here: headers before Vulkan 1.3.255 do not have them. From the registry of Khronos. */
#define KHR_EXTENSION_NAME "VK_KHR_cooperative_matrix"
#define KHR_FEATURES       ((VkStructureType)1000506000)
#define KHR_PROPERTIES     ((VkStructureType)1000506001)

typedef struct khr_properties {
    VkStructureType sType;
    void *pNext;
    uint32_t m, n, k;
    uint32_t a_type, b_type, c_type, result_type; /* numbered as VkComponentTypeNV */
    VkBool32 saturating;
    uint32_t scope; /* numbered as VkScopeNV */
} khr_properties;

typedef VkResult(VKAPI_PTR *khr_get_properties)(VkPhysicalDevice physical, uint32_t *count,
                                                khr_properties *properties);

/* ---- What a device offers ------------------------------------------------------------------- */

enum { SIDE = 16, SIZES_MAX = 256 };

static bool is_wanted(const khr_properties *p) {
    return p->m == SIDE && p->n == SIDE && p->k == SIDE &&
           p->a_type == VK_COMPONENT_TYPE_FLOAT16_NV && p->b_type == VK_COMPONENT_TYPE_FLOAT16_NV &&
           p->c_type == VK_COMPONENT_TYPE_FLOAT32_NV &&
           p->result_type == VK_COMPONENT_TYPE_FLOAT32_NV && !p->saturating &&
           p->scope == VK_SCOPE_SUBGROUP_NV;
}

static bool has_size_khr(VkPhysicalDevice physical) {
    khr_properties list[SIZES_MAX];
    uint32_t count = SIZES_MAX;
    khr_get_properties get = (khr_get_properties)vk.vkGetInstanceProcAddr(
        vk.instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    for (uint32_t n = 0; n < SIZES_MAX; n++)
        list[n] = (khr_properties){.sType = KHR_PROPERTIES};
    bool asked = get && get(physical, &count, list) >= VK_SUCCESS, found = false;
    for (uint32_t n = 0; n < count && asked && !found; n++)
        found = is_wanted(&list[n]);
    return found;
}

static bool has_size_nv(VkPhysicalDevice physical) {
    VkCooperativeMatrixPropertiesNV list[SIZES_MAX];
    uint32_t count = SIZES_MAX;
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesNV get =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesNV)vk.vkGetInstanceProcAddr(
            vk.instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesNV");
    for (uint32_t n = 0; n < SIZES_MAX; n++)
        list[n] = (VkCooperativeMatrixPropertiesNV){
            .sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_NV};
    bool asked = get && get(physical, &count, list) >= VK_SUCCESS, found = false;
    for (uint32_t n = 0; n < count && asked && !found; n++) {
        const VkCooperativeMatrixPropertiesNV *p = &list[n];
        found = is_wanted(&(khr_properties){.m = p->MSize,
                                            .n = p->NSize,
                                            .k = p->KSize,
                                            .a_type = p->AType,
                                            .b_type = p->BType,
                                            .c_type = p->CType,
                                            .result_type = p->DType,
                                            .scope = p->scope});
    }
    return found;
}

static bool has_subgroups(VkPhysicalDevice physical) {
    const VkSubgroupFeatureFlags wanted =
        VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                       .pNext = &subgroup};
    vk.vkGetPhysicalDeviceProperties2(physical, &all);
    return subgroup.subgroupSize == BACKEND_SUBGROUP &&
           subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT &&
           (subgroup.supportedOperations & wanted) == wanted;
}

static bool has_features(const vulkan_candidate *c, vulkan_cooperative kind) {
    vulkan_cooperative_features f;
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
    vulkan_cooperative_request(kind, &f, &info);
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                     .pNext = &f.matrix};
    f.matrix.matrix = f.model.vulkanMemoryModel = f.half.shaderFloat16 = VK_FALSE;
    for (size_t n = 0; n < VULKAN_COOPERATIVE_EXTENSIONS; n++)
        if (!vulkan_platform_has_extension(c->physical, f.extensions[n]))
            return false;
    vk.vkGetPhysicalDeviceFeatures2(c->physical, &all);
    return f.matrix.matrix && f.model.vulkanMemoryModel && f.half.shaderFloat16;
}

vulkan_cooperative vulkan_cooperative_find(const vulkan_candidate *c) {
    if (!c->storage16 || !has_subgroups(c->physical))
        return VULKAN_COOPERATIVE_NONE;
    if (has_features(c, VULKAN_COOPERATIVE_KHR) && has_size_khr(c->physical))
        return VULKAN_COOPERATIVE_KHR;
    if (has_features(c, VULKAN_COOPERATIVE_NV) && has_size_nv(c->physical))
        return VULKAN_COOPERATIVE_NV;
    return VULKAN_COOPERATIVE_NONE;
}

void vulkan_cooperative_request(vulkan_cooperative kind, vulkan_cooperative_features *f,
                                VkDeviceCreateInfo *info) {
    bool khr = kind == VULKAN_COOPERATIVE_KHR;
    if (kind == VULKAN_COOPERATIVE_NONE)
        return;
    *f = (vulkan_cooperative_features){
        .extensions = {khr ? KHR_EXTENSION_NAME : VK_NV_COOPERATIVE_MATRIX_EXTENSION_NAME,
                       VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME,
                       VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME},
        .half = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
                 .pNext = (void *)(uintptr_t)info->pNext,
                 .shaderFloat16 = VK_TRUE},
        .model = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
                  .pNext = &f->half,
                  .vulkanMemoryModel = VK_TRUE},
        .matrix = {.sType = khr ? KHR_FEATURES
                                : VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV,
                   .pNext = &f->model,
                   .matrix = VK_TRUE}};
    info->pNext = &f->matrix;
    info->enabledExtensionCount = VULKAN_COOPERATIVE_EXTENSIONS;
    info->ppEnabledExtensionNames = f->extensions;
}

/* ---- Translation ---------------------------------------------------------------------------- */

/* Numbers of SPIR-V, of SPV_NV_cooperative_matrix and of SPV_KHR_cooperative_matrix. */
enum {
    OP_EXTENSION = 10,
    OP_CAPABILITY = 17,
    OP_TYPE_INT = 21,
    OP_CONSTANT = 43,
    OP_SPEC_CONSTANT_OP = 52,
    OP_FUNCTION = 54,
    OP_DECORATE = 71,
    OP_SELECT = 169,
    DECORATION_SPEC_ID = 1,
    NV_TYPE = 5358,
    NV_LOAD = 5359,
    NV_STORE = 5360,
    NV_MULTIPLY = 5361,
    NV_CAPABILITY = 5357,
    KHR_TYPE = 4456,
    KHR_LOAD = 4457,
    KHR_STORE = 4458,
    KHR_MULTIPLY = 4459,
    KHR_CAPABILITY = 6022,
    HEAD = 5, /* words before the first instruction */
    BOUND = 3 /* the one that is above every id */
};

/* The extent along k is a constant with this id in shaders/cooperative.comp: it tells a from b. */
enum { SPEC_SIDE_K = 22 };

/* What a matrix is used as: part of its type in the KHR extension alone. */
enum { USE_A = 0, USE_B = 1, USE_SUM = 2, USES = 3 };

enum { LAYOUTS_MAX = 8 };

typedef struct translation {
    const uint32_t *code;
    size_t words;
    uint32_t *out;
    size_t out_words, capacity;
    bool failed;
    uint32_t bound, unsigned_type, side_k;
    uint32_t uses[USES]; /* ids of the constants 0, 1, 2 */
    /* Where NV has a constant that is true for columns that are contiguous, KHR has one that is 1.
     */
    uint32_t column_major[LAYOUTS_MAX], layout[LAYOUTS_MAX];
    size_t layout_count;
} translation;

static void put(translation *t, uint32_t word) {
    if (t->out_words == t->capacity)
        t->failed = true;
    else
        t->out[t->out_words++] = word;
}

/* An instruction of `count` words, the first of which says what it is. */
static void put_all(translation *t, uint32_t op, const uint32_t *operands, size_t count) {
    put(t, (uint32_t)(count + 1) << 16 | op);
    for (size_t n = 0; n < count; n++)
        put(t, operands[n]);
}

#define PUT(t, op, ...)                                                                            \
    put_all(t, op, (const uint32_t[]){__VA_ARGS__},                                                \
            sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void put_type(translation *t, const uint32_t *in) {
    const uint32_t id = in[1], component = in[2], scope = in[3], rows = in[4], columns = in[5];
    const uint32_t use = columns == t->side_k ? USE_A : rows == t->side_k ? USE_B : USE_SUM;
    t->failed |= t->unsigned_type == 0 || t->side_k == 0;
    for (uint32_t u = 0; u < USES && t->uses[u] == 0; u++) {
        t->uses[u] = t->bound++;
        PUT(t, OP_CONSTANT, t->unsigned_type, t->uses[u], u);
    }
    PUT(t, KHR_TYPE, id, component, scope, rows, columns, t->uses[use]);
}

/* The id of the layout for a constant that is true or false. */
static uint32_t layout_of(translation *t, uint32_t column_major) {
    for (size_t n = 0; n < t->layout_count; n++)
        if (t->column_major[n] == column_major)
            return t->layout[n];
    if (t->layout_count == LAYOUTS_MAX) {
        t->failed = true;
        return 0;
    }
    t->column_major[t->layout_count] = column_major;
    t->layout[t->layout_count] = t->bound++;
    return t->layout[t->layout_count++];
}

/* Constants stand before the first function: the layouts that loads and stores will ask for. */
static void put_layouts(translation *t, size_t at) {
    for (uint32_t length; at < t->words; at += length) {
        const uint32_t *in = t->code + at, op = in[0] & 0xffff;
        length = in[0] >> 16;
        if (op == NV_LOAD || op == NV_STORE)
            layout_of(t, in[op == NV_LOAD ? 5 : 4]);
    }
    for (size_t n = 0; n < t->layout_count; n++)
        PUT(t, OP_SPEC_CONSTANT_OP, t->unsigned_type, t->layout[n], OP_SELECT, t->column_major[n],
            t->uses[1], t->uses[0]);
}

static void put_access(translation *t, const uint32_t *in, uint32_t length, bool load) {
    const uint32_t first =
        load ? 4 : 3; /* the stride; before it results and operands as they are */
    put(t, (length << 16) | (load ? KHR_LOAD : KHR_STORE));
    for (uint32_t n = 1; n < first; n++)
        put(t, in[n]);
    put(t, layout_of(t, in[first + 1]));
    put(t, in[first]);
    for (uint32_t n = first + 2; n < length; n++)
        put(t, in[n]);
}

static void put_extension(translation *t, const uint32_t *in, uint32_t length) {
    static const char nv[] = "SPV_NV_cooperative_matrix", khr[] = "SPV_KHR_cooperative_matrix";
    uint32_t name[sizeof khr / 4 + 1] = {0};
    if (length - 1 > sizeof name / 4 || strncmp((const char *)(in + 1), nv, sizeof nv) != 0) {
        put_all(t, OP_EXTENSION, in + 1, length - 1);
        return;
    }
    memcpy(name, khr, sizeof khr);
    put_all(t, OP_EXTENSION, name, (sizeof khr + 3) / 4);
}

static void put_instruction(translation *t, size_t at) {
    const uint32_t *in = t->code + at, op = in[0] & 0xffff, length = in[0] >> 16;
    if (op == OP_TYPE_INT && in[2] == 32 && in[3] == 0)
        t->unsigned_type = in[1];
    if (op == OP_DECORATE && in[2] == DECORATION_SPEC_ID && in[3] == SPEC_SIDE_K)
        t->side_k = in[1];
    if (op == OP_FUNCTION && t->layout_count == 0)
        put_layouts(t, at);
    if (op == OP_CAPABILITY && in[1] == NV_CAPABILITY)
        PUT(t, OP_CAPABILITY, KHR_CAPABILITY);
    else if (op == OP_EXTENSION)
        put_extension(t, in, length);
    else if (op == NV_TYPE)
        put_type(t, in);
    else if (op == NV_LOAD || op == NV_STORE)
        put_access(t, in, length, op == NV_LOAD);
    else
        put_all(t, op == NV_MULTIPLY ? KHR_MULTIPLY : op, in + 1, length - 1);
}

/* Every instruction has a length and lies inside. */
static bool is_whole(const uint32_t *code, size_t words) {
    size_t at = HEAD;
    while (at < words && code[at] >> 16 != 0)
        at += code[at] >> 16;
    return at == words;
}

bool vulkan_cooperative_uses(const uint32_t *code, size_t words) {
    if (!is_whole(code, words))
        return false;
    for (size_t at = HEAD; at < words && (code[at] & 0xffff) == OP_CAPABILITY; at += 2)
        if (code[at + 1] == NV_CAPABILITY)
            return true;
    return false;
}

uint32_t *vulkan_cooperative_translate(const uint32_t *code, size_t words, size_t *out_words) {
    translation t = {.code = code, .words = words, .capacity = words + 128, .bound = code[BOUND]};
    *out_words = 0;
    t.out = is_whole(code, words) ? malloc(t.capacity * sizeof *t.out) : NULL;
    if (!t.out)
        return NULL;
    for (size_t n = 0; n < HEAD; n++)
        put(&t, code[n]);
    for (size_t at = HEAD; at < words; at += code[at] >> 16)
        put_instruction(&t, at);
    t.out[BOUND] = t.bound;
    if (t.failed) {
        free(t.out);
        return NULL;
    }
    *out_words = t.out_words;
    return t.out;
}
