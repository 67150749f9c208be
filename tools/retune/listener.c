#include "listener.h"

#include "base/figures.h"
#include "interrupt.h"
#include "output.h"

#include <stdio.h>
#include <string.h>

struct listener listener_make(bool json, bool quiet) {
    return (struct listener){.terminal = terminal_open(quiet), .json = json};
}

/* ---- Epochs -------------------------------------------------------------------------------- */

static void say_epoch(struct listener *listener) {
    const retune_event *epoch = &listener->epoch, *eval = &listener->eval;
    char label[32], test[144] = "";
    if (listener->has_eval)
        snprintf(test, sizeof test, "   test %7s (%s/%s)",
                 figure_percent(eval->of.eval.accuracy).text,
                 figure_count(eval->of.eval.correct).text, figure_count(eval->of.eval.total).text);
    if (listener->has_epoch) {
        snprintf(label, sizeof label, "%u/%u", epoch->of.epoch.epoch, epoch->of.epoch.epochs);
        terminal_say(&listener->terminal, "epoch",
                     "%-9s loss %.4f   train %7s%s   %s   %s images/s", label, epoch->of.epoch.loss,
                     figure_percent(epoch->of.epoch.accuracy).text, test,
                     figure_duration(epoch->of.epoch.seconds).text,
                     figure_count((uint64_t)epoch->of.epoch.images_per_second).text);
    } else if (listener->has_eval) {
        terminal_say(&listener->terminal, "test", "%s of %s right: %s   loss %.4f%s",
                     figure_count(eval->of.eval.correct).text,
                     figure_count(eval->of.eval.total).text,
                     figure_percent(eval->of.eval.accuracy).text, eval->of.eval.loss,
                     eval->of.eval.epoch == 0 ? "   (before training)" : "");
    }
    listener->has_epoch = listener->has_eval = false;
}

static void receive_epoch(struct listener *listener, const retune_event *event) {
    if (listener->has_epoch ||
        (listener->has_eval && listener->eval.of.eval.epoch != event->of.epoch.epoch))
        say_epoch(listener);
    listener->epoch = *event;
    listener->has_epoch = true;
    listener->epochs = event->of.epoch.epochs;
    listener->epoch_seconds = event->of.epoch.seconds;
    if (listener->has_eval)
        say_epoch(listener);
}

static void receive_eval(struct listener *listener, const retune_event *event) {
    if (listener->hide_evaluation)
        return;
    if (listener->has_eval ||
        (listener->has_epoch && listener->epoch.of.epoch.epoch != event->of.eval.epoch))
        say_epoch(listener);
    listener->eval = *event;
    listener->has_eval = true;
    if (listener->has_epoch || event->of.eval.epoch == 0)
        say_epoch(listener);
}

/* ---- Everything else ----------------------------------------------------------------------- */

static void say_device(struct listener *listener, const retune_event *event) {
    for (size_t i = 0; i < event->of.device.refusal_count; i++) {
        const retune_refusal *refusal = &event->of.device.refusals[i];
        terminal_say(&listener->terminal, "", "%s passed over: %s", refusal->backend,
                     refusal->reason ? refusal->reason : "no reason given");
    }
    const char *name = event->of.device.name;
    terminal_say(&listener->terminal, "device", "%s%s%s", event->of.device.device,
                 name && *name ? "   " : "", name ? name : "");
    const char *self_test = event->of.device.self_test;
    if (self_test && strncmp(self_test, "passed", strlen("passed")) != 0)
        terminal_say(&listener->terminal, "", "self-test %s", self_test);
}

static void draw_progress(struct listener *listener, const retune_event *event) {
    static const char *const labels[] = {"scan",  "features", "epoch",    "test",
                                         "bench", "compare",  "self-test"};
    uint32_t phase = event->of.progress.phase;
    char label[48];
    struct terminal_progress progress = {
        .label = phase < sizeof labels / sizeof *labels ? labels[phase] : "work",
        .unit = event->of.progress.unit ? event->of.progress.unit : "",
        .done = event->of.progress.done,
        .total = event->of.progress.total,
        .seconds = event->of.progress.seconds,
        .seconds_left = -1.0};
    if (phase == RETUNE_PHASE_TRAIN && event->of.progress.epoch > 0) {
        uint32_t epoch = event->of.progress.epoch;
        snprintf(label, sizeof label, "epoch     %u", epoch);
        if (listener->epochs >= epoch) {
            /* With one epoch measured, the time left is that of the whole run. */
            snprintf(label, sizeof label, "epoch     %u/%u", epoch, listener->epochs);
            double left = listener->epoch_seconds * (listener->epochs - epoch + 1) -
                          event->of.progress.seconds;
            progress.seconds_left = left > 0 ? left : 0;
        }
        progress.label = label;
    }
    terminal_draw(&listener->terminal, &progress);
    bool once = phase == RETUNE_PHASE_SCAN || phase == RETUNE_PHASE_FEATURES;
    if (once && progress.total > 0 && progress.done >= progress.total)
        terminal_say(&listener->terminal, progress.label, "%s %s in %s",
                     figure_count(progress.done).text, progress.unit,
                     figure_duration(progress.seconds).text);
}

static void say_plan(struct listener *listener, const retune_event *event) {
    struct terminal *terminal = &listener->terminal;
    terminal_say(terminal, "memory", "%s planned on the host, %s on the device",
                 figure_bytes((double)event->of.plan.memory_bytes).text,
                 figure_bytes((double)event->of.plan.device_bytes).text);
    if (event->of.plan.cache_bytes > 0)
        terminal_say(terminal, "features", "cache of %s; %sFLOP an image, once; about %s",
                     figure_bytes((double)event->of.plan.cache_bytes).text,
                     figure_scaled(event->of.plan.flops_per_image_prefix).text,
                     figure_duration(event->of.plan.seconds_features).text);
    terminal_say(terminal, "epoch", "%s steps of %sFLOP; about %s",
                 figure_count(event->of.plan.steps_per_epoch).text,
                 figure_scaled(event->of.plan.flops_per_step).text,
                 figure_duration(event->of.plan.seconds_per_epoch).text);
}

static void say_done(struct listener *listener, const retune_event *event) {
    terminal_say(&listener->terminal, "done", "test %s, best %s in epoch %u   %s   %s of memory",
                 figure_percent(event->of.done.accuracy).text,
                 figure_percent(event->of.done.best_accuracy).text, event->of.done.best_epoch,
                 figure_duration(event->of.done.seconds).text,
                 figure_bytes((double)event->of.done.peak_memory_bytes).text);
    if (event->of.done.model)
        terminal_say(&listener->terminal, "model", "%s", event->of.done.model);
    if (event->of.done.report)
        terminal_say(&listener->terminal, "report", "%s", event->of.done.report);
}

/* A problem is what `check` was asked for: it is said also when quiet. */
static void say_problem(struct listener *listener, const retune_event *event) {
    char text[RETUNE_ERROR_MESSAGE_MAX];
    snprintf(text, sizeof text, "%s", event->of.message.text ? event->of.message.text : "");
    text_make_printable(text);
    terminal_clear(&listener->terminal);
    fprintf(stderr, "%-10s%s\n", "problem", text);
    listener->problems++;
}

static void say_data(struct listener *listener, const retune_event *event) {
    char skipped[64] = "";
    if (event->of.data.skipped > 0)
        snprintf(skipped, sizeof skipped, "; %s left out",
                 figure_count(event->of.data.skipped).text);
    terminal_say(&listener->terminal, "data", "%u classes, %s training and %s test images%s",
                 event->of.data.classes, figure_count(event->of.data.train).text,
                 figure_count(event->of.data.test).text, skipped);
}

/* A line for the whole, and one for each stretch of ops. */
static void say_placement(struct listener *listener, const retune_event *event) {
    struct terminal *terminal = &listener->terminal;
    size_t ranges = event->of.placement.range_count, crossings = event->of.placement.crossing_count;
    bool trains = event->of.placement.part && strcmp(event->of.placement.part, "training") == 0;
    terminal_say(terminal, "placement", "%s: %zu range%s, %zu crossing%s a %s: %s, about %s",
                 event->of.placement.part, ranges, ranges == 1 ? "" : "s", crossings,
                 crossings == 1 ? "" : "s", trains ? "step" : "run",
                 figure_bytes((double)event->of.placement.bytes).text,
                 figure_time(event->of.placement.seconds).text);
    for (size_t i = 0; i < event->of.placement.range_count; i++) {
        const retune_placed_range *range = &event->of.placement.ranges[i];
        terminal_say(terminal, "", "%-12s %4llu op%s %s%s%s", range->device,
                     (unsigned long long)range->ops, range->ops == 1 ? " " : "s", range->first,
                     range->ops == 1 ? "" : " ... ", range->ops == 1 ? "" : range->last);
    }
}

static void narrate(struct listener *listener, const retune_event *event) {
    bool continues_epoch = event->kind == RETUNE_EVENT_EPOCH || event->kind == RETUNE_EVENT_EVAL ||
                           event->kind == RETUNE_EVENT_PROGRESS;
    if (!continues_epoch)
        say_epoch(listener);
    switch ((retune_event_kind)event->kind) {
    case RETUNE_EVENT_MODEL:
        terminal_say(&listener->terminal, "model", "%s parameters: %s trained, %s frozen",
                     figure_count(event->of.model.total).text,
                     figure_count(event->of.model.trainable).text,
                     figure_count(event->of.model.non_trainable).text);
        break;
    case RETUNE_EVENT_DATA:
        say_data(listener, event);
        break;
    case RETUNE_EVENT_DEVICE:
        say_device(listener, event);
        break;
    case RETUNE_EVENT_PROGRESS:
        draw_progress(listener, event);
        break;
    case RETUNE_EVENT_EVAL:
        receive_eval(listener, event);
        break;
    case RETUNE_EVENT_EPOCH:
        receive_epoch(listener, event);
        break;
    case RETUNE_EVENT_NOTICE:
        terminal_say(&listener->terminal, "note", "%s",
                     event->of.message.text ? event->of.message.text : "");
        break;
    case RETUNE_EVENT_PROBLEM:
        say_problem(listener, event);
        break;
    case RETUNE_EVENT_PLAN:
        say_plan(listener, event);
        break;
    case RETUNE_EVENT_DONE:
        say_done(listener, event);
        break;
    case RETUNE_EVENT_PLACEMENT:
        say_placement(listener, event);
        break;
    case RETUNE_EVENT_BENCH:
    case RETUNE_EVENT_BENCH_PEAK:
    case RETUNE_EVENT_BENCH_OP:
    case RETUNE_EVENT_COMPARE:
    case RETUNE_EVENT_COMPARE_OP:
    case RETUNE_EVENT_COMPARE_STEP:
    case RETUNE_EVENT_COMPARE_TEST:
    case RETUNE_EVENT_COMPARE_END:
        break; /* results: the verb prints them on stdout */
    }
}

int listener_receive(void *user, const retune_event *event) {
    struct listener *listener = user;
    if (listener->json) {
        terminal_clear(&listener->terminal);
        output_event(event);
    }
    /* A library older than this command sends shorter events; what it does not know is 0. */
    retune_event known = {0};
    memcpy(&known, event, event->struct_size < sizeof known ? event->struct_size : sizeof known);
    narrate(listener, &known);
    return interrupt_requested();
}

void listener_finish(struct listener *listener) {
    say_epoch(listener);
    terminal_clear(&listener->terminal);
}
