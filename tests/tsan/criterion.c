/* Runs the tests that register themselves through <criterion/criterion.h> of this folder. */
#include <criterion/criterion.h>

#include "unfit.h"

#include <fnmatch.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How a test's process ends. ThreadSanitizer turns them into 66 when it has found something. */
enum { PASSED = 0, FAILED = 1, SKIPPED = 77 };

/* Programs run many times slower here than where their time limits were set. */
#define SLOWDOWN 15u

static struct criterion_suite *suites;
static struct criterion_test *tests;

/* Of the running test. */
static jmp_buf end_of_test;
static pthread_t test_thread;
static volatile sig_atomic_t outcome;

void criterion_add_suite(struct criterion_suite *suite) {
    suite->next = suites;
    suites = suite;
}

void criterion_add_test(struct criterion_test *test) {
    test->next = tests;
    tests = test;
}

static void report(const char *head, const char *format, va_list arguments) {
    fprintf(stderr, "%s", head);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

static _Noreturn void leave_test(void) {
    if (pthread_equal(pthread_self(), test_thread))
        longjmp(end_of_test, 1);
    exit(outcome); /* a thread of the test cannot return into it */
}

void criterion_fail(bool fatal, const char *file, int line, const char *check, const char *format,
                    ...) {
    char head[1024];
    snprintf(head, sizeof head, "%s:%d: failed: %s%s", file, line, check, *format ? ": " : "");
    va_list arguments;
    va_start(arguments, format);
    report(head, format, arguments);
    va_end(arguments);
    outcome = FAILED;
    if (fatal)
        leave_test();
}

void criterion_skip(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    report("skipped: ", format, arguments);
    va_end(arguments);
    outcome = SKIPPED;
    leave_test();
}

void criterion_log(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    report("warning: ", format, arguments);
    va_end(arguments);
}

static struct criterion_options options_of(const struct criterion_test *test) {
    struct criterion_options options = test->options;
    for (const struct criterion_suite *suite = suites; suite; suite = suite->next) {
        if (strcmp(suite->name, test->suite) != 0)
            continue;
        options.init = options.init ? options.init : suite->options.init;
        options.fini = options.fini ? options.fini : suite->options.fini;
        options.timeout = options.timeout ? options.timeout : suite->options.timeout;
    }
    return options;
}

/* In the test's own process. */
static _Noreturn void run_here(const struct criterion_test *test, void *parameter) {
    struct criterion_options options = options_of(test);
    alarm(options.timeout * SLOWDOWN);
    test_thread = pthread_self();
    if (setjmp(end_of_test) == 0) {
        if (options.init)
            options.init();
        if (test->run)
            test->run();
        else
            test->run_with(parameter);
    }
    if (setjmp(end_of_test) == 0 && options.fini)
        options.fini();
    exit(outcome);
}

static int run(const struct criterion_test *test, void *parameter) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_here(test, parameter);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("criterion");
        exit(FAILED);
    }
    if (WIFEXITED(status) && (WEXITSTATUS(status) == PASSED || WEXITSTATUS(status) == SKIPPED))
        return WEXITSTATUS(status);
    fprintf(stderr, "%s/%s: %s %d\n", test->suite, test->name,
            WIFEXITED(status) ? "exit code" : "ended by signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return FAILED;
}

/* Why a test is left out, or NULL. */
static const char *unfit(const struct criterion_test *test) {
    char name[256];
    snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    for (size_t i = 0; i < sizeof unfit_tests / sizeof *unfit_tests; i++)
        if (fnmatch(unfit_tests[i].name, name, 0) == 0)
            return unfit_tests[i].reason;
    return NULL;
}

/* Runs a test with each of its parameters and counts the outcomes. */
static void run_all(const struct criterion_test *test, unsigned *passed, unsigned *failed,
                    unsigned *skipped) {
    const char *reason = unfit(test);
    if (reason) {
        fprintf(stderr, "%s/%s: skipped: %s\n", test->suite, test->name, reason);
        (*skipped)++;
        return;
    }
    struct criterion_test_params all = {.length = 1};
    if (test->parameters)
        all = test->parameters();
    for (size_t i = 0; i < all.length; i++) {
        int result = run(test, test->parameters ? (char *)all.params + i * all.size : NULL);
        *(result == PASSED ? passed : result == SKIPPED ? skipped : failed) += 1;
    }
}

/* Usage: [-j1] [--filter GLOB], the glob over "suite/test". */
int main(int argc, char **argv) {
    const char *filter = "*";
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--filter") == 0 && i + 1 < argc)
            filter = argv[++i];
    unsigned passed = 0, failed = 0, skipped = 0;
    for (const struct criterion_test *test = tests; test; test = test->next) {
        char name[256];
        snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
        if (fnmatch(filter, name, 0) == 0)
            run_all(test, &passed, &failed, &skipped);
    }
    fprintf(stderr, "[====] Synthesis: Tested: %u | Passing: %u | Failing: %u | Skipped: %u\n",
            passed + failed + skipped, passed, failed, skipped);
    return failed > 0 || passed + skipped == 0;
}
