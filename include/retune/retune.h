/* The embedding API of retune: open a job, inspect it, train, evaluate, predict.
 *
 * A job is an INI file plus overrides; retune_setting_count/_describe list every key. Functions
 * return a status and fill the caller's error object; nothing prints, exits or aborts. A job or a
 * predictor belongs to one thread at a time. Progress arrives as events in a callback. */
#ifndef RETUNE_H
#define RETUNE_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RETUNE_VERSION_MAJOR 0
#define RETUNE_VERSION_MINOR 1
#define RETUNE_VERSION_PATCH 0

#define RETUNE_API RETUNE_EXPORT

/* "0.1.0" */
RETUNE_API const char *retune_version(void);

/* "out of memory", "corrupt file", ...: a status for people. */
RETUNE_API const char *retune_status_text(retune_status status);

/* ---- Events -------------------------------------------------------------------------------- */

typedef enum retune_event_kind {
    RETUNE_EVENT_MODEL,        /* the model is built: parameter counts */
    RETUNE_EVENT_DATA,         /* the data set is scanned and split */
    RETUNE_EVENT_DEVICE,       /* the device is chosen */
    RETUNE_EVENT_PROGRESS,     /* work goes on: a phase, done of total */
    RETUNE_EVENT_EVAL,         /* the test set was evaluated */
    RETUNE_EVENT_EPOCH,        /* a training epoch is over */
    RETUNE_EVENT_NOTICE,       /* something the reader should know: a skipped image, a fallback */
    RETUNE_EVENT_PROBLEM,      /* `check` found a fault; the check goes on */
    RETUNE_EVENT_PLAN,         /* `check` knows what training would take */
    RETUNE_EVENT_DONE,         /* the job is over */
    RETUNE_EVENT_BENCH,        /* `bench` measured a part of the job */
    RETUNE_EVENT_BENCH_PEAK,   /* what the device reaches at best */
    RETUNE_EVENT_BENCH_OP,     /* what one op takes */
    RETUNE_EVENT_PLACEMENT,    /* ops run on several devices: who runs what, and what that costs */
    RETUNE_EVENT_COMPARE,      /* `compare` begins: two devices and what they will do */
    RETUNE_EVENT_COMPARE_OP,   /* one op on both, from the same input */
    RETUNE_EVENT_COMPARE_STEP, /* one training step on both */
    RETUNE_EVENT_COMPARE_TEST, /* both predicted the same test images */
    RETUNE_EVENT_COMPARE_END   /* the verdict */
} retune_event_kind;

typedef enum retune_phase {
    RETUNE_PHASE_SCAN,     /* reading the data set's folders and files */
    RETUNE_PHASE_FEATURES, /* running the frozen layers once over every image */
    RETUNE_PHASE_TRAIN,
    RETUNE_PHASE_EVALUATE,
    RETUNE_PHASE_BENCH,    /* measuring */
    RETUNE_PHASE_COMPARE,  /* op by op, then step by step */
    RETUNE_PHASE_SELF_TEST /* ops of known answers, on a device before its first use */
} retune_phase;

/* A backend that was tried before the chosen one, and why it was passed over. */
typedef struct retune_refusal {
    const char *backend;
    const char *reason;
} retune_refusal;

/* Ops that one device runs on end. */
typedef struct retune_placed_range {
    const char *device;       /* "cpu/simd" */
    const char *first, *last; /* "conv2d (conv_pw_13)" */
    uint64_t ops;
} retune_placed_range;

/* A tensor that is carried from one device to another, through the host. */
typedef struct retune_crossing {
    const char *tensor, *from, *to;
    uint64_t bytes;
    double seconds; /* measured */
} retune_crossing;

/* One event. Pointers are valid during the callback only. */
typedef struct retune_event {
    uint32_t struct_size;
    uint32_t kind; /* a retune_event_kind: which member of the union is set */
    union {
        struct {
            uint64_t total, trainable, non_trainable; /* parameters */
        } model;
        struct {
            uint32_t classes;
            uint64_t train, test; /* images */
            uint64_t skipped;     /* images left out by bad_images = skip */
        } data;
        struct {
            const char *backend, *device; /* "cpu", "cpu/simd" */
            const char *name, *driver;
            const retune_refusal *refusals;
            size_t refusal_count;
            const char *self_test; /* "passed: 22 ops", or what is in quarantine */
        } device;
        struct {
            uint32_t phase; /* a retune_phase */
            uint32_t epoch; /* from 1; 0 outside of epochs */
            uint64_t done, total;
            const char *unit; /* "images", "steps" */
            double seconds;   /* since the phase began */
        } progress;
        struct {
            uint32_t epoch; /* 0: before training */
            uint64_t correct, total;
            double accuracy, loss;
        } eval;
        struct {
            uint32_t epoch, epochs;
            double loss, accuracy; /* over the training images, as they were seen */
            double seconds, images_per_second;
            double learning_rate; /* of the last step */
        } epoch;
        struct {
            uint32_t status; /* of a PROBLEM: what kind of fault */
            const char *text;
        } message;
        struct {
            uint64_t memory_bytes; /* peak host memory, planned */
            uint64_t device_bytes; /* device memory, planned */
            uint64_t cache_bytes;  /* feature cache, 0 when off */
            uint64_t steps_per_epoch;
            double flops_per_step, flops_per_image_prefix;
            double seconds_features, seconds_per_epoch; /* estimated, decoding not counted */
        } plan;
        struct {
            double accuracy, best_accuracy; /* on the test images: last and best epoch */
            uint32_t epochs, best_epoch;
            double seconds;
            uint64_t peak_memory_bytes; /* of this process */
            const char *model;          /* path of the best model */
            const char *report;         /* path of report.html; NULL: it could not be written */
        } done;
        struct {
            /* "prefix": the frozen layers on images the device has already; "prefix_upload": with
             * the images written from host memory; "step": forward, gradient and update on cached
             * features, with what the host writes and reads; "step_device": without that;
             * "step_uncached": a step that runs the frozen layers first; "evaluate": the forward
             * pass on cached features. Without frozen layers there are no prefix figures, and
             * steps see images. */
            const char *what;
            uint64_t images;     /* of one run */
            double milliseconds; /* of one run: the median of the repetitions */
            double spread;       /* interquartile range of the repetitions over their median */
            double images_per_second;
            uint64_t repetitions;
        } bench;
        struct {
            double flops_per_second, bytes_per_second; /* 0: the device has no such op */
            const char *flops_of, *bytes_of;           /* what was run to find out */
        } bench_peak;
        struct {
            const char *part; /* "prefix", "step"; the slowest op of a part comes first */
            const char *layer, *op;
            uint32_t rank; /* of its first output */
            uint32_t reserved;
            int64_t shape[RETUNE_RANK_MAX];
            uint64_t images;     /* of one run */
            double microseconds; /* the median of the repetitions */
            double flops, bytes; /* bytes: of every tensor read or written, once */
            double share;        /* of the measured peak: the larger of arithmetic and memory; above
                                  * 1 when the caches help; NaN when not known */
        } bench_op;
        struct {
            const char *part; /* "features", "training", "inference" */
            uint64_t images;  /* of one run or step */
            const retune_placed_range *ranges;
            size_t range_count;
            const retune_crossing *crossings; /* of each run or step */
            size_t crossing_count;
            uint64_t bytes; /* of all crossings */
            double seconds; /* they take: measured when the devices were chosen */
        } placement;
        /* Of a comparison; entry 0 of a pair is of device a, entry 1 of device b. */
        struct {
            const char *device[2], *name[2], *driver[2];
            uint64_t batch;         /* images a step */
            uint64_t steps, epochs; /* that both train; one of them is 0 */
            uint64_t test;          /* images both predict */
            const char *from;       /* run folder both go on from, or NULL */
            uint64_t from_step;     /* steps that the checkpoint there has behind it */
        } compare;
        struct {
            const char *part; /* "prefix", "forward", "gradient", "update", "evaluate" */
            const char *layer, *op;
            const char *output; /* name of the output furthest off; ops.def has the names */
            uint32_t rank;      /* of it */
            uint32_t passed;    /* every output is inside its tolerance */
            int64_t shape[RETUNE_RANK_MAX];
            uint64_t images;
            double relative_error; /* norm of the difference over that of a's output */
            double share;          /* the largest error as a share of the tolerance of its element;
                                    * above 1, or infinite: outside */
            double microseconds[2];
        } compare_op;
        struct {
            uint64_t step; /* from 1 */
            uint32_t epoch, reserved;
            double learning_rate;
            double loss[2]; /* mean over the images of the step */
            double drift;   /* distance between both weights over the way a's have gone */
            double milliseconds[2];
        } compare_step;
        struct {
            uint64_t total, correct[2];
            uint64_t only[2]; /* images that one alone gets right */
            double p;         /* of the paired test: the chance of so uneven a split among equals */
            double loss[2];
        } compare_test;
        struct {
            uint32_t equivalent;
            uint32_t reserved;
            const char *text;              /* "equivalent", or "different: ..." with every reason */
            const char *layer, *op;        /* the first that diverges, or NULL */
            const char *tensors;           /* file with its tensors, or NULL */
            uint64_t ops, ops_outside;     /* compared, and outside their tolerance */
            uint64_t peak_memory_bytes[2]; /* of each device; 0: it does not say */
            double seconds;
        } compare_end;
    } of;
} retune_event;

/* Receives events on the calling thread. Returning non-zero asks the job to stop: it finishes the
 * step, saves and returns RETUNE_CANCELLED. */
typedef int (*retune_event_callback)(void *user, const retune_event *event);

/* Writes an event as one line of JSON (an object with "event"), NUL-terminated, no newline, into
 * `text` of `size` bytes. Returns the length it needs without the NUL, as snprintf does. */
RETUNE_API size_t retune_event_json(const retune_event *event, char *text, size_t size);

/* ---- Settings ------------------------------------------------------------------------------ */

/* One key of the INI: what it means and, for a job, what it is set to. Text lives as long as the
 * job, or for ever when no job was given. */
typedef struct retune_setting {
    uint32_t struct_size;
    uint32_t reserved;
    const char *section, *key;
    const char *allowed;       /* "1..65536", "adam | momentum | sgd", "path" */
    const char *default_value; /* as one would write it */
    const char *description;
    const char *value;  /* effective value; NULL without a job */
    const char *origin; /* "default", "job.ini:14", "environment", "--set"; NULL without a job */
} retune_setting;

/* ---- Jobs ---------------------------------------------------------------------------------- */

typedef struct retune_job retune_job;

/* Reads a job file, then the environment (RETUNE_TRAIN_EPOCHS), then `overrides`, each with a key
 * "section.key". Every key and value is checked; no other file is touched. INVALID names file:line
 * and the nearest known name. Close the job with retune_job_close, which takes NULL. */
RETUNE_API retune_status retune_job_open(const char *path, const retune_option *overrides,
                                         size_t override_count, retune_job **out_job,
                                         retune_error *error);
RETUNE_API void retune_job_close(retune_job *job);

/* The keys there are, in the order of the reference. `job` may be NULL: the reference alone. Free
 * sections such as [backend.cpu] follow the fixed keys of a job. */
RETUNE_API size_t retune_setting_count(const retune_job *job);
RETUNE_API retune_status retune_setting_describe(const retune_job *job, size_t index,
                                                 retune_setting *out_setting, retune_error *error);

typedef struct retune_train_options {
    uint32_t struct_size;
    uint32_t resume; /* go on from the last checkpoint in the output folder */
    uint32_t fresh;  /* replace a run that is already in the output folder */
    uint32_t reserved;
} retune_train_options;

/* The whole job: load, split, freeze, cache, train, evaluate, save. Results arrive as events and in
 * the output folder. Without `resume` or `fresh`, a folder that holds a run is INVALID. */
RETUNE_API retune_status retune_job_train(retune_job *job, const retune_train_options *options,
                                          retune_event_callback callback, void *user,
                                          retune_error *error);

/* Everything but training. Each fault is a PROBLEM event, and the check goes on with whatever does
 * not need the part at fault. The status is that of the first fault of the settings (INVALID), else
 * of files (IO, CORRUPT), else of what is left; CANCELLED when the callback asked to stop. */
RETUNE_API retune_status retune_job_check(retune_job *job, retune_event_callback callback,
                                          void *user, retune_error *error);

/* ---- Inspecting ---------------------------------------------------------------------------- */

typedef struct retune_layer_summary {
    const char *name;
    const char *type;               /* "conv2d", "batch_norm", ... */
    uint32_t rank;                  /* of the output, without the batch dimension */
    int64_t shape[RETUNE_RANK_MAX]; /* of one image */
    uint64_t parameters, trainable; /* trainable: how many of the parameters */
    double flops;                   /* forward, one image; a multiply-add counts two */
    double bytes;                   /* read and written by the forward pass of one image, fp32 */
} retune_layer_summary;

typedef struct retune_model_summary {
    uint32_t struct_size;
    uint32_t layer_count;
    const char *architecture;
    const retune_layer_summary *layers;
    uint64_t total, trainable, non_trainable;
    const char *frontier; /* last layer of the frozen prefix, NULL when there is none */
    uint32_t class_count; /* 0 when not known */
    const char *const *classes;
    double alpha;        /* width multiplier */
    uint32_t input_size; /* height and width of the images, in pixels */
    uint32_t reserved;
} retune_model_summary;

/* The layer table of a job's model (no weights are read), or of a model file. Free it with
 * retune_model_summary_free, which takes NULL. */
RETUNE_API retune_status retune_job_inspect(retune_job *job, retune_model_summary **out_summary,
                                            retune_error *error);
RETUNE_API retune_status retune_model_inspect(const char *path, retune_model_summary **out_summary,
                                              retune_error *error);
RETUNE_API void retune_model_summary_free(retune_model_summary *summary);

/* What a folder of images holds, by names alone: no image is read. */
typedef struct retune_data_summary {
    uint32_t struct_size;
    uint32_t class_count;
    const char *const *classes;
    const uint64_t *train, *test; /* images of each class; all train unless the folders are split */
    uint32_t is_split;            /* there are train/ and val/ (or test/) */
    uint32_t reserved;
    uint64_t ignored; /* files that are no images by their name, and folders too deep */
} retune_data_summary;

/* IO, CORRUPT: as a job with this [data] root would fail. Free the summary with
 * retune_data_summary_free, which takes NULL. */
RETUNE_API retune_status retune_data_inspect(const char *root, retune_data_summary **out_summary,
                                             retune_error *error);
RETUNE_API void retune_data_summary_free(retune_data_summary *summary);

/* ---- Evaluating and predicting ------------------------------------------------------------- */

typedef struct retune_evaluation {
    uint32_t struct_size;
    uint32_t class_count;
    const char *const *classes;
    uint64_t total, correct;
    double accuracy, loss;
    const double *precision, *recall; /* per class; NaN where nothing was predicted or present */
    const uint64_t *confusion;        /* [true class][predicted class], class_count squared */
} retune_evaluation;

/* Evaluates a model file (NULL: the best model of the job's output folder) on the job's test
 * images. Free the result with retune_evaluation_free, which takes NULL. */
RETUNE_API retune_status retune_job_evaluate(retune_job *job, const char *model_path,
                                             retune_event_callback callback, void *user,
                                             retune_evaluation **out_evaluation,
                                             retune_error *error);
RETUNE_API void retune_evaluation_free(retune_evaluation *evaluation);

typedef struct retune_predictor retune_predictor;

/* Loads a trained model file onto a device. `settings` are "section.key" pairs of [backend] and
 * [backend.<name>]. Close it with retune_predictor_close, which takes NULL. */
RETUNE_API retune_status retune_predictor_open(const char *model_path,
                                               const retune_option *settings, size_t setting_count,
                                               retune_predictor **out_predictor,
                                               retune_error *error);
RETUNE_API void retune_predictor_close(retune_predictor *predictor);

/* Class names, in the order of the probabilities. Owned by the predictor. */
RETUNE_API size_t retune_predictor_class_count(const retune_predictor *predictor);
RETUNE_API const char *retune_predictor_class(const retune_predictor *predictor, size_t index);

/* Class probabilities of one image file (JPEG or PNG); `out_probabilities` holds `count` = class
 * count values. */
RETUNE_API retune_status retune_predictor_run(retune_predictor *predictor, const char *image_path,
                                              float *out_probabilities, size_t count,
                                              retune_error *error);

/* ---- Benchmarking -------------------------------------------------------------------------- */

typedef struct retune_bench_options {
    uint32_t struct_size;
    uint32_t class_count; /* when the job's data set is not there to be looked at; 0: 5 */
    double seconds;       /* each figure is measured for so long at least; 0: 2 */
} retune_bench_options;

/* Measures what the job would run, on the device it would choose: BENCH, BENCH_PEAK and, where the
 * device measures ops, BENCH_OP events. Weights are random and pixels made up, which changes no
 * time: neither images nor a weights file need be there. `options` may be NULL. INVALID: a single
 * class, or seconds that are not a finite number of 0 or more. */
RETUNE_API retune_status retune_job_bench(retune_job *job, const retune_bench_options *options,
                                          retune_event_callback callback, void *user,
                                          retune_error *error);

/* ---- Comparing ----------------------------------------------------------------------------- */

typedef struct retune_compare_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char *a, *b;  /* names as in [backend] order: "opencl", "cpu/scalar", "vulkan/0" */
    uint64_t steps;     /* that both train; 0: 3, unless epochs are asked for */
    uint64_t epochs;    /* instead of steps; 0: none */
    uint64_t batch;     /* images a step; 0: the job's with epochs or `from`, else 32 of them */
    uint64_t test;      /* test images both predict; 0: all with epochs, else 64 of them */
    const char *from;   /* run folder whose checkpoint both go on from; NULL: the start */
    const char *save;   /* folder for the tensors of the first op that diverges; NULL: none */
    const char *report; /* path of a web page about it; NULL: none */
} retune_compare_options;

/* Runs the job on two devices at once: with the same seed, order and weights, and first op by op on
 * the same input, so that an error shows where it arises. COMPARE, COMPARE_OP, COMPARE_STEP,
 * COMPARE_TEST and, with the verdict, COMPARE_END events; a difference is no failure. What the job
 * says of choosing and losing devices is set aside: a device that cannot be used, refuses an op or
 * does not store the job's precision is UNAVAILABLE. INVALID: a name, number or combination that
 * makes no sense. Nothing is written but what `save` and `report` name. */
RETUNE_API retune_status retune_job_compare(retune_job *job, const retune_compare_options *options,
                                            retune_event_callback callback, void *user,
                                            retune_error *error);

/* ---- Devices ------------------------------------------------------------------------------- */

/* One rung of the ladder: a backend that cannot be used, or one of its devices. */
typedef struct retune_device_summary {
    const char *backend; /* "cpu" */
    const char *plugin;  /* path of the plugin file; NULL when none was found */
    uint32_t status;     /* RETUNE_OK: usable */
    const char *reason;  /* why not; NULL when usable */
    const char *library; /* driver library; empty when none is needed */
    const char *library_version;
    const char *id, *name, *vendor, *driver, *quirks; /* NULL for a backend without devices */
    uint32_t type, features, score;                   /* as in backend.h */
    uint64_t memory_bytes;
    /* What the self-test found: "passed: 22 ops", or which ops are in quarantine (treated as
     * unsupported) and why. NULL for a backend without devices. */
    const char *self_test;
    const char *advice; /* what to do about a refusal or a quarantine; NULL: nothing is known */
} retune_device_summary;

typedef struct retune_device_list {
    uint32_t struct_size;
    uint32_t count;
    const retune_device_summary *devices;
} retune_device_list;

/* Every backend in the order of the job (NULL: the default order), usable or not. Devices that were
 * never tested on this machine are tested now, which takes seconds where a driver has to compile.
 */
RETUNE_API retune_status retune_devices(retune_job *job, retune_device_list **out_list,
                                        retune_error *error);
/* The same, and every device is tested again, whatever is remembered of it. */
RETUNE_API retune_status retune_devices_self_test(retune_job *job, retune_device_list **out_list,
                                                  retune_error *error);
RETUNE_API void retune_device_list_free(retune_device_list *list);

#ifdef __cplusplus
}
#endif
#endif
