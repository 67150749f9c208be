/* The backend plugin ABI: everything a porter implements.
 *
 * A backend owns kernels and memory, and nothing else. It is a shared library that exports one
 * function, `retune_backend_query`, and answers with a constant table of functions. The unit of
 * work is a program: a list of ops over tensors, prepared once and run thousands of times, in
 * ranges. ops.def says what each op computes.
 *
 * Rules for every function here
 *   - It never prints, exits, aborts or throws. It returns a status and, on failure, fills `error`.
 *   - Out-parameters are set to NULL or 0 first, and left so on failure.
 *   - Writes, runs and reads of one device happen as if in one queue, in the order of the calls.
 *   - One thread at a time uses a device and what belongs to it; devices are independent.
 *   - Pointers handed in are read during the call only, unless it says otherwise. */
#ifndef RETUNE_BACKEND_H
#define RETUNE_BACKEND_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The major version must match; a minor version only appends fields, functions and ops. */
#define RETUNE_BACKEND_ABI_MAJOR 1u
#define RETUNE_BACKEND_ABI_MINOR 0u
#define RETUNE_BACKEND_ABI       ((RETUNE_BACKEND_ABI_MAJOR << 16) | RETUNE_BACKEND_ABI_MINOR)

/* ---- Devices ------------------------------------------------------------------------------- */

typedef enum retune_device_type {
    RETUNE_DEVICE_CPU = 0,
    RETUNE_DEVICE_GPU_INTEGRATED = 1,
    RETUNE_DEVICE_GPU_DISCRETE = 2,
    RETUNE_DEVICE_ACCELERATOR = 3
} retune_device_type;

/* Feature bits of a device. */
enum {
    RETUNE_FEATURE_F16_STORAGE = 1u << 0,    /* activations may be stored as fp16 */
    RETUNE_FEATURE_BF16_STORAGE = 1u << 1,   /* activations may be stored as bf16 */
    RETUNE_FEATURE_F16_ARITHMETIC = 1u << 2, /* multiplies fp16 natively */
    RETUNE_FEATURE_DETERMINISTIC = 1u << 3,  /* the same run gives the same bits */
    RETUNE_FEATURE_TIMESTAMPS = 1u << 4,     /* program_times answers */
    RETUNE_FEATURE_HOST_MEMORY = 1u << 5,    /* shares memory with the host; tensor_wrap works */
    RETUNE_FEATURE_MATRIX_UNITS = 1u << 6    /* fp16 products run on units of their own */
};

/* What a backend found out about the drivers it needs. Filled by `probe`. */
typedef struct retune_probe_report {
    uint32_t struct_size;
    uint32_t reserved;
    char library[256]; /* resolved path of the driver library; empty when it needs none */
    char version[128]; /* driver or interface version */
} retune_probe_report;

typedef struct retune_device_info {
    uint32_t struct_size;
    uint32_t type;         /* a retune_device_type */
    uint32_t features;     /* RETUNE_FEATURE_* */
    uint32_t score;        /* orders devices under `auto` only; higher first */
    uint64_t memory_bytes; /* what a program may use, 0 when unknown */
    char id[64];           /* stable on this machine: "cpu/scalar", "vulkan/0" */
    char name[128];        /* for people */
    char vendor[64];
    char driver[128]; /* driver or kernel-set version; part of every cache key */
    char quirks[256]; /* comma-separated names of the workarounds in force */
} retune_device_info;

/* Defined privately by each backend. */
typedef struct retune_backend_device retune_backend_device;
typedef struct retune_backend_tensor retune_backend_tensor;
typedef struct retune_backend_program retune_backend_program;

/* ---- Tensors ------------------------------------------------------------------------------- */

/* What a tensor is for. A hint for placement, and the promise of who writes it. */
typedef enum retune_usage {
    RETUNE_USAGE_INPUT = 0,      /* written by the host before most runs */
    RETUNE_USAGE_CONSTANT = 1,   /* written by the host, seldom; never by an op */
    RETUNE_USAGE_PARAMETER = 2,  /* written by the host once, updated by ops */
    RETUNE_USAGE_STATE = 3,      /* optimiser state, running statistics, accumulators */
    RETUNE_USAGE_ACTIVATION = 4, /* written and read by ops only */
    RETUNE_USAGE_GRADIENT = 5,   /* written and read by ops only */
    RETUNE_USAGE_OUTPUT = 6      /* read by the host after runs */
} retune_usage;

/* ---- Ops ----------------------------------------------------------------------------------- */

typedef enum retune_op_kind {
#define RETUNE_OP(CONSTANT, name, attributes, inputs, outputs) RETUNE_OP_##CONSTANT,
#include "ops.def"
#undef RETUNE_OP
    RETUNE_OP_KIND_COUNT
} retune_op_kind;

typedef enum retune_activation {
    RETUNE_ACTIVATION_NONE = 0,
    RETUNE_ACTIVATION_RELU = 1,
    RETUNE_ACTIVATION_RELU6 = 2
} retune_activation;

typedef enum retune_pooling_kind {
    RETUNE_POOL_AVERAGE = 0,
    RETUNE_POOL_MAX = 1
} retune_pooling_kind;

/* Padding is in elements of the input map. For the gradients the attributes are those of the
 * forward op; `activation` and the epilogue belong to the forward op alone. */
typedef struct retune_convolution_attributes {
    uint32_t stride_height, stride_width;
    uint32_t dilation_height, dilation_width;
    uint32_t pad_top, pad_left, pad_bottom, pad_right;
    uint32_t activation; /* a retune_activation */
} retune_convolution_attributes;

typedef struct retune_pooling_attributes {
    uint32_t kind; /* a retune_pooling_kind */
    uint32_t window_height, window_width;
    uint32_t stride_height, stride_width;
    uint32_t pad_top, pad_left, pad_bottom, pad_right;
} retune_pooling_attributes;

typedef struct retune_activation_attributes {
    uint32_t activation; /* a retune_activation */
} retune_activation_attributes;

typedef struct retune_batch_norm_attributes {
    uint32_t training; /* 0 or 1 */
    float momentum;    /* of the running statistics */
    float epsilon;
} retune_batch_norm_attributes;

typedef struct retune_loss_attributes {
    float label_smoothing; /* 0 <= s < 1 */
} retune_loss_attributes;

typedef struct retune_sgd_attributes {
    float momentum;
    float weight_decay;
} retune_sgd_attributes;

typedef struct retune_adam_attributes {
    float beta1, beta2, epsilon;
    float weight_decay;
    uint32_t decoupled; /* 0: decay joins the gradient; 1: AdamW */
} retune_adam_attributes;

typedef struct retune_fill_attributes {
    float value;
} retune_fill_attributes;

/* The attributes of an op; ops.def says which member it reads. The rest is zero. */
typedef union retune_op_attributes {
    retune_convolution_attributes convolution;
    retune_pooling_attributes pooling;
    retune_activation_attributes activation;
    retune_batch_norm_attributes batch_norm;
    retune_loss_attributes loss;
    retune_sgd_attributes sgd;
    retune_adam_attributes adam;
    retune_fill_attributes fill;
    uint32_t words[24];
} retune_op_attributes;

#define RETUNE_OP_TENSORS_MAX 8

/* What an op is: its kind, its attributes and the shapes it works on. */
typedef struct retune_op_desc {
    uint32_t struct_size;
    uint32_t kind;                                            /* a retune_op_kind */
    const retune_tensor_desc *inputs[RETUNE_OP_TENSORS_MAX];  /* slots of ops.def, NULL: absent */
    const retune_tensor_desc *outputs[RETUNE_OP_TENSORS_MAX]; /* likewise */
    retune_op_attributes attributes;
} retune_op_desc;

/* An op and the tensors it works on, slot by slot as in its description. */
typedef struct retune_op {
    uint32_t struct_size;
    uint32_t reserved;
    const retune_op_desc *desc;
    retune_backend_tensor *inputs[RETUNE_OP_TENSORS_MAX];
    retune_backend_tensor *outputs[RETUNE_OP_TENSORS_MAX];
} retune_op;

/* The answer of op_query. */
typedef struct retune_op_support {
    uint32_t struct_size;
    uint32_t supported;       /* 1: preparing and running this op succeeds, memory aside */
    uint64_t workspace_bytes; /* memory beyond its tensors; programs share the largest */
    char reason[256];         /* why not, when not supported */
} retune_op_support;

/* The few scalars that change from run to run. */
typedef struct retune_run_args {
    uint32_t struct_size;
    float learning_rate;
    uint64_t step; /* optimiser step, counted from 1: the t of Adam's bias correction */
} retune_run_args;

/* ---- The table ----------------------------------------------------------------------------- */

/* All functions are required unless marked optional; an optional one may be NULL. */
typedef struct retune_backend {
    uint32_t struct_size;
    uint32_t abi;        /* RETUNE_BACKEND_ABI of the plugin's build */
    const char *name;    /* "cpu": lower case, the file is retune_<name>.so */
    const char *version; /* of the plugin, for people */

    /* Looks for what the backend needs: driver libraries, permissions, an interface version. OK, or
     * UNAVAILABLE with the reason in `error`. May be called more than once. */
    retune_status (*probe)(retune_probe_report *out_report, retune_error *error);

    /* Devices, numbered from 0, stable for the life of the process. After a probe that was OK. */
    retune_status (*device_count)(uint32_t *out_count, retune_error *error);
    retune_status (*device_info)(uint32_t index, retune_device_info *out_info, retune_error *error);

    /* Opens device `index`. `options` are the keys of the section [backend.<name>]; an unknown key
     * or a value out of range is INVALID. Everything made on the device is destroyed before it
     * is closed. */
    retune_status (*device_open)(uint32_t index, const retune_option *options, size_t option_count,
                                 retune_backend_device **out_device, retune_error *error);
    void (*device_close)(retune_backend_device *device);

    /* Says whether the device does this op, by shapes alone. An answer of "no" is RETUNE_OK with
     * supported = 0 and a reason. */
    retune_status (*op_query)(retune_backend_device *device, const retune_op_desc *op,
                              retune_op_support *out_support, retune_error *error);

    /* Makes a tensor. Tensors with the same non-zero `slot` are never in use at the same time and
     * may share memory; a slot's memory is as large as its largest tensor. Content is undefined
     * until written. Memory may be taken as late as program_create. */
    retune_status (*tensor_create)(retune_backend_device *device, const retune_tensor_desc *desc,
                                   retune_usage usage, uint32_t slot,
                                   retune_backend_tensor **out_tensor, retune_error *error);
    void (*tensor_destroy)(retune_backend_tensor *tensor);

    /* Copies rows [first_row, first_row + rows) along the first dimension between the tensor and
     * dense host memory. A write returns when the host memory may be reused; a read waits for
     * the runs before it and returns when the data is there. */
    retune_status (*tensor_write)(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                  const void *data, retune_error *error);
    retune_status (*tensor_read)(retune_backend_tensor *tensor, int64_t first_row, int64_t rows,
                                 void *data, retune_error *error);

    /* Optional. Makes a tensor that uses host memory in place. The memory is dense, aligned to 64
     * bytes, stays valid until the tensor is destroyed, and no op writes it. */
    retune_status (*tensor_wrap)(retune_backend_device *device, const retune_tensor_desc *desc,
                                 const void *memory, retune_backend_tensor **out_tensor,
                                 retune_error *error);

    /* Prepares a list of ops: compiles kernels, allocates, records. The ops array and the
     * descriptions may be freed afterwards; the tensors outlive the program. An op that op_query
     * refuses is UNSUPPORTED here. */
    retune_status (*program_create)(retune_backend_device *device, const retune_op *const *ops,
                                    size_t op_count, retune_backend_program **out_program,
                                    retune_error *error);
    void (*program_destroy)(retune_backend_program *program);

    /* Enqueues ops [begin, end) in order and returns, maybe before they are done. Any range
     * computes exactly what its ops say: ops may be fused only where nobody can see the difference.
     */
    retune_status (*program_run)(retune_backend_program *program, size_t begin, size_t end,
                                 const retune_run_args *args, retune_error *error);

    /* Waits until everything enqueued is done; reports what went wrong since the last wait. */
    retune_status (*program_wait)(retune_backend_program *program, retune_error *error);

    /* Optional. Time of each op's last run in nanoseconds, `count` = the program's op count; ops
     * that did not run give 0. Measured only when the device was opened with `profiling = on`. */
    retune_status (*program_times)(retune_backend_program *program, uint64_t *out_nanoseconds,
                                   size_t count, retune_error *error);

    /* Optional. Bytes of device memory in use by this process now, and at most so far. */
    retune_status (*device_memory)(retune_backend_device *device, uint64_t *out_current_bytes,
                                   uint64_t *out_peak_bytes, retune_error *error);
} retune_backend;

/* The export of a backend plugin. Pure and cheap: opens no driver, may be called twice. Gives the
 * table, or NULL when the host's major version is not its own. */
typedef const retune_backend *(*retune_backend_query_function)(uint32_t host_abi);
RETUNE_EXPORT const retune_backend *retune_backend_query(uint32_t host_abi);

_Static_assert(sizeof(retune_probe_report) == 392, "ABI layout");
_Static_assert(sizeof(retune_device_info) == 664, "ABI layout");
_Static_assert(sizeof(retune_op_attributes) == 96, "ABI layout");
_Static_assert(sizeof(retune_op_desc) == 8 + 16 * sizeof(void *) + 96, "ABI layout");
_Static_assert(sizeof(retune_op) == 8 + 17 * sizeof(void *), "ABI layout");
_Static_assert(sizeof(retune_op_support) == 272, "ABI layout");
_Static_assert(sizeof(retune_run_args) == 16, "ABI layout");

#ifdef __cplusplus
}
#endif
#endif
