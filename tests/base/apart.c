/* Work in a child process. */
#include "base/apart.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LARGE (1 << 20) /* more than a pipe holds */

static void send_many(int channel, void *user) {
    static unsigned char bytes[LARGE];
    for (int i = 0; i < *(int *)user; i++) {
        memset(bytes, i + 1, sizeof bytes);
        retune_apart_send(channel, bytes, sizeof bytes);
    }
}

static void crash(int channel, void *user) {
    (void)channel, (void)user;
    raise(SIGSEGV);
}

static void end_with_3(int channel, void *user) {
    (void)channel, (void)user;
    _exit(3);
}

static void hang(int channel, void *user) {
    (void)channel, (void)user;
    for (;;)
        pause();
}

static void send_half(int channel, void *user) {
    (void)user;
    retune_apart_send(channel, "1234", 4);
}

Test(apart, answers_arrive_whole_and_in_order) {
    static unsigned char got[LARGE];
    int count = 3;
    bool killed = true;
    retune_apart apart;
    cr_assert(retune_apart_start(send_many, &count, 0, &apart));
    for (int i = 0; i < count; i++) {
        cr_assert_eq(retune_apart_receive(&apart, got, sizeof got, 10000), RETUNE_APART_ANSWERED);
        for (size_t b = 0; b < sizeof got; b += 4095)
            cr_expect_eq(got[b], i + 1);
    }
    cr_expect_eq(retune_apart_receive(&apart, got, 1, 10000), RETUNE_APART_ENDED);
    cr_expect_eq(retune_apart_finish(&apart, 10000, &killed), 0);
    cr_expect_not(killed);
}

/* What the child does, and how that reads. */
static void expect_end(retune_apart_work *work, const char *text) {
    char answer[8], got[RETUNE_APART_TEXT_MAX];
    bool killed = true;
    retune_apart apart;
    cr_assert(retune_apart_start(work, NULL, 0, &apart));
    cr_expect_eq(retune_apart_receive(&apart, answer, sizeof answer, 10000), RETUNE_APART_ENDED);
    const int end = retune_apart_finish(&apart, 10000, &killed);
    cr_expect_not(killed);
    cr_expect_str_eq(retune_apart_text(end, "work", got), text);
}

Test(apart, an_end_without_an_answer) {
    expect_end(crash, "crashed in work (signal 11)");
    expect_end(end_with_3, "ended its process in work (exit code 3)");
    expect_end(send_half, "ended its process in work (exit code 0)");
}

Test(apart, a_handler_of_the_host_hides_no_crash) {
    signal(SIGSEGV, SIG_IGN);
    expect_end(crash, "crashed in work (signal 11)");
}

Test(apart, what_hangs_is_killed) {
    char answer;
    bool killed = false;
    retune_apart apart;
    cr_assert(retune_apart_start(hang, NULL, 0, &apart));
    cr_expect_eq(retune_apart_receive(&apart, &answer, 1, 50), RETUNE_APART_LATE);
    const int end = retune_apart_finish(&apart, 50, &killed);
    cr_expect(killed);
    cr_expect(WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL);
}

Test(apart, a_lifetime_ends_it_too) {
    char answer;
    bool killed = true;
    retune_apart apart;
    cr_assert(retune_apart_start(hang, NULL, 1, &apart));
    cr_expect_eq(retune_apart_receive(&apart, &answer, 1, 30000), RETUNE_APART_ENDED);
    const int end = retune_apart_finish(&apart, 10000, &killed);
    cr_expect_not(killed);
    cr_expect(WIFSIGNALED(end) && WTERMSIG(end) == SIGALRM);
}
