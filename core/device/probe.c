/* The first contact with a backend, without risking the process.
 *
 * A driver stack is the code most likely to crash or hang before any of ours runs, and a kernel
 * that nobody tried the next one. So the first probe of a plugin and the self-test of its devices
 * happen in a child process (base/apart.h), before this process touches the driver: a driver that
 * was opened does not survive a fork. This happens when a job starts, before it has threads; where
 * a host with threads of its own does leave a lock held, the child hangs, and the backend is
 * refused instead of used. */
#include "device/plugin_private.h"

#include "base/apart.h"
#include "base/memory.h"
#include "device/self_test.h"
#include "graph/op_rule.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROBE_TIMEOUT_MS 10000u
#define TEST_TIMEOUT_MS  60000u

/* However long the tests take, a child whose parent forgot it ends some time. */
#define CHILD_LIFETIME_S 3600u

static retune_status probe_here(const retune_backend *backend, retune_probe_report *out_report,
                                retune_error *error) {
    retune_probe_report report = {.struct_size = (uint32_t)sizeof report};
    if (error)
        error->message[0] = '\0';
    retune_status status = retune_plugin_answer(backend->probe(&report, error), "probe", error);
    retune_plugin_text(report.advice, sizeof report.advice);
    if (status != RETUNE_OK) { /* of a report on a failure, only the advice counts */
        memcpy(out_report->advice, report.advice, sizeof report.advice);
        return status;
    }
    retune_plugin_text(report.library, sizeof report.library);
    retune_plugin_text(report.version, sizeof report.version);
    report.struct_size = (uint32_t)sizeof report;
    *out_report = report;
    return RETUNE_OK;
}

/* ---- Verdicts of this process ---------------------------------------------------------------- */

struct retune_plugin_verdict {
    char key[RETUNE_VERDICT_KEY_MAX];
    retune_verdict verdict;
};

static const void *code_of(const retune_plugin *plugin) {
    const void *code = NULL;
    memcpy(&code, &plugin->table.backend.probe, sizeof code);
    return code;
}

static retune_verdict *find_verdict(const retune_plugin *plugin, const char *key) {
    for (size_t v = 0; v < plugin->verdict_count; v++)
        if (strcmp(plugin->verdicts[v].key, key) == 0)
            return &plugin->verdicts[v].verdict;
    return NULL;
}

/* Keeps a verdict, for this process and for others. */
static void keep_verdict(retune_plugin *plugin, const char *key, const retune_verdict *verdict) {
    retune_verdict *known = find_verdict(plugin, key);
    if (!known && retune_grow(&plugin->verdicts, &plugin->verdict_capacity, plugin->verdict_count,
                              sizeof *plugin->verdicts, "verdicts", NULL) == RETUNE_OK) {
        struct retune_plugin_verdict *added = &plugin->verdicts[plugin->verdict_count++];
        snprintf(added->key, sizeof added->key, "%s", key);
        known = &added->verdict;
    }
    if (known)
        *known = *verdict;
    retune_verdict_remember(key, verdict);
}

/* Opens and tests a device in this process. One that cannot be opened is not tested: whoever opens
 * it will be told why. */
static bool test_device(const retune_plugin *plugin, uint32_t index,
                        void (*on_op)(void *user, retune_op_kind kind), void *user,
                        retune_verdict *out_verdict) {
    retune_device *device = NULL;
    if (retune_device_open(&plugin->table.backend, index, NULL, 0, &device, NULL) != RETUNE_OK)
        return false;
    retune_self_test_run(device, on_op, user, out_verdict);
    retune_device_close(device);
    return true;
}

/* ---- The child ------------------------------------------------------------------------------- */

/* What the child sends: how the probe went, then what is being tested and how it went. */
struct news {
    enum { PROBED, TESTING, TESTED } kind;
    int32_t status; /* PROBED */
    retune_probe_report report;
    retune_error error;
    uint32_t op;                      /* TESTING */
    char key[RETUNE_VERDICT_KEY_MAX]; /* of the device that is tested */
    retune_verdict verdict;           /* TESTED */
};

struct contact {
    const retune_plugin *plugin;
    retune_self_test_mode mode;
    uint32_t least_score;
    int channel;
    struct news news;
};

static void tell_op(void *user, retune_op_kind kind) {
    struct contact *c = user;
    c->news.kind = TESTING;
    c->news.op = (uint32_t)kind;
    retune_apart_send(c->channel, &c->news, sizeof c->news);
}

/* Tests the devices that no verdict is known of, but not those that nobody would take yet. */
static void test_devices(struct contact *c) {
    const retune_plugin *plugin = c->plugin;
    uint32_t count = 0;
    if (retune_device_count(&plugin->table.backend, &count, NULL) != RETUNE_OK)
        return;
    for (uint32_t index = 0; index < count; index++) {
        retune_device_info info;
        retune_verdict remembered;
        if (retune_device_describe(&plugin->table.backend, index, &info, NULL) != RETUNE_OK ||
            info.score < c->least_score)
            continue;
        retune_verdict_key(&info, code_of(plugin), c->news.key);
        if (find_verdict(plugin, c->news.key) ||
            (c->mode == RETUNE_SELF_TEST_ONCE && retune_verdict_recall(c->news.key, &remembered)))
            continue;
        if (!test_device(plugin, index, tell_op, c, &c->news.verdict))
            continue;
        c->news.kind = TESTED;
        retune_apart_send(c->channel, &c->news, sizeof c->news);
    }
}

static void *work(void *user) {
    struct contact *c = user;
    c->news.status =
        (int32_t)probe_here(&c->plugin->table.backend, &c->news.report, &c->news.error);
    retune_apart_send(c->channel, &c->news, sizeof c->news);
    if (c->news.status == RETUNE_OK && c->mode != RETUNE_SELF_TEST_SKIP)
        test_devices(c);
    _exit(0);
}

/* In a thread of its own: pools of threads belong to the one that made them, and those of the
 * parent's did not come along. */
static void be_contact(int channel, void *user) {
    struct contact *c = user;
    pthread_t thread;
    c->channel = channel;
    if (pthread_create(&thread, NULL, work, c) != 0)
        work(c);
    pthread_join(thread, NULL);
}

/* ---- The parent ------------------------------------------------------------------------------ */

/* How a child that sent no more news ended: "hung in probe (no answer within 500 ms)". */
static void describe_end(retune_apart *child, retune_apart_news last, uint32_t timeout_ms,
                         const char *where, char *text, size_t size) {
    char end_text[RETUNE_APART_TEXT_MAX];
    bool killed = false;
    int end = retune_apart_finish(child, last == RETUNE_APART_ENDED ? timeout_ms : 0, &killed);
    if (killed)
        snprintf(text, size, "hung in %s (no answer within %u ms)", where, timeout_ms);
    else
        snprintf(text, size, "%s", retune_apart_text(end, where, end_text));
}

static retune_status refuse_for_ever(retune_plugin *plugin, retune_apart *child,
                                     retune_apart_news last, uint32_t timeout_ms,
                                     retune_error *error) {
    char fault[128];
    describe_end(child, last, timeout_ms, "probe", fault, sizeof fault);
    RETUNE_TRY(retune_copy_text(fault, &plugin->probe_fault, error));
    return retune_fail(error, RETUNE_UNAVAILABLE, "%s", plugin->probe_fault);
}

/* Takes verdicts until the child is through. False: it died of a device, which now has a verdict,
 * and the others are still to be tested. */
static bool follow_tests(retune_plugin *plugin, retune_apart *child,
                         const retune_plugin_contact *how) {
    uint32_t timeout_ms = how->test_timeout_ms ? how->test_timeout_ms : TEST_TIMEOUT_MS;
    struct news news = {.kind = PROBED}, next;
    for (;;) {
        retune_apart_news got = retune_apart_receive(child, &next, sizeof next, timeout_ms);
        if (got == RETUNE_APART_ANSWERED) {
            news = next;
            if (news.kind == TESTED)
                keep_verdict(plugin, news.key, &news.verdict);
            else if (news.kind == TESTING && how->on_test)
                how->on_test(how->user, (retune_op_kind)news.op);
            continue;
        }
        bool through = got == RETUNE_APART_ENDED && news.kind != TESTING;
        char where[64], fault[128];
        snprintf(where, sizeof where, "the self-test of %s",
                 retune_op_name((retune_op_kind)news.op));
        describe_end(child, got, timeout_ms, where, fault, sizeof fault);
        if (through || news.kind != TESTING)
            return true;
        retune_verdict verdict = {.known = 1};
        snprintf(verdict.fault, sizeof verdict.fault, "%s", fault);
        keep_verdict(plugin, news.key, &verdict);
        return false;
    }
}

/* One child's work: probes, and tests what is to be tested. */
static retune_status contact_once(retune_plugin *plugin, const retune_plugin_contact *how,
                                  bool *out_through, retune_probe_report *out_report,
                                  retune_error *error) {
    uint32_t probe_ms = how->probe_timeout_ms ? how->probe_timeout_ms : PROBE_TIMEOUT_MS;
    struct contact contact = {
        .plugin = plugin, .mode = how->self_test, .least_score = how->least_score};
    struct news news = {.error = RETUNE_ERROR_INIT};
    retune_apart child;
    bool killed = false;
    contact.news.error = news.error;
    *out_through = true;
    if (!retune_apart_start(be_contact, &contact, CHILD_LIFETIME_S, &child))
        return RETUNE_OK; /* then it has to be here */
    retune_apart_news got = retune_apart_receive(&child, &news, sizeof news, probe_ms);
    if (got != RETUNE_APART_ANSWERED)
        return refuse_for_ever(plugin, &child, got, probe_ms, error);
    if (news.status == RETUNE_OK && how->self_test != RETUNE_SELF_TEST_SKIP) {
        *out_through = follow_tests(plugin, &child, how);
        return RETUNE_OK;
    }
    retune_apart_finish(&child, 0, &killed);
    memcpy(out_report->advice, news.report.advice, sizeof out_report->advice);
    return news.status == RETUNE_OK
               ? RETUNE_OK
               : retune_fail(error, (retune_status)news.status, "%s", news.error.message);
}

static retune_status make_contact(retune_plugin *plugin, const retune_plugin_contact *how,
                                  retune_probe_report *out_report, retune_error *error) {
    bool through = false;
    while (!through)
        RETUNE_TRY(contact_once(plugin, how, &through, out_report, error));
    plugin->trusted = true;
    return RETUNE_OK;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

retune_status retune_plugin_contact_first(retune_plugin *plugin, const retune_plugin_contact *how,
                                          retune_probe_report *out_report, retune_error *error) {
    *out_report = (retune_probe_report){.struct_size = (uint32_t)sizeof *out_report};
    if (!retune_plugin_backend(plugin))
        return retune_fail(error, RETUNE_INVALID, "%s: not a loaded backend", plugin->path);
    retune_status status = RETUNE_OK;
    pthread_mutex_lock(&lock);
    if (plugin->probe_fault)
        status = retune_fail(error, RETUNE_UNAVAILABLE, "%s", plugin->probe_fault);
    else if (!plugin->trusted)
        status = make_contact(plugin, how, out_report, error);
    if (status == RETUNE_OK)
        status = probe_here(&plugin->table.backend, out_report, error);
    pthread_mutex_unlock(&lock);
    return status;
}

retune_status retune_plugin_probe(retune_plugin *plugin, uint32_t timeout_ms,
                                  retune_probe_report *out_report, retune_error *error) {
    retune_plugin_contact how = {.probe_timeout_ms = timeout_ms,
                                 .self_test = RETUNE_SELF_TEST_SKIP};
    return retune_plugin_contact_first(plugin, &how, out_report, error);
}

void retune_plugin_judge(retune_plugin *plugin, uint32_t index, const retune_device_info *info,
                         retune_self_test_mode mode, retune_verdict *out_verdict) {
    char key[RETUNE_VERDICT_KEY_MAX];
    *out_verdict = (retune_verdict){0};
    if (mode == RETUNE_SELF_TEST_SKIP)
        return;
    pthread_mutex_lock(&lock);
    retune_verdict_key(info, code_of(plugin), key);
    const retune_verdict *known = find_verdict(plugin, key);
    if (known)
        *out_verdict = *known;
    else if (!retune_verdict_recall(key, out_verdict) &&
             test_device(plugin, index, NULL, NULL, out_verdict))
        keep_verdict(plugin, key, out_verdict);
    pthread_mutex_unlock(&lock);
}
