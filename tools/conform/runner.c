#include "runner.h"

#include "base/apart.h"
#include "base/status.h"
#include "device/device.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A library that prints is not heard on stdout, which is for results. */
static void silence(void) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
}

/* ---- Looking for devices ------------------------------------------------------------------- */

typedef struct survey_answer {
    int32_t status;
    retune_error error;
    uint32_t count;
    retune_device_info devices[RUNNER_DEVICES_MAX];
} survey_answer;

static void answer_survey(int channel, void *user) {
    const retune_backend *backend = user;
    static survey_answer answer;
    retune_error *error = &answer.error;
    silence();
    *error = (retune_error)RETUNE_ERROR_INIT;
    retune_status status = backend_count_devices(backend, &answer.count, error);
    if (status == RETUNE_OK && answer.count == 0)
        status = retune_fail(error, RETUNE_UNAVAILABLE, "there is no device");
    if (status == RETUNE_OK && answer.count > RUNNER_DEVICES_MAX)
        status =
            retune_fail(error, RETUNE_INTERNAL, "device_count claims %u devices", answer.count);
    for (uint32_t i = 0; i < answer.count && status == RETUNE_OK; i++)
        status = retune_device_describe(backend, i, &answer.devices[i], error);
    answer.status = (int32_t)status;
    retune_apart_send(channel, &answer, sizeof answer);
}

retune_status runner_survey(const retune_backend *backend, unsigned timeout_s,
                            retune_device_info *out_devices, uint32_t *out_count,
                            retune_error *error) {
    static survey_answer answer;
    char end_text[RETUNE_APART_TEXT_MAX];
    retune_apart apart;
    bool killed = false;
    *out_count = 0;
    fflush(NULL);
    if (!retune_apart_start(answer_survey, (void *)(uintptr_t)backend, 0, &apart))
        return retune_fail(error, RETUNE_IO, "there can be no child process");
    const retune_apart_news news =
        retune_apart_receive(&apart, &answer, sizeof answer, timeout_s * 1000);
    const int end = retune_apart_finish(&apart, news == RETUNE_APART_ENDED ? 1000 : 0, &killed);
    if (news == RETUNE_APART_LATE)
        return retune_fail(error, RETUNE_UNAVAILABLE, "hung in probe (no answer within %u s)",
                           timeout_s);
    if (news == RETUNE_APART_ENDED)
        return retune_fail(error, RETUNE_UNAVAILABLE, "%s",
                           retune_apart_text(end, "probe", end_text));
    if (answer.status != RETUNE_OK)
        return retune_fail(error, (retune_status)answer.status, "%s", answer.error.message);
    memcpy(out_devices, answer.devices, answer.count * sizeof *out_devices);
    *out_count = answer.count;
    return RETUNE_OK;
}

/* ---- The child ----------------------------------------------------------------------------- */

/* Subjects [next, end) of a list. */
typedef struct shift {
    const runner *r;
    const subject_list *list;
    size_t next, end;
} shift;

typedef struct subject_answer {
    op_verdict verdict;
    char text[VERDICT_TEXT_MAX];
} subject_answer;

/* Every subject of a device that does not open fails. */
static void open_device(const shift *s, device_under_test *device, char fault[VERDICT_TEXT_MAX]) {
    retune_error error = RETUNE_ERROR_INIT;
    uint32_t count = 0;
    retune_status status = backend_count_devices(s->r->backend, &count, &error);
    if (status == RETUNE_OK)
        status = device_under_test_open(s->r->backend, s->r->device, s->r->options, device, &error);
    if (status != RETUNE_OK)
        snprintf(fault, VERDICT_TEXT_MAX, "the device does not open: status %d: %s", (int)status,
                 error.message);
}

/* The last answer follows the closing of the device, so that a crash there is seen. */
static void work_shift(int channel, void *user) {
    const shift *s = user;
    static subject_answer answer;
    char fault[VERDICT_TEXT_MAX] = "";
    device_under_test device = {0};
    silence();
    open_device(s, &device, fault);
    for (size_t i = s->next; i < s->end; i++) {
        memset(&answer, 0, sizeof answer);
        answer.verdict = VERDICT_FAILED;
        if (fault[0])
            memcpy(answer.text, fault, sizeof fault);
        else
            answer.verdict = subject_run(&device, &s->list->items[i], answer.text);
        if (i + 1 == s->end)
            device_under_test_close(&device);
        retune_apart_send(channel, &answer, sizeof answer);
    }
}

/* ---- The parent ---------------------------------------------------------------------------- */

static outcome outcome_of(op_verdict verdict) {
    return verdict == VERDICT_PASSED        ? OUTCOME_PASSED
           : verdict == VERDICT_UNSUPPORTED ? OUTCOME_UNSUPPORTED
                                            : OUTCOME_FAILED;
}

/* Runs a child until it has done its subjects, or has met its end in one of them, which is then
 * done too. */
static retune_status run_shift(shift *s, retune_error *error) {
    static subject_answer answer;
    char end_text[RETUNE_APART_TEXT_MAX];
    const runner *r = s->r;
    retune_apart apart;
    retune_apart_news news = RETUNE_APART_ANSWERED;
    bool killed = false;
    fflush(NULL);
    if (!retune_apart_start(work_shift, s, 0, &apart))
        return retune_fail(error, RETUNE_IO, "there can be no child process");
    while (s->next < s->end) {
        news = retune_apart_receive(&apart, &answer, sizeof answer, r->timeout_s * 1000);
        if (news != RETUNE_APART_ANSWERED)
            break;
        r->each(r->user, s->next++, outcome_of(answer.verdict), answer.text);
    }
    const int end = retune_apart_finish(&apart, news == RETUNE_APART_LATE ? 0 : 1000, &killed);
    if (news == RETUNE_APART_LATE) {
        snprintf(answer.text, sizeof answer.text, "no answer within %u s", r->timeout_s);
        r->each(r->user, s->next++, OUTCOME_HUNG, answer.text);
    } else if (news == RETUNE_APART_ENDED) {
        r->each(r->user, s->next++, OUTCOME_CRASHED, retune_apart_text(end, "its run", end_text));
    }
    return RETUNE_OK;
}

retune_status runner_run(const runner *r, const subject_list *list, retune_error *error) {
    shift s = {.r = r, .list = list};
    while (s.next < list->count) {
        const size_t left = list->count - s.next;
        s.end = s.next + (left < r->batch ? left : r->batch);
        RETUNE_TRY(run_shift(&s, error));
    }
    return RETUNE_OK;
}
