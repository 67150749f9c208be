/* Probing a backend without risking the process.
 *
 * A driver stack is the code most likely to crash or hang before any of ours runs, so the first
 * probe of a plugin happens in a child process (base/apart.h). Probing happens when a job starts,
 * before it has threads; where a host with threads of its own does leave a lock held, the child
 * hangs, the timeout ends it, and the backend is refused instead of used. */
#include "device/plugin_private.h"

#include "base/apart.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>

#define DEFAULT_TIMEOUT_MS 10000u

/* What the child sends. */
struct answer {
    int32_t status;
    retune_error error;
};

static retune_status probe_here(const retune_backend *backend, retune_probe_report *out_report,
                                retune_error *error) {
    retune_probe_report report = {.struct_size = (uint32_t)sizeof report};
    if (error)
        error->message[0] = '\0';
    retune_status status = retune_plugin_answer(backend->probe(&report, error), "probe", error);
    if (status != RETUNE_OK)
        return status;
    retune_plugin_text(report.library, sizeof report.library);
    retune_plugin_text(report.version, sizeof report.version);
    report.struct_size = (uint32_t)sizeof report;
    *out_report = report;
    return RETUNE_OK;
}

static void answer_probe(int channel, void *backend) {
    struct answer answer = {.error = RETUNE_ERROR_INIT};
    retune_probe_report report;
    answer.status = (int32_t)probe_here(backend, &report, &answer.error);
    retune_apart_send(channel, &answer, sizeof answer);
}

/* Probes a plugin that was not probed before; OK when it may be probed in this process. */
static retune_status test_in_child(retune_plugin *plugin, uint32_t timeout_ms,
                                   retune_error *error) {
    struct answer answer = {.error = RETUNE_ERROR_INIT};
    char fault[RETUNE_APART_TEXT_MAX];
    retune_apart apart;
    bool killed = false;
    if (!retune_apart_start(answer_probe, &plugin->table.backend, timeout_ms / 1000 + 2, &apart))
        return RETUNE_OK;
    retune_apart_news news = retune_apart_receive(&apart, &answer, sizeof answer, timeout_ms);
    int end = retune_apart_finish(&apart, news == RETUNE_APART_ENDED ? timeout_ms : 0, &killed);
    if (news == RETUNE_APART_ANSWERED) {
        if (answer.status != RETUNE_OK)
            return retune_fail(error, (retune_status)answer.status, "%s", answer.error.message);
        plugin->trusted = true;
        return RETUNE_OK;
    }
    if (news == RETUNE_APART_LATE || killed)
        snprintf(fault, sizeof fault, "hung in probe (no answer within %u ms)", timeout_ms);
    else
        retune_apart_text(end, "probe", fault);
    RETUNE_TRY(retune_copy_text(fault, &plugin->probe_fault, error));
    return retune_fail(error, RETUNE_UNAVAILABLE, "%s", plugin->probe_fault);
}

retune_status retune_plugin_probe(retune_plugin *plugin, uint32_t timeout_ms,
                                  retune_probe_report *out_report, retune_error *error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    *out_report = (retune_probe_report){.struct_size = (uint32_t)sizeof *out_report};
    if (!retune_plugin_backend(plugin))
        return retune_fail(error, RETUNE_INVALID, "%s: not a loaded backend", plugin->path);
    retune_status status = RETUNE_OK;
    pthread_mutex_lock(&lock);
    if (plugin->probe_fault)
        status = retune_fail(error, RETUNE_UNAVAILABLE, "%s", plugin->probe_fault);
    else if (!plugin->trusted)
        status = test_in_child(plugin, timeout_ms ? timeout_ms : DEFAULT_TIMEOUT_MS, error);
    if (status == RETUNE_OK)
        status = probe_here(&plugin->table.backend, out_report, error);
    pthread_mutex_unlock(&lock);
    return status;
}
