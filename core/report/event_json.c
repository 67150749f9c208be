/* Events as lines of JSON. Scripts rely on the names, and on the order of the first ones. */
#include "report/json_writer.h"

#include "retune/retune.h"

#include <string.h>

/* Digits of what is measured, and of counts that are kept as doubles. */
#define MEASURED 6
#define COUNTED  15

static const char *phase_text(uint32_t phase) {
    switch ((retune_phase)phase) {
    case RETUNE_PHASE_SCAN:
        return "scan";
    case RETUNE_PHASE_FEATURES:
        return "features";
    case RETUNE_PHASE_TRAIN:
        return "train";
    case RETUNE_PHASE_EVALUATE:
        return "evaluate";
    case RETUNE_PHASE_BENCH:
        return "bench";
    case RETUNE_PHASE_COMPARE:
        return "compare";
    case RETUNE_PHASE_SELF_TEST:
        return "self_test";
    }
    return NULL;
}

static void write_model(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "model");
    retune_json_integer(json, "total", event->of.model.total);
    retune_json_integer(json, "trainable", event->of.model.trainable);
    retune_json_integer(json, "non_trainable", event->of.model.non_trainable);
}

static void write_data(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "data");
    retune_json_integer(json, "classes", event->of.data.classes);
    retune_json_integer(json, "train", event->of.data.train);
    retune_json_integer(json, "test", event->of.data.test);
    retune_json_integer(json, "skipped", event->of.data.skipped);
}

static void write_device(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "device");
    retune_json_text(json, "backend", event->of.device.backend);
    retune_json_text(json, "device", event->of.device.device);
    retune_json_open(json, "skipped", '[');
    for (size_t i = 0; i < event->of.device.refusal_count; i++) {
        retune_json_open(json, NULL, '{');
        retune_json_text(json, "backend", event->of.device.refusals[i].backend);
        retune_json_text(json, "reason", event->of.device.refusals[i].reason);
        retune_json_close(json, '}');
    }
    retune_json_close(json, ']');
    retune_json_text(json, "name", event->of.device.name);
    retune_json_text(json, "driver", event->of.device.driver);
    retune_json_text(json, "self_test", event->of.device.self_test);
}

static void write_progress(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "progress");
    retune_json_text(json, "phase", phase_text(event->of.progress.phase));
    retune_json_integer(json, "epoch", event->of.progress.epoch);
    retune_json_integer(json, "done", event->of.progress.done);
    retune_json_integer(json, "total", event->of.progress.total);
    retune_json_text(json, "unit", event->of.progress.unit);
    retune_json_number(json, "seconds", event->of.progress.seconds, MEASURED);
}

static void write_eval(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "eval");
    retune_json_integer(json, "epoch", event->of.eval.epoch);
    retune_json_integer(json, "correct", event->of.eval.correct);
    retune_json_integer(json, "total", event->of.eval.total);
    retune_json_number(json, "accuracy", event->of.eval.accuracy, MEASURED);
    retune_json_number(json, "loss", event->of.eval.loss, MEASURED);
}

static void write_epoch(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "epoch");
    retune_json_integer(json, "epoch", event->of.epoch.epoch);
    retune_json_number(json, "loss", event->of.epoch.loss, MEASURED);
    retune_json_number(json, "accuracy", event->of.epoch.accuracy, MEASURED);
    retune_json_number(json, "seconds", event->of.epoch.seconds, MEASURED);
    retune_json_number(json, "images_per_second", event->of.epoch.images_per_second, MEASURED);
    retune_json_integer(json, "epochs", event->of.epoch.epochs);
    retune_json_number(json, "learning_rate", event->of.epoch.learning_rate, MEASURED);
}

static void write_notice(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "notice");
    retune_json_text(json, "text", event->of.message.text);
}

static void write_problem(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "problem");
    retune_json_text(json, "status", retune_status_text((retune_status)event->of.message.status));
    retune_json_text(json, "text", event->of.message.text);
}

static void write_plan(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "plan");
    retune_json_integer(json, "memory_bytes", event->of.plan.memory_bytes);
    retune_json_integer(json, "device_bytes", event->of.plan.device_bytes);
    retune_json_integer(json, "cache_bytes", event->of.plan.cache_bytes);
    retune_json_integer(json, "steps_per_epoch", event->of.plan.steps_per_epoch);
    retune_json_number(json, "flops_per_step", event->of.plan.flops_per_step, COUNTED);
    retune_json_number(json, "flops_per_image_prefix", event->of.plan.flops_per_image_prefix,
                       COUNTED);
    retune_json_number(json, "seconds_features", event->of.plan.seconds_features, MEASURED);
    retune_json_number(json, "seconds_per_epoch", event->of.plan.seconds_per_epoch, MEASURED);
}

static void write_done(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "done");
    retune_json_number(json, "accuracy", event->of.done.accuracy, MEASURED);
    retune_json_number(json, "best_accuracy", event->of.done.best_accuracy, MEASURED);
    retune_json_number(json, "seconds", event->of.done.seconds, MEASURED);
    retune_json_integer(json, "peak_memory_bytes", event->of.done.peak_memory_bytes);
    retune_json_text(json, "model", event->of.done.model);
    retune_json_integer(json, "epochs", event->of.done.epochs);
    retune_json_integer(json, "best_epoch", event->of.done.best_epoch);
    retune_json_text(json, "report", event->of.done.report);
}

static void write_bench(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "bench");
    retune_json_text(json, "what", event->of.bench.what);
    retune_json_integer(json, "images", event->of.bench.images);
    retune_json_number(json, "milliseconds", event->of.bench.milliseconds, MEASURED);
    retune_json_number(json, "spread", event->of.bench.spread, MEASURED);
    retune_json_number(json, "images_per_second", event->of.bench.images_per_second, MEASURED);
    retune_json_integer(json, "repetitions", event->of.bench.repetitions);
}

static void write_bench_peak(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "bench_peak");
    retune_json_number(json, "flops_per_second", event->of.bench_peak.flops_per_second, MEASURED);
    retune_json_text(json, "flops_of", event->of.bench_peak.flops_of);
    retune_json_number(json, "bytes_per_second", event->of.bench_peak.bytes_per_second, MEASURED);
    retune_json_text(json, "bytes_of", event->of.bench_peak.bytes_of);
}

static void write_shape(retune_json *json, uint32_t rank, const int64_t *shape) {
    retune_json_open(json, "shape", '[');
    for (uint32_t d = 0; d < rank && d < RETUNE_RANK_MAX; d++)
        retune_json_integer(json, NULL, (uint64_t)shape[d]);
    retune_json_close(json, ']');
}

static void write_bench_op(retune_json *json, const retune_event *event) {
    double seconds = event->of.bench_op.microseconds * 1e-6;
    retune_json_text(json, "event", "bench_op");
    retune_json_text(json, "part", event->of.bench_op.part);
    retune_json_text(json, "layer", event->of.bench_op.layer);
    retune_json_text(json, "op", event->of.bench_op.op);
    write_shape(json, event->of.bench_op.rank, event->of.bench_op.shape);
    retune_json_integer(json, "images", event->of.bench_op.images);
    retune_json_number(json, "microseconds", event->of.bench_op.microseconds, MEASURED);
    retune_json_number(json, "flops", event->of.bench_op.flops, COUNTED);
    retune_json_number(json, "bytes", event->of.bench_op.bytes, COUNTED);
    retune_json_number(json, "flops_per_second", event->of.bench_op.flops / seconds, MEASURED);
    retune_json_number(json, "bytes_per_second", event->of.bench_op.bytes / seconds, MEASURED);
    retune_json_number(json, "share", event->of.bench_op.share, MEASURED);
}

static void write_placement(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "placement");
    retune_json_text(json, "part", event->of.placement.part);
    retune_json_integer(json, "images", event->of.placement.images);
    retune_json_open(json, "ranges", '[');
    for (size_t i = 0; i < event->of.placement.range_count; i++) {
        const retune_placed_range *range = &event->of.placement.ranges[i];
        retune_json_open(json, NULL, '{');
        retune_json_text(json, "device", range->device);
        retune_json_integer(json, "ops", range->ops);
        retune_json_text(json, "first", range->first);
        retune_json_text(json, "last", range->last);
        retune_json_close(json, '}');
    }
    retune_json_close(json, ']');
    retune_json_open(json, "crossings", '[');
    for (size_t i = 0; i < event->of.placement.crossing_count; i++) {
        const retune_crossing *crossing = &event->of.placement.crossings[i];
        retune_json_open(json, NULL, '{');
        retune_json_text(json, "tensor", crossing->tensor);
        retune_json_text(json, "from", crossing->from);
        retune_json_text(json, "to", crossing->to);
        retune_json_integer(json, "bytes", crossing->bytes);
        retune_json_number(json, "seconds", crossing->seconds, MEASURED);
        retune_json_close(json, '}');
    }
    retune_json_close(json, ']');
    retune_json_integer(json, "bytes", event->of.placement.bytes);
    retune_json_number(json, "seconds", event->of.placement.seconds, MEASURED);
}

/* A value of each device: members "<name>_a" and "<name>_b". */
static void write_text_pair(retune_json *json, const char *const keys[2],
                            const char *const values[2]) {
    for (int side = 0; side < 2; side++)
        retune_json_text(json, keys[side], values[side]);
}

static void write_integer_pair(retune_json *json, const char *const keys[2],
                               const uint64_t values[2]) {
    for (int side = 0; side < 2; side++)
        retune_json_integer(json, keys[side], values[side]);
}

static void write_number_pair(retune_json *json, const char *const keys[2],
                              const double values[2]) {
    for (int side = 0; side < 2; side++)
        retune_json_number(json, keys[side], values[side], MEASURED);
}
#define PAIR(name) ((const char *const[2]){name "_a", name "_b"})

static void write_compare(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "compare");
    write_text_pair(json, PAIR("device"), event->of.compare.device);
    write_text_pair(json, PAIR("name"), event->of.compare.name);
    write_text_pair(json, PAIR("driver"), event->of.compare.driver);
    retune_json_integer(json, "batch", event->of.compare.batch);
    retune_json_integer(json, "steps", event->of.compare.steps);
    retune_json_integer(json, "epochs", event->of.compare.epochs);
    retune_json_integer(json, "test", event->of.compare.test);
    retune_json_text(json, "from", event->of.compare.from);
    retune_json_integer(json, "from_step", event->of.compare.from_step);
}

static void write_compare_op(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "compare_op");
    retune_json_text(json, "part", event->of.compare_op.part);
    retune_json_text(json, "layer", event->of.compare_op.layer);
    retune_json_text(json, "op", event->of.compare_op.op);
    retune_json_text(json, "output", event->of.compare_op.output);
    write_shape(json, event->of.compare_op.rank, event->of.compare_op.shape);
    retune_json_integer(json, "images", event->of.compare_op.images);
    retune_json_integer(json, "passed", event->of.compare_op.passed);
    retune_json_number(json, "relative_error", event->of.compare_op.relative_error, MEASURED);
    retune_json_number(json, "share", event->of.compare_op.share, MEASURED);
    write_number_pair(json, PAIR("microseconds"), event->of.compare_op.microseconds);
}

static void write_compare_step(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "compare_step");
    retune_json_integer(json, "step", event->of.compare_step.step);
    retune_json_integer(json, "epoch", event->of.compare_step.epoch);
    retune_json_number(json, "learning_rate", event->of.compare_step.learning_rate, MEASURED);
    write_number_pair(json, PAIR("loss"), event->of.compare_step.loss);
    retune_json_number(json, "drift", event->of.compare_step.drift, MEASURED);
    write_number_pair(json, PAIR("milliseconds"), event->of.compare_step.milliseconds);
}

static void write_compare_test(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "compare_test");
    retune_json_integer(json, "total", event->of.compare_test.total);
    write_integer_pair(json, PAIR("correct"), event->of.compare_test.correct);
    write_integer_pair(json, PAIR("only"), event->of.compare_test.only);
    retune_json_number(json, "p", event->of.compare_test.p, MEASURED);
    write_number_pair(json, PAIR("loss"), event->of.compare_test.loss);
}

static void write_compare_end(retune_json *json, const retune_event *event) {
    retune_json_text(json, "event", "compare_end");
    retune_json_integer(json, "equivalent", event->of.compare_end.equivalent);
    retune_json_text(json, "verdict", event->of.compare_end.text);
    retune_json_text(json, "layer", event->of.compare_end.layer);
    retune_json_text(json, "op", event->of.compare_end.op);
    retune_json_text(json, "tensors", event->of.compare_end.tensors);
    retune_json_integer(json, "ops", event->of.compare_end.ops);
    retune_json_integer(json, "ops_outside", event->of.compare_end.ops_outside);
    write_integer_pair(json, PAIR("peak_memory_bytes"), event->of.compare_end.peak_memory_bytes);
    retune_json_number(json, "seconds", event->of.compare_end.seconds, MEASURED);
}

static void write_members(retune_json *json, const retune_event *event) {
    switch ((retune_event_kind)event->kind) {
    case RETUNE_EVENT_MODEL:
        write_model(json, event);
        return;
    case RETUNE_EVENT_DATA:
        write_data(json, event);
        return;
    case RETUNE_EVENT_DEVICE:
        write_device(json, event);
        return;
    case RETUNE_EVENT_PROGRESS:
        write_progress(json, event);
        return;
    case RETUNE_EVENT_EVAL:
        write_eval(json, event);
        return;
    case RETUNE_EVENT_EPOCH:
        write_epoch(json, event);
        return;
    case RETUNE_EVENT_NOTICE:
        write_notice(json, event);
        return;
    case RETUNE_EVENT_PROBLEM:
        write_problem(json, event);
        return;
    case RETUNE_EVENT_PLAN:
        write_plan(json, event);
        return;
    case RETUNE_EVENT_DONE:
        write_done(json, event);
        return;
    case RETUNE_EVENT_BENCH:
        write_bench(json, event);
        return;
    case RETUNE_EVENT_BENCH_PEAK:
        write_bench_peak(json, event);
        return;
    case RETUNE_EVENT_BENCH_OP:
        write_bench_op(json, event);
        return;
    case RETUNE_EVENT_PLACEMENT:
        write_placement(json, event);
        return;
    case RETUNE_EVENT_COMPARE:
        write_compare(json, event);
        return;
    case RETUNE_EVENT_COMPARE_OP:
        write_compare_op(json, event);
        return;
    case RETUNE_EVENT_COMPARE_STEP:
        write_compare_step(json, event);
        return;
    case RETUNE_EVENT_COMPARE_TEST:
        write_compare_test(json, event);
        return;
    case RETUNE_EVENT_COMPARE_END:
        write_compare_end(json, event);
        return;
    }
    /* From a library newer than this function. */
    retune_json_text(json, "event", NULL);
    retune_json_integer(json, "kind", event->kind);
}

size_t retune_event_json(const retune_event *event, char *text, size_t size) {
    /* Members that the event's author did not know are 0. */
    retune_event known = {0};
    memcpy(&known, event, event->struct_size < sizeof known ? event->struct_size : sizeof known);
    retune_json json = retune_json_start(text, size);
    retune_json_open(&json, NULL, '{');
    write_members(&json, &known);
    retune_json_close(&json, '}');
    return json.length;
}
