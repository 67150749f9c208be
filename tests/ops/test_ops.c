/* Every op on every device of every backend found, against the reference. fixture.h names the
 * environment; RETUNE_OP_CASE='add a=...' runs one case only, as a failure prints it. */
#include "cases.h"
#include "conformance.h"
#include "fixture.h"
#include "required.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAILURES_MAX 5 /* printed per op and device; the rest is counted */

/* ---- A crash still names its case ---------------------------------------------------------- */

static char running[OP_CASE_TEXT_MAX + 128];

static void report_crash(int number) {
    (void)!write(STDERR_FILENO, running, strlen(running));
    signal(number, SIG_DFL);
    raise(number);
}

/* A sanitizer that listens already knows more than this would tell. */
static void watch_for_crashes(void) {
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction now;
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            signal(numbers[i], report_crash);
    }
}

/* ---- One op on one device ------------------------------------------------------------------ */

typedef struct case_tally {
    size_t passed, unsupported, failed;
} case_tally;

static void run_case(device_under_test *device, const op_case *op, case_tally *tally) {
    static char text[VERDICT_TEXT_MAX];
    char line[OP_CASE_TEXT_MAX];
    snprintf(running, sizeof running, "crashed: RETUNE_OP_DEVICE=%s RETUNE_OP_CASE='%s'\n",
             device->info.id, op_case_format(op, line));
    const op_verdict verdict = conformance_run(device, op, text);
    const bool refused = verdict == VERDICT_UNSUPPORTED;
    const bool failed = verdict == VERDICT_FAILED || (refused && required_of(device->info.id, op));
    tally->passed += verdict == VERDICT_PASSED;
    tally->unsupported += refused && !failed;
    tally->failed += failed;
    if (failed && tally->failed <= FAILURES_MAX)
        fprintf(stderr, "%s%s\n    RETUNE_OP_DEVICE=%s RETUNE_OP_CASE='%s'\n",
                refused ? "required, but refused: " : "", text, device->info.id, line);
}

/* The cases of an op, or the one of RETUNE_OP_CASE when it is of this op. */
static void list_cases(uint32_t kind, case_list *list) {
    const char *line = getenv("RETUNE_OP_CASE");
    retune_error error = RETUNE_ERROR_INIT;
    op_case single;
    if (!line) {
        cases_of(kind, fixture_is_reduced(), list);
        return;
    }
    cr_assert_eq(op_case_parse(line, &single, &error), RETUNE_OK, "RETUNE_OP_CASE: %s",
                 error.message);
    if (single.kind == kind) {
        case_list_add(list, single);
        list->items[0].seed = single.seed;
    }
}

static void run_cases(device_under_test *device, const fixture_parameter *parameter) {
    const uint32_t kind = parameter->variant;
    case_list list = {0};
    case_tally tally = {0};
    list_cases(kind, &list);
    watch_for_crashes();
    for (size_t i = 0; i < list.count; i++)
        run_case(device, &list.items[i], &tally);
    if (list.count)
        printf("%s %s: %zu passed, %zu unsupported, %zu failed\n", device->info.id,
               op_info_of(kind)->name, tally.passed, tally.unsupported, tally.failed);
    fflush(stdout);
    cr_expect_eq(tally.failed, 0, "%s: %zu of %zu cases of %s failed", device->info.id,
                 tally.failed, list.count, op_info_of(kind)->name);
    case_list_free(&list);
}

ParameterizedTestParameters(ops, conform) {
    return fixture_parameters(RETUNE_OP_KIND_COUNT);
}

ParameterizedTest(fixture_parameter *parameter, ops, conform, .timeout = 280) {
    fixture_each_device(parameter, run_cases);
}
