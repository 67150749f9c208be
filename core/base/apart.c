#include "base/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- The child ------------------------------------------------------------------------------- */

static _Noreturn void be_child(retune_apart_work *work, void *user, int channel, uint32_t limit_s) {
    static const int faults[] = {SIGSEGV, SIGBUS,  SIGILL, SIGFPE,
                                 SIGABRT, SIGTRAP, SIGSYS, SIGALRM};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Should the parent die before it ends this: a lock it held lives on in the child. */
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    alarm(limit_s);
    work(channel, user);
    _exit(0);
}

void retune_apart_send(int channel, const void *answer, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t now = write(channel, (const char *)answer + sent, size - sent);
        if (now < 0 && errno == EINTR)
            continue;
        if (now <= 0)
            _exit(1);
        sent += (size_t)now;
    }
}

/* ---- The parent ------------------------------------------------------------------------------ */

bool retune_apart_start(retune_apart_work *work, void *user, uint32_t limit_s,
                        retune_apart *out_apart) {
    int channel[2];
    if (pipe2(channel, O_CLOEXEC) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        close(channel[0]);
        be_child(work, user, channel[1], limit_s);
    }
    close(channel[1]);
    if (child < 0)
        close(channel[0]);
    *out_apart = (retune_apart){child, channel[0]};
    return child > 0;
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

retune_apart_news retune_apart_receive(const retune_apart *apart, void *out_answer, size_t size,
                                       uint32_t timeout_ms) {
    const int64_t deadline = now_ms() + timeout_ms;
    for (size_t received = 0; received < size;) {
        int64_t left = deadline - now_ms();
        struct pollfd ready = {.fd = apart->channel, .events = POLLIN};
        int count = poll(&ready, 1, left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return RETUNE_APART_LATE;
        ssize_t got = read(apart->channel, (char *)out_answer + received, size - received);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return RETUNE_APART_ENDED;
        received += (size_t)got;
    }
    return RETUNE_APART_ANSWERED;
}

/* Waits for the child's end; false when the deadline comes first. */
static bool reap(pid_t child, int64_t deadline, int *out_end) {
    for (;;) {
        pid_t ended = waitpid(child, out_end, WNOHANG);
        if (ended == child)
            return true;
        if (ended < 0 && errno != EINTR) {
            *out_end = 0;
            return true;
        }
        if (now_ms() >= deadline)
            return false;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

int retune_apart_finish(retune_apart *apart, uint32_t timeout_ms, bool *out_killed) {
    int end = 0;
    close(apart->channel);
    *out_killed = !reap(apart->child, now_ms() + timeout_ms, &end);
    if (*out_killed) {
        kill(apart->child, SIGKILL);
        while (waitpid(apart->child, &end, 0) < 0 && errno == EINTR)
            continue;
    }
    *apart = (retune_apart){-1, -1};
    return end;
}

const char *retune_apart_text(int end, const char *where, char text[RETUNE_APART_TEXT_MAX]) {
    if (WIFSIGNALED(end))
        snprintf(text, RETUNE_APART_TEXT_MAX, "crashed in %s (signal %d)", where, WTERMSIG(end));
    else
        snprintf(text, RETUNE_APART_TEXT_MAX, "ended its process in %s (exit code %d)", where,
                 WEXITSTATUS(end));
    return text;
}
