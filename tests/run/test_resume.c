/* Runs that end early, by request or by force, and go on: the result is that of a run that was left
 * alone, to the bit, and no epoch stands twice anywhere. */
#include "run/events.h"
#include "run/scene.h"
#include "run/tensors.h"

#include "report/page.h"

#include "base/random.h"
#include "retune/retune.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Everything that could tell a resumed run from another: views, a schedule, state of the
 * optimiser, features on disk. */
static const retune_option settings[] = {
    {"train.epochs", "3"},        {"train.augment", "crop"},
    {"train.augment_views", "2"}, {"train.label_smoothing", "0.1"},
    {"train.schedule", "cosine"}, {"cache.features", "disk"},
};
#define SETTING_COUNT (sizeof settings / sizeof *settings)
#define SETTINGS                                                                                   \
    "--set train.epochs=3 --set train.augment=crop --set train.augment_views=2 --set "             \
    "train.label_smoothing=0.1 --set train.schedule=cosine --set cache.features=disk "

static void begin(void) {
    scene_begin();
    scene_train(SETTINGS "--set output.folder=whole");
}

TestSuite(run_resume, .init = begin, .fini = scene_end);

/* ---- Runs that are cut short --------------------------------------------------------------- */

/* At the event with this number a run is stopped or killed. */
typedef struct cut {
    int countdown;
    bool by_force;
} cut;

static int receive(void *user, const retune_event *event) {
    (void)event;
    cut *c = user;
    if (c->countdown-- > 0)
        return 0;
    if (c->by_force)
        kill(getpid(), SIGKILL);
    return 1;
}

/* Trains in a process of its own. Gives the status, or -1 when it was killed. */
static int train(cut c, bool resume) {
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        retune_job *job = NULL;
        retune_error error = RETUNE_ERROR_INIT;
        retune_train_options options = {.struct_size = sizeof options, .resume = resume};
        retune_status status = retune_job_open("job.ini", settings, SETTING_COUNT, &job, &error);
        if (status == RETUNE_OK)
            status = retune_job_train(job, &options, receive, &c, &error);
        retune_job_close(job);
        if (status != RETUNE_OK && status != RETUNE_CANCELLED)
            fprintf(stderr, "%s\n", error.message);
        _exit((int)status);
    }
    int result = 0;
    cr_assert(waitpid(child, &result, 0) == child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static const cut never = {.countdown = 1 << 30};

static bool has_begun(void) {
    return access("run/job.ini", F_OK) == 0;
}

/* Also a run that was stopped has its report. */
static void expect_report(const char *context) {
    cr_assert(access("run/report.html", F_OK) == 0, "%s: no report", context);
    char *page = page_read("run/report.html");
    page_check(page);
    free(page);
}

/* ---- What must come of it ------------------------------------------------------------------ */

/* The lines of metrics.csv without their last column, the seconds. */
static char *story(const char *path) {
    size_t size = 0;
    char *text = scene_read(path, &size), *end = text;
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));) {
        char *seconds = strrchr(line, ',');
        size_t length = seconds ? (size_t)(seconds - line) : strlen(line);
        memmove(end, line, length);
        end += length;
        *end++ = '\n';
    }
    end[-1] = '\0';
    return text;
}

static void expect_one_of_each(const char *path, const char *context) {
    cJSON *events = events_read(path);
    for (int e = 0; e < 3; e++) {
        cr_expect(event_number(events_find(events, "epoch", e), "epoch") == e + 1, "%s", context);
        cr_expect(event_number(events_find(events, "eval", e), "epoch") == e, "%s", context);
    }
    cr_expect(events_count(events, "epoch") == 3, "%s: %d", context, events_count(events, "epoch"));
    cr_expect(events_count(events, "eval") == 4, "%s: %d", context, events_count(events, "eval"));
    cr_expect(events_count(events, "done") == 1, "%s", context);
    cJSON_Delete(events);
}

/* The folder run/ holds what whole/ holds. */
static void expect_whole(const char *context) {
    cr_expect(tensors_same("run/last.safetensors", "whole/last.safetensors"), "%s", context);
    cr_expect(tensors_same("run/model.safetensors", "whole/model.safetensors"), "%s", context);
    cr_expect(tensors_same("run/delta.safetensors", "whole/delta.safetensors"), "%s", context);
    char *got = story("run/metrics.csv"), *wanted = story("whole/metrics.csv");
    cr_expect(strcmp(got, wanted) == 0, "%s:\n%s\nnot\n%s", context, got, wanted);
    free(got);
    free(wanted);
    cr_expect(system("cmp -s run/predictions.jsonl whole/predictions.jsonl") == 0, "%s", context);
    expect_one_of_each("run/metrics.jsonl", context);
}

/* Files that a death in the middle of writing left behind go when the folder is used again. */
static void expect_tidy(void) {
    cr_expect(system("test -z \"$(find run -name '.retune-*')\"") == 0);
}

/* Cuts a run short at its first event, at its second, and so on, until one is through before it can
 * be cut, and lets each go on. */
static void cut_everywhere(bool by_force) {
    int at = 0, first = -1;
    for (; first != RETUNE_OK && at < 200; at++) {
        char context[64];
        snprintf(context, sizeof context, "cut at event %d", at);
        cr_assert(system("rm -rf run") == 0);
        first = train((cut){at, by_force}, false);
        if (first != RETUNE_OK) {
            cr_assert(first == (by_force ? -1 : RETUNE_CANCELLED), "%s: %d", context, first);
            if (!by_force && has_begun())
                expect_report(context);
            cr_assert(train(never, has_begun()) == RETUNE_OK, "%s", context);
        }
        expect_whole(context);
    }
    cr_expect(at > 25 && at < 200, "%d events", at);
}

Test(run_resume, stopped_at_every_event) {
    cut_everywhere(false);
}

Test(run_resume, killed_at_every_event) {
    cut_everywhere(true);
}

/* Stopped after every few steps, again and again. */
Test(run_resume, stopped_again_and_again) {
    int status = RETUNE_CANCELLED, rounds = 0;
    for (; status == RETUNE_CANCELLED && rounds < 500; rounds++)
        status = train((cut){6 + rounds % 3, false}, has_begun());
    cr_expect(status == RETUNE_OK, "%d", status);
    cr_expect(rounds > 3, "%d", rounds);
    expect_whole("again and again");
}

/* Lets the command train for so long and then kills it, unless it has ended by itself. */
static bool kill_after(double seconds, bool resume) {
    char line[1024];
    int result = 0;
    snprintf(line, sizeof line, "exec '%s' train job.ini " SETTINGS "%s >/dev/null 2>&1",
             command_path(), resume ? "--resume" : "");
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    usleep((useconds_t)(seconds * 1e6));
    kill(child, SIGKILL);
    cr_assert(waitpid(child, &result, 0) == child);
    return WIFSIGNALED(result);
}

/* Also between events: while files are written. Deaths come at any time of a run, however long one
 * takes on this machine: a run that ended before its death makes the next ones come sooner. */
Test(run_resume, killed_at_random_moments) {
    retune_random random = retune_random_make(1, 0);
    double longest = 0.05; /* seconds */
    int killed = 0;
    for (int round = 0; round < 200 && killed < 30; round++) {
        cr_assert(system("rm -rf run") == 0);
        for (int deaths = 0; deaths < 4; deaths++) {
            bool died = kill_after(longest * (double)retune_random_unit(&random), has_begun());
            killed += died;
            longest *= died ? 1.05 : 0.8;
        }
        int code = scene_run("train job.ini " SETTINGS "%s", has_begun() ? "--resume" : "");
        cr_assert(code == 0, "%s", command_stderr);
        expect_whole("killed at random");
        expect_tidy();
    }
    cr_expect(killed >= 30, "%d", killed);
}

/* ---- Ctrl-C -------------------------------------------------------------------------------- */

/* Starts the command, sends the signal after so many lines and gives the exit code. */
static int interrupt(int lines, int signal_number, const char *arguments) {
    char line[1024];
    int ends[2], result = 0;
    cr_assert(pipe(ends) == 0);
    snprintf(line, sizeof line, "exec '%s' train job.ini --json " SETTINGS "%s 2>stderr.txt",
             command_path(), arguments);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    while (fgets(line, sizeof line, output))
        if (lines-- == 0)
            kill(child, signal_number);
    fclose(output);
    cr_assert(waitpid(child, &result, 0) == child);
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

Test(run_resume, interrupted_by_the_user) {
    static const int signals[] = {SIGINT, SIGTERM};
    for (int s = 0; s < 2; s++) {
        cr_assert(system("rm -rf run") == 0);
        /* far more epochs than a test waits for, so that the signal always comes in time */
        cr_expect(interrupt(60, signals[s], "--set train.epochs=100000") == 130);
        size_t size = 0;
        char *said = scene_read("stderr.txt", &size);
        cr_expect(strstr(said, "stopping after this step") != NULL, "%s", said);
        cr_expect(strstr(said, "--resume goes on from here") != NULL, "%s", said);
        free(said);
        cJSON *events = events_read("run/metrics.jsonl");
        int epochs = events_count(events, "epoch") + 2;
        cJSON_Delete(events);
        cr_expect(scene_run("train job.ini --resume " SETTINGS
                            "--set train.schedule=constant --set train.epochs=%d",
                            epochs) == 2);
        cr_expect(scene_run("train job.ini --resume " SETTINGS "--set train.epochs=%d", epochs) ==
                      0,
                  "%s", command_stderr);
    }
}

/* ---- Going on ------------------------------------------------------------------------------ */

Test(run_resume, more_epochs) {
    scene_train(SETTINGS "--set train.schedule=constant --set train.epochs=6");
    cr_assert(rename("run", "six") == 0);
    scene_train(SETTINGS "--set train.schedule=constant --set train.epochs=2");
    scene_train("--resume " SETTINGS "--set train.schedule=constant --set train.epochs=6");
    cr_expect(tensors_same("run/last.safetensors", "six/last.safetensors"));
    cr_expect(tensors_same("run/model.safetensors", "six/model.safetensors"));
    char *got = story("run/metrics.csv"), *wanted = story("six/metrics.csv");
    cr_expect(strcmp(got, wanted) == 0, "%s\nnot\n%s", got, wanted);
    free(got);
    free(wanted);
    cJSON *events = events_read("run/metrics.jsonl");
    cr_expect(events_count(events, "done") == 1 && events_count(events, "epoch") == 6);
    cJSON_Delete(events);
}

Test(run_resume, a_run_that_is_over) {
    cr_assert(train(never, false) == RETUNE_OK);
    cr_assert(train(never, true) == RETUNE_OK);
    expect_whole("resumed when it was over");
}

/* Fewer checkpoints: what lies behind the last one is done again. */
Test(run_resume, epochs_since_the_checkpoint_come_again) {
    cr_assert(system("rm -rf whole") == 0);
    scene_train(SETTINGS "--set output.folder=whole --set output.checkpoint_epochs=2");
    for (int lines = 5; lines < 30; lines += 2) {
        cr_assert(system("rm -rf run") == 0);
        interrupt(lines, SIGKILL, "--set output.checkpoint_epochs=2");
        cr_assert(scene_run("train job.ini " SETTINGS "%s --set output.checkpoint_epochs=2",
                            has_begun() ? "--resume" : "") == 0,
                  "%s", command_stderr);
        expect_whole("with few checkpoints");
    }
}

/* A checkpoint holds no device's layout. */
Test(run_resume, on_another_device) {
    cr_assert(train((cut){18, false}, false) == RETUNE_CANCELLED);
    scene_train("--resume " SETTINGS "--set backend.order=cpu/scalar");
    expect_one_of_each("run/metrics.jsonl", "another device");
}

/* ---- Checkpoints that are not what they should be ------------------------------------------ */

Test(run_resume, a_damaged_checkpoint_falls_back_to_the_one_before) {
    static const char *const damages[] = {"truncate -s 1000", "truncate -s -1", "rm",
                                          "sh -c 'echo nonsense > $0'"};
    for (size_t d = 0; d < sizeof damages / sizeof *damages; d++) {
        char command[128];
        cr_assert(system("rm -rf run && cp -r whole run") == 0);
        snprintf(command, sizeof command, "%s run/last.safetensors", damages[d]);
        cr_assert(system(command) == 0);
        scene_train("--resume " SETTINGS);
        cJSON *events = events_parse(command_stdout);
        cr_expect(events_count(events, "epoch") == 1, "%s", damages[d]);
        bool is_damaged = strcmp(damages[d], "rm") != 0;
        cr_expect(!is_damaged || events_mention(events, "last.safetensors"), "%s: %s", damages[d],
                  command_stdout);
        cJSON_Delete(events);
        expect_whole(damages[d]);
    }
}

Test(run_resume, without_any_good_checkpoint) {
    cr_assert(system("cp -r whole run; echo nonsense > run/last.safetensors; echo nonsense > "
                     "run/last.previous.safetensors") == 0);
    scene_refuse(3, "train job.ini --resume " SETTINGS, "run/last.safetensors", NULL);
    /* A model is no checkpoint. */
    cr_assert(system("cp run/model.safetensors run/last.safetensors") == 0);
    scene_refuse(3, "train job.ini --resume " SETTINGS, "last.safetensors", "not a checkpoint",
                 NULL);
}

Test(run_resume, with_other_settings) {
    static const char *const changes[] = {"train.batch=17",      "train.learning_rate=0.002",
                                          "train.seed=8",        "train.augment=flip",
                                          "train.optimizer=sgd", "freeze.train=dense",
                                          "data.seed=5",         "data.test=0.3",
                                          "data.resize=crop",    "model.input=48"};
    cr_assert(system("cp -r whole run") == 0);
    for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
        char arguments[512];
        snprintf(arguments, sizeof arguments, "train job.ini --resume " SETTINGS "--set %s",
                 changes[c]);
        scene_refuse(2, arguments, "--resume: settings of", "job.ini has them", NULL);
    }
    /* and the run is still what it was */
    scene_train("--resume " SETTINGS);
    expect_whole("after refusals");
}

Test(run_resume, with_other_images) {
    cr_assert(system("cp -r whole run && cp -r data kept") == 0);
    scene_pictures("data/ring", 1, 300, 1);
    scene_refuse(2, "train job.ini --resume " SETTINGS, "the images are not those", NULL);
    cr_assert(system("rm data/ring/300.* && rm data/disc/003.png") == 0);
    scene_refuse(2, "train job.ini --resume " SETTINGS, "the images are not those", NULL);
    cr_assert(system("rm -r data && cp -r kept data && cp data/ring/001.png data/disc/001.png") ==
              0);
    scene_refuse(2, "train job.ini --resume " SETTINGS, "the images are not those", NULL);
    cr_assert(system("rm -r data && cp -r kept data && mv data/ring data/rings") == 0);
    scene_refuse(2, "train job.ini --resume " SETTINGS, "the images are not those", NULL);
    cr_assert(system("rm -r data && mv kept data") == 0);
    scene_train("--resume " SETTINGS);
    expect_whole("after refusals");
}

Test(run_resume, nothing) {
    scene_refuse(2, "train job.ini --resume", "there is no run to resume", NULL);
    cr_expect(access("run", F_OK) != 0);
    cr_assert(mkdir("run", 0777) == 0);
    scene_refuse(2, "train job.ini --resume", "there is no run to resume", NULL);
    scene_refuse(2, "train job.ini --resume --fresh", "exclude each other", NULL);
}

/* Two runs never work in one folder. */
Test(run_resume, a_run_that_is_still_at_work) {
    char command[512];
    snprintf(command, sizeof command,
             "'%s' train job.ini --set train.epochs=100000 >/dev/null 2>&1 & echo $! >pid; "
             "until test -e run/last.safetensors; do sleep 0.01; done",
             command_path());
    cr_assert(system(command) == 0);
    scene_refuse(4, "train job.ini --resume --set train.epochs=100000",
                 "another run is at work in this folder", NULL);
    scene_refuse(4, "train job.ini --fresh", "another run is at work in this folder", NULL);
    cr_expect(system("kill -9 $(cat pid)") == 0);
}
