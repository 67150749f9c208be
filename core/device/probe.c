/* Probing a backend without risking the process.
 *
 * A driver stack is the code most likely to crash or hang before any of ours runs, so the first
 * probe of a plugin happens in a forked child. POSIX allows only async-signal-safe calls in the
 * child of a process with several threads; a probe makes others. That is sound here: probing
 * happens when a job starts, before it has threads; the C libraries in question keep their
 * allocator usable after a fork; and where a host with threads of its own does leave a lock held,
 * the child hangs, the timeout ends it, and the backend is refused instead of used. */
#include "device/plugin_private.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 10000u

/* What the child sends. Smaller than PIPE_BUF, so one write delivers it whole. */
struct answer {
    int32_t status;
    retune_error error;
};

enum outcome { ANSWERED, DIED, HUNG, IMPOSSIBLE };

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

/* ---- The child ------------------------------------------------------------------------------- */

static _Noreturn void run_child(const retune_backend *backend, int channel, uint32_t timeout_ms) {
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                 SIGABRT, SIGTRAP, SIGSYS, SIGALRM};
    /* A handler of the host would hide the crash, and a core file would be nobody's. */
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Should the parent die before it ends this: a lock it held lives on in the child. */
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    alarm(timeout_ms / 1000 + 2);

    struct answer answer = {.error = RETUNE_ERROR_INIT};
    retune_probe_report report;
    answer.status = (int32_t)probe_here(backend, &report, &answer.error);
    ssize_t sent = write(channel, &answer, sizeof answer);
    _exit(sent == (ssize_t)sizeof answer ? 0 : 1);
}

/* ---- The parent ------------------------------------------------------------------------------ */

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum outcome receive(int channel, int64_t deadline, struct answer *out_answer) {
    for (;;) {
        int64_t left = deadline - now_ms();
        struct pollfd ready = {.fd = channel, .events = POLLIN};
        int count = poll(&ready, 1, left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return HUNG;
        ssize_t got = read(channel, out_answer, sizeof *out_answer);
        if (got < 0 && errno == EINTR)
            continue;
        return got == (ssize_t)sizeof *out_answer ? ANSWERED : DIED;
    }
}

/* Waits for the child's end; false when the deadline comes first. A status that somebody else has
 * fetched is given as 0. */
static bool reap(pid_t child, int64_t deadline, int *out_status) {
    for (;;) {
        pid_t ended = waitpid(child, out_status, WNOHANG);
        if (ended == child)
            return true;
        if (ended < 0 && errno != EINTR) {
            *out_status = 0;
            return true;
        }
        if (now_ms() >= deadline)
            return false;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

static void end_child(pid_t child) {
    int status = 0;
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
}

/* Probes in a child and brings its answer, or how it ended. */
static enum outcome probe_apart(const retune_backend *backend, uint32_t timeout_ms,
                                struct answer *out_answer, int *out_end) {
    int channel[2];
    int64_t deadline = now_ms() + timeout_ms;
    if (pipe2(channel, O_CLOEXEC) != 0)
        return IMPOSSIBLE;
    pid_t child = fork();
    if (child == 0) {
        close(channel[0]);
        run_child(backend, channel[1], timeout_ms);
    }
    close(channel[1]);
    enum outcome outcome = child < 0 ? IMPOSSIBLE : receive(channel[0], deadline, out_answer);
    close(channel[0]);
    if (child < 0)
        return outcome;
    if (outcome == DIED && reap(child, deadline, out_end))
        return DIED;
    end_child(child);
    return outcome == ANSWERED ? ANSWERED : HUNG;
}

/* Probes a plugin that was not probed before; OK when it may be probed in this process. */
static retune_status test_in_child(retune_plugin *plugin, uint32_t timeout_ms,
                                   retune_error *error) {
    struct answer answer = {.error = RETUNE_ERROR_INIT};
    char fault[128];
    int end = 0;
    switch (probe_apart(&plugin->table.backend, timeout_ms, &answer, &end)) {
    case IMPOSSIBLE:
        return RETUNE_OK;
    case ANSWERED:
        if (answer.status != RETUNE_OK)
            return retune_fail(error, (retune_status)answer.status, "%s", answer.error.message);
        plugin->trusted = true;
        return RETUNE_OK;
    case HUNG:
        snprintf(fault, sizeof fault, "hung in probe (no answer within %u ms)", timeout_ms);
        break;
    case DIED:
        if (WIFSIGNALED(end))
            snprintf(fault, sizeof fault, "crashed in probe (signal %d)", WTERMSIG(end));
        else
            snprintf(fault, sizeof fault, "ended its process in probe (exit code %d)",
                     WEXITSTATUS(end));
        break;
    }
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
