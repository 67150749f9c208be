/* The lines that scripts rely on, and what becomes of odd events. */
#include "retune/retune.h"

#include <cJSON.h>
#include <criterion/criterion.h>

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT(event_kind)                                                                          \
    { .struct_size = sizeof(retune_event), .kind = event_kind }

static void expect_line(const retune_event *event, const char *expected) {
    char text[1024];
    size_t length = retune_event_json(event, text, sizeof text);
    cr_expect(strcmp(text, expected) == 0, "\n  given:    %s\n  expected: %s", text, expected);
    cr_expect(length == strlen(expected));
    cJSON *parsed = cJSON_Parse(text);
    cr_expect(cJSON_IsObject(parsed), "no JSON: %s", text);
    cJSON_Delete(parsed);
}

Test(event_json, model) {
    retune_event event = EVENT(RETUNE_EVENT_MODEL);
    event.of.model.total = 3233989;
    event.of.model.trainable = 1053701;
    event.of.model.non_trainable = 2180288;
    expect_line(&event, "{\"event\":\"model\",\"total\":3233989,\"trainable\":1053701,"
                        "\"non_trainable\":2180288}");
}

Test(event_json, data) {
    retune_event event = EVENT(RETUNE_EVENT_DATA);
    event.of.data.classes = 5;
    event.of.data.train = 2934;
    event.of.data.test = 736;
    event.of.data.skipped = 2;
    expect_line(&event,
                "{\"event\":\"data\",\"classes\":5,\"train\":2934,\"test\":736,\"skipped\":2}");
}

Test(event_json, device) {
    const retune_refusal refusals[] = {{"clml", "libOpenCL.so: \"not\" found"}, {"vulkan", NULL}};
    retune_event event = EVENT(RETUNE_EVENT_DEVICE);
    event.of.device.backend = "cpu";
    event.of.device.device = "cpu/simd";
    event.of.device.name = "CPU";
    event.of.device.refusals = refusals;
    event.of.device.refusal_count = 2;
    expect_line(&event, "{\"event\":\"device\",\"backend\":\"cpu\",\"device\":\"cpu/simd\","
                        "\"skipped\":[{\"backend\":\"clml\",\"reason\":\"libOpenCL.so: "
                        "\\\"not\\\" found\"},{\"backend\":\"vulkan\",\"reason\":null}],"
                        "\"name\":\"CPU\",\"driver\":null,\"self_test\":null}");
    event.of.device.refusals = NULL;
    event.of.device.refusal_count = 0;
    event.of.device.driver = "1";
    event.of.device.self_test = "passed: 22 ops";
    expect_line(&event, "{\"event\":\"device\",\"backend\":\"cpu\",\"device\":\"cpu/simd\","
                        "\"skipped\":[],\"name\":\"CPU\",\"driver\":\"1\","
                        "\"self_test\":\"passed: 22 ops\"}");
}

Test(event_json, placement) {
    const retune_placed_range ranges[] = {{"gpu/0", "conv2d (a)", "conv2d (a)", 1},
                                          {"cpu/simd", "pool (b)", "adam (c)", 7}};
    const retune_crossing crossings[] = {{"a", "gpu/0", "cpu/simd", 1024, 0.5}};
    retune_event event = EVENT(RETUNE_EVENT_PLACEMENT);
    event.of.placement.part = "training";
    event.of.placement.images = 16;
    expect_line(&event, "{\"event\":\"placement\",\"part\":\"training\",\"images\":16,"
                        "\"ranges\":[],\"crossings\":[],\"bytes\":0,\"seconds\":0}");
    event.of.placement.ranges = ranges;
    event.of.placement.range_count = 2;
    event.of.placement.crossings = crossings;
    event.of.placement.crossing_count = 1;
    event.of.placement.bytes = 1024;
    event.of.placement.seconds = 0.5;
    expect_line(&event,
                "{\"event\":\"placement\",\"part\":\"training\",\"images\":16,\"ranges\":["
                "{\"device\":\"gpu/0\",\"ops\":1,\"first\":\"conv2d (a)\",\"last\":\"conv2d (a)\"},"
                "{\"device\":\"cpu/simd\",\"ops\":7,\"first\":\"pool (b)\",\"last\":\"adam (c)\"}],"
                "\"crossings\":[{\"tensor\":\"a\",\"from\":\"gpu/0\",\"to\":\"cpu/simd\","
                "\"bytes\":1024,\"seconds\":0.5}],\"bytes\":1024,\"seconds\":0.5}");
}

Test(event_json, progress) {
    const char *names[] = {"\"scan\"",  "\"features\"", "\"train\"",     "\"evaluate\"",
                           "\"bench\"", "\"compare\"",  "\"self_test\"", "null"};
    for (uint32_t phase = 0; phase < sizeof names / sizeof *names; phase++) {
        retune_event event = EVENT(RETUNE_EVENT_PROGRESS);
        event.of.progress.phase = phase;
        event.of.progress.epoch = 3;
        event.of.progress.done = 7;
        event.of.progress.total = 18;
        event.of.progress.unit = "steps";
        event.of.progress.seconds = 0.25;
        char expected[256];
        snprintf(expected, sizeof expected,
                 "{\"event\":\"progress\",\"phase\":%s,\"epoch\":3,\"done\":7,\"total\":18,"
                 "\"unit\":\"steps\",\"seconds\":0.25}",
                 names[phase]);
        expect_line(&event, expected);
    }
}

Test(event_json, eval) {
    retune_event event = EVENT(RETUNE_EVENT_EVAL);
    event.of.eval.correct = 147;
    event.of.eval.total = 736;
    event.of.eval.accuracy = 147.0 / 736.0;
    event.of.eval.loss = 1.71;
    expect_line(&event, "{\"event\":\"eval\",\"epoch\":0,\"correct\":147,\"total\":736,"
                        "\"accuracy\":0.199728,\"loss\":1.71}");
}

Test(event_json, epoch) {
    retune_event event = EVENT(RETUNE_EVENT_EPOCH);
    event.of.epoch.epoch = 1;
    event.of.epoch.epochs = 100;
    event.of.epoch.loss = 0.71;
    event.of.epoch.accuracy = 0.78;
    event.of.epoch.seconds = 2.1;
    event.of.epoch.images_per_second = 1397.0;
    event.of.epoch.learning_rate = 0.003;
    expect_line(&event, "{\"event\":\"epoch\",\"epoch\":1,\"loss\":0.71,\"accuracy\":0.78,"
                        "\"seconds\":2.1,\"images_per_second\":1397,\"epochs\":100,"
                        "\"learning_rate\":0.003}");
}

/* A run that diverged must not make a line that no parser takes. */
Test(event_json, diverged) {
    retune_event event = EVENT(RETUNE_EVENT_EPOCH);
    event.of.epoch.loss = NAN;
    event.of.epoch.accuracy = -INFINITY;
    expect_line(&event, "{\"event\":\"epoch\",\"epoch\":0,\"loss\":null,\"accuracy\":null,"
                        "\"seconds\":0,\"images_per_second\":0,\"epochs\":0,\"learning_rate\":0}");
}

Test(event_json, messages) {
    retune_event event = EVENT(RETUNE_EVENT_NOTICE);
    event.of.message.text = "tulips/\xff.jpg:\nleft out";
    expect_line(&event, "{\"event\":\"notice\",\"text\":\"tulips/\\ufffd.jpg:\\nleft out\"}");
    event.kind = RETUNE_EVENT_PROBLEM;
    event.of.message.status = RETUNE_CORRUPT;
    event.of.message.text = NULL;
    expect_line(&event, "{\"event\":\"problem\",\"status\":\"corrupt data\",\"text\":null}");
}

Test(event_json, plan) {
    retune_event event = EVENT(RETUNE_EVENT_PLAN);
    event.of.plan.memory_bytes = 734003200;
    event.of.plan.device_bytes = 1;
    event.of.plan.cache_bytes = UINT64_MAX;
    event.of.plan.steps_per_epoch = 18;
    event.of.plan.flops_per_step = 123456789012.0;
    event.of.plan.seconds_features = 30.5;
    event.of.plan.seconds_per_epoch = 3.25;
    event.of.plan.flops_per_image_prefix = 1137481704.0;
    expect_line(&event, "{\"event\":\"plan\",\"memory_bytes\":734003200,\"device_bytes\":1,"
                        "\"cache_bytes\":18446744073709551615,\"steps_per_epoch\":18,"
                        "\"flops_per_step\":123456789012,\"flops_per_image_prefix\":1137481704,"
                        "\"seconds_features\":30.5,\"seconds_per_epoch\":3.25}");
}

Test(event_json, done) {
    retune_event event = EVENT(RETUNE_EVENT_DONE);
    event.of.done.accuracy = 0.9198;
    event.of.done.best_accuracy = 0.9252;
    event.of.done.epochs = 100;
    event.of.done.best_epoch = 61;
    event.of.done.seconds = 61.0;
    event.of.done.peak_memory_bytes = 734003200;
    event.of.done.model = "runs/flowers/model.safetensors";
    event.of.done.report = "runs/flowers/report.html";
    expect_line(&event, "{\"event\":\"done\",\"accuracy\":0.9198,\"best_accuracy\":0.9252,"
                        "\"seconds\":61,\"peak_memory_bytes\":734003200,"
                        "\"model\":\"runs/flowers/model.safetensors\",\"epochs\":100,"
                        "\"best_epoch\":61,\"report\":\"runs/flowers/report.html\"}");
}

Test(event_json, bench) {
    retune_event event = EVENT(RETUNE_EVENT_BENCH);
    event.of.bench.what = "step";
    event.of.bench.images = 163;
    event.of.bench.milliseconds = 250.5;
    event.of.bench.spread = 0.0125;
    event.of.bench.images_per_second = 163.0 / 0.2505;
    event.of.bench.repetitions = 8;
    expect_line(&event, "{\"event\":\"bench\",\"what\":\"step\",\"images\":163,"
                        "\"milliseconds\":250.5,\"spread\":0.0125,"
                        "\"images_per_second\":650.699,\"repetitions\":8}");
}

Test(event_json, bench_peak) {
    retune_event event = EVENT(RETUNE_EVENT_BENCH_PEAK);
    event.of.bench_peak.flops_per_second = 1.25e11;
    event.of.bench_peak.flops_of = "conv2d";
    expect_line(&event, "{\"event\":\"bench_peak\",\"flops_per_second\":1.25e+11,"
                        "\"flops_of\":\"conv2d\",\"bytes_per_second\":0,\"bytes_of\":null}");
}

static retune_event bench_op(double microseconds, double share) {
    retune_event event = EVENT(RETUNE_EVENT_BENCH_OP);
    event.of.bench_op.part = "prefix";
    event.of.bench_op.layer = "conv1";
    event.of.bench_op.op = "conv2d";
    event.of.bench_op.rank = 2;
    event.of.bench_op.shape[0] = 32;
    event.of.bench_op.shape[1] = 7;
    event.of.bench_op.images = 32;
    event.of.bench_op.microseconds = microseconds;
    event.of.bench_op.flops = 1e6;
    event.of.bench_op.bytes = 5e5;
    event.of.bench_op.share = share;
    return event;
}

Test(event_json, bench_op) {
    retune_event event = bench_op(500.0, 0.75);
    expect_line(&event, "{\"event\":\"bench_op\",\"part\":\"prefix\",\"layer\":\"conv1\","
                        "\"op\":\"conv2d\",\"shape\":[32,7],\"images\":32,"
                        "\"microseconds\":500,\"flops\":1000000,\"bytes\":500000,"
                        "\"flops_per_second\":2e+09,\"bytes_per_second\":1e+09,"
                        "\"share\":0.75}");
}

/* A clock too coarse for the op, a peak nobody could measure: no number, and still JSON. */
Test(event_json, bench_op_without_a_time) {
    retune_event event = bench_op(0.0, NAN);
    expect_line(&event, "{\"event\":\"bench_op\",\"part\":\"prefix\",\"layer\":\"conv1\","
                        "\"op\":\"conv2d\",\"shape\":[32,7],\"images\":32,"
                        "\"microseconds\":0,\"flops\":1000000,\"bytes\":500000,"
                        "\"flops_per_second\":null,\"bytes_per_second\":null,\"share\":null}");
}

Test(event_json, compare) {
    retune_event event = EVENT(RETUNE_EVENT_COMPARE);
    event.of.compare.device[0] = "opencl/0";
    event.of.compare.device[1] = "cpu/scalar";
    event.of.compare.name[0] = "A GPU";
    event.of.compare.batch = 32;
    event.of.compare.steps = 3;
    event.of.compare.test = 64;
    expect_line(&event, "{\"event\":\"compare\",\"device_a\":\"opencl/0\","
                        "\"device_b\":\"cpu/scalar\",\"name_a\":\"A GPU\",\"name_b\":null,"
                        "\"driver_a\":null,\"driver_b\":null,\"batch\":32,\"steps\":3,"
                        "\"epochs\":0,\"test\":64,\"from\":null,\"from_step\":0}");
}

/* What is outside where nothing is allowed has a share that is no number of JSON. */
Test(event_json, compare_op) {
    retune_event event = EVENT(RETUNE_EVENT_COMPARE_OP);
    event.of.compare_op.part = "gradient";
    event.of.compare_op.layer = "dense";
    event.of.compare_op.op = "conv2d_grad_weight";
    event.of.compare_op.output = "dw";
    event.of.compare_op.rank = 2;
    event.of.compare_op.shape[0] = 5;
    event.of.compare_op.shape[1] = 7;
    event.of.compare_op.images = 16;
    event.of.compare_op.relative_error = 0.25;
    event.of.compare_op.share = INFINITY;
    event.of.compare_op.microseconds[0] = 1.5;
    event.of.compare_op.microseconds[1] = 2.0;
    expect_line(&event, "{\"event\":\"compare_op\",\"part\":\"gradient\",\"layer\":\"dense\","
                        "\"op\":\"conv2d_grad_weight\",\"output\":\"dw\",\"shape\":[5,7],"
                        "\"images\":16,\"passed\":0,\"relative_error\":0.25,\"share\":null,"
                        "\"microseconds_a\":1.5,\"microseconds_b\":2}");
}

Test(event_json, compare_step) {
    retune_event event = EVENT(RETUNE_EVENT_COMPARE_STEP);
    event.of.compare_step.step = 19;
    event.of.compare_step.epoch = 2;
    event.of.compare_step.learning_rate = 0.003;
    event.of.compare_step.loss[0] = 0.5;
    event.of.compare_step.loss[1] = 0.75;
    event.of.compare_step.drift = 0.001;
    event.of.compare_step.milliseconds[0] = 12.5;
    expect_line(&event, "{\"event\":\"compare_step\",\"step\":19,\"epoch\":2,"
                        "\"learning_rate\":0.003,\"loss_a\":0.5,\"loss_b\":0.75,\"drift\":0.001,"
                        "\"milliseconds_a\":12.5,\"milliseconds_b\":0}");
}

Test(event_json, compare_test) {
    retune_event event = EVENT(RETUNE_EVENT_COMPARE_TEST);
    event.of.compare_test.total = 64;
    event.of.compare_test.correct[0] = 60;
    event.of.compare_test.correct[1] = 59;
    event.of.compare_test.only[0] = 1;
    event.of.compare_test.p = 1.0;
    expect_line(&event, "{\"event\":\"compare_test\",\"total\":64,\"correct_a\":60,"
                        "\"correct_b\":59,\"only_a\":1,\"only_b\":0,\"p\":1,\"loss_a\":0,"
                        "\"loss_b\":0}");
}

Test(event_json, compare_end) {
    retune_event event = EVENT(RETUNE_EVENT_COMPARE_END);
    event.of.compare_end.text = "different: conv2d";
    event.of.compare_end.layer = "conv1";
    event.of.compare_end.op = "conv2d";
    event.of.compare_end.ops = 41;
    event.of.compare_end.ops_outside = 2;
    event.of.compare_end.peak_memory_bytes[1] = 1024;
    event.of.compare_end.seconds = 2.5;
    expect_line(&event, "{\"event\":\"compare_end\",\"equivalent\":0,"
                        "\"verdict\":\"different: conv2d\",\"layer\":\"conv1\",\"op\":\"conv2d\","
                        "\"tensors\":null,\"ops\":41,\"ops_outside\":2,\"peak_memory_bytes_a\":0,"
                        "\"peak_memory_bytes_b\":1024,\"seconds\":2.5}");
}

Test(event_json, unknown_kind) {
    retune_event event = EVENT(99);
    expect_line(&event, "{\"event\":null,\"kind\":99}");
}

/* An event of a caller that knows fewer members: the rest reads as 0, nothing beyond is touched. */
Test(event_json, short_event) {
    size_t size = offsetof(retune_event, of.model.trainable);
    retune_event whole = {.struct_size = (uint32_t)size, .kind = RETUNE_EVENT_MODEL};
    whole.of.model.total = 7;
    void *event = malloc(size);
    memcpy(event, &whole, size);
    expect_line(event, "{\"event\":\"model\",\"total\":7,\"trainable\":0,\"non_trainable\":0}");
    free(event);
}

Test(event_json, length_is_told_when_the_buffer_is_too_small) {
    retune_event event = EVENT(RETUNE_EVENT_MODEL);
    size_t needed = retune_event_json(&event, NULL, 0);
    char text[10];
    cr_expect(retune_event_json(&event, text, sizeof text) == needed);
    cr_expect(strcmp(text, "{\"event\":") == 0, "%s", text);
    char whole[128];
    cr_expect(retune_event_json(&event, whole, needed + 1) == needed);
    cr_expect(whole[needed - 1] == '}' && whole[needed] == '\0');
}
