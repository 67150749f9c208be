/* The program `conform`: what it finds, what it forgives when told, and how it ends. */
#include "cli/command.h"

#include <cJSON.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(void) {
    command_begin();
    command_use("conform");
    unsetenv("RETUNE_PLUGIN_PATH");
}

TestSuite(conform, .init = begin, .fini = command_end);

#define LINE     "add a=f32[17] b=f32[17] -> y=f32[17] data=uniform seed=10"
#define ODD      "'" ODD_PLUGIN "' "
#define FAKE(of) "'" FAKE_PLUGINS "/retune_" of ".so'"

static void expect_says(const char *part) {
    cr_expect(strstr(command_stdout, part), "'%s' is not in:\n%s", part, command_stdout);
}

static void expect_complains(const char *part) {
    cr_expect(strstr(command_stderr, part), "'%s' is not in:\n%s", part, command_stderr);
}

/* Runs the cases of add that have f32[17] on the odd plugin: three. */
static int run_odd(const char *odd, const char *options) {
    char line[4096];
    setenv("RETUNE_ODD", odd, 1);
    snprintf(line, sizeof line, ODD "--filter 'add a=f32[17]*' %s", options);
    return command_run(line);
}

/* ---- Findings ------------------------------------------------------------------------------ */

Test(conform, passes_what_is_right) {
    cr_expect_eq(command_run(ODD "--filter 'add *'"), 0, "%s", command_stdout);
    expect_says("reference/0: float64 reference");
    expect_says("add                          36 pass                   36 pass"
                "                   36 pass");
    expect_says("108 passed, 0 unsupported, 0 failed, 0 crashed, 0 hung, 0 not as expected");
}

static const struct {
    const char *odd, *heading, *text;
} misbehaviours[] = {
    {"crashes", "crashed: ", "crashed in its run (signal 11)"},
    {"exits", "crashed: ", "ended its process in its run (exit code 3)"},
    {"crashes in close", "crashed: ", "crashed in its run (signal 11)"},
    {"promises", "failed: ", "accepted, but gives status 1: seventeen is too many"},
    {"hides",
     "failed: ", "op_query refuses it (seventeen is too many), but program_create takes it"},
    {"is mute", "failed: ", "op_query refuses it without a reason"},
    {"reads too much", "failed: ", "tensor_read writes beside the host memory it is given"},
    {"writes to what it reads from",
     "failed: ", "tensor_write writes beside the host memory it is given"},
    {"does not open", "failed: ", "the device does not open: status 2: somebody else has it"},
};

Test(conform, finds_misbehaviour) {
    for (size_t i = 0; i < sizeof misbehaviours / sizeof misbehaviours[0]; i++) {
        char heading[256];
        snprintf(heading, sizeof heading, "%s%s\n", misbehaviours[i].heading, LINE);
        cr_expect_eq(run_odd(misbehaviours[i].odd, ""), 7, "%s:\n%s", misbehaviours[i].odd,
                     command_stdout);
        expect_says(heading);
        expect_says(misbehaviours[i].text);
        expect_says("3 not as expected");
    }
}

Test(conform, finds_what_hangs) {
    cr_expect_eq(run_odd("hangs", "--timeout 1"), 7);
    expect_says("hung: " LINE);
    expect_says("no answer within 1 s");
    expect_says("3 HANG");
}

Test(conform, finds_writes_to_later_fields) {
    setenv("RETUNE_ODD", "writes what it does not know", 1);
    cr_expect_eq(command_run(ODD "--filter 'check takes_structs*'"), 7);
    expect_says("device_info writes beyond the fields it knows");
    setenv("RETUNE_ODD", "", 1);
    cr_expect_eq(command_run(ODD "--filter 'check takes_structs*'"), 0, "%s", command_stdout);
}

Test(conform, finds_wrong_numbers) {
    cr_expect_eq(command_run(ODD "--filter 'adam *' --options fault=ADAM.step_from_zero"), 7);
    expect_says("elements of weight are wrong, worst at");
    cr_expect_eq(command_run(ODD "--filter 'train *' --options fault=ADAM.step_from_zero"), 7);
    expect_says("failed: train mode=whole steps=8");
    expect_says("values are not those of the reference, worst in weight_1");
    cr_expect_eq(command_run(ODD "--filter 'train *'"), 0, "%s", command_stdout);
    cr_expect_eq(command_run(ODD "--filter 'train *' --steps 20"), 0, "%s", command_stdout);
}

Test(conform, a_crash_ends_its_case_alone) {
    cr_expect_eq(run_odd("crashes", ""), 7);
    setenv("RETUNE_ODD", "crashes", 1);
    cr_expect_eq(command_run(ODD "--filter 'add *' --batch 50"), 7);
    expect_says("99 passed, 0 unsupported, 0 failed, 9 crashed, 0 hung, 9 not as expected");
}

Test(conform, gives_the_command_that_runs_it_again) {
    cr_expect_eq(run_odd("promises", "--options fault=ADD.last_element_left"), 7);
    const char *again = strstr(command_stdout, "    conform '");
    cr_assert_not_null(again, "%s", command_stdout);
    char line[4096];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(again, "\n"), again);
    cr_expect_eq(command_run(strstr(line, "'")), 7, "%s", line);
    expect_says("failed: " LINE);
    expect_says("1 failed");
}

Test(conform, an_op_that_is_refused_throughout_is_no_success) {
    cr_expect_eq(command_run(FAKE("abi_1_0") " --op add --batch 1000"), 7);
    expect_says("add: every case is refused");
}

/* What was published with the first minor version works with every later one. */
Test(conform, a_plugin_of_the_first_version_passes) {
    cr_expect_eq(command_run(FAKE("abi_1_0") " --op fill"), 0, "%s", command_stdout);
    expect_says("fill                         48 pass                   48 unsupported");
    cr_expect_null(strstr(command_stdout, "FAIL"), "%s", command_stdout);
}

/* ---- Lists --------------------------------------------------------------------------------- */

Test(conform, forgives_expected_failures) {
    command_write("list", "# known\nadd a=f32[17]*\n");
    cr_expect_eq(run_odd("crashes", "--expected-failures list"), 0, "%s", command_stdout);
    expect_says("3 crashed, 0 hung, 0 not as expected");
    cr_expect_eq(run_odd("promises", "--expected-failures list"), 0, "%s", command_stdout);
    command_write("list", LINE "\n");
    cr_expect_eq(run_odd("promises", "--expected-failures list"), 7);
    expect_says("3 failed, 0 crashed, 0 hung, 2 not as expected");
}

Test(conform, an_unexpected_pass_is_a_finding) {
    command_write("list", "add a=f32[17]*\n");
    cr_expect_eq(run_odd("", "--expected-failures list"), 7);
    expect_says("passes, but is listed as an expected failure: " LINE);
    cr_expect_eq(run_odd("refuses", "--expected-failures list"), 7);
    expect_says("is refused, but listed as an expected failure: " LINE);
    cr_expect_eq(run_odd("", "--unsupported list"), 7);
    expect_says("passes, but is listed as unsupported: " LINE);
}

Test(conform, refusals_are_those_that_are_listed) {
    cr_expect_eq(run_odd("refuses", ""), 0, "%s", command_stdout);
    expect_says("3 unsupported");
    command_write("list", "add a=f32[17]*\n");
    cr_expect_eq(run_odd("refuses", "--unsupported list"), 0, "%s", command_stdout);
    command_write("list", LINE "\n");
    cr_expect_eq(run_odd("refuses", "--unsupported list"), 7);
    expect_says("is refused, but not listed as unsupported: add a=f32[17]");
    expect_says("2 not as expected");
}

Test(conform, a_listed_line_that_fits_nothing_is_a_finding, .timeout = 120) {
    command_write("list", "\nadd a=f32[18]*\n");
    cr_expect_eq(command_run(ODD "--batch 10000 --expected-failures list"), 7);
    expect_says("list:2: fits nothing: add a=f32[18]*");
    cr_expect_eq(run_odd("", "--expected-failures list"), 0, "only a part was run");
}

/* ---- Output -------------------------------------------------------------------------------- */

Test(conform, lists_without_a_plugin) {
    cr_expect_eq(command_run("--list --filter 'add a=f32[17]*'"), 0);
    cr_expect_eq(strncmp(command_stdout, LINE "\n", strlen(LINE) + 1), 0, "%s", command_stdout);
    cr_expect_eq(command_run("--list --op fill"), 0);
    expect_says("check refuses_bad_attributes op=fill\n");
    cr_expect_null(strstr(command_stdout, "train "));
}

static int number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItem(object, key);
    cr_assert(cJSON_IsNumber(item), "%s", key);
    return item->valueint;
}

Test(conform, json_says_the_same) {
    size_t results = 0, done = 0;
    cr_expect_eq(run_odd("crashes", "--json"), 7);
    for (char *line = strtok(command_stdout, "\n"); line; line = strtok(NULL, "\n")) {
        cJSON *object = cJSON_Parse(line);
        cr_assert_not_null(object, "%s", line);
        const char *event = cJSON_GetStringValue(cJSON_GetObjectItem(object, "event"));
        if (strcmp(event, "result") == 0) {
            results++;
            cr_expect_eq(number(object, "expected"), 0);
            cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(object, "result")),
                             "crashed");
        } else if (strcmp(event, "done") == 0) {
            done++;
            cr_expect_eq(number(object, "crashed"), 3);
            cr_expect_eq(number(object, "unexpected"), 3);
        }
        cJSON_Delete(object);
    }
    cr_expect_eq(results, 3);
    cr_expect_eq(done, 1);
}

/* ---- Wrong usage --------------------------------------------------------------------------- */

Test(conform, refuses_wrong_usage) {
    static const char *const wrong[][2] = {
        {"", "which plugin?"},
        {ODD "--nonsense", "--nonsense: unknown option"},
        {ODD "--op add --op subtract", "--op subtract: no such op"},
        {ODD "another.so", "another.so: one plugin at a time"},
        {ODD "--batch 0", "--batch 0: not in 1..1000000"},
        {ODD "--timeout -1", "--timeout -1: not in 1..86400"},
        {ODD "--steps 1001", "--steps 1001: not in 1..1000"},
        {ODD "--steps x", "x: invalid numeric value"},
        {ODD "--filter 'multiply *'", "multiply *: fits nothing"},
        {ODD "--case 'add a=f32[17]'", "add: the tensor b is missing"},
        {ODD "--unsupported missing", "missing: No such file"},
        {ODD "--expected-failures .", ".: Is a directory"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(command_run(wrong[i][0]), 2, "%s", wrong[i][0]);
        expect_complains(wrong[i][1]);
        cr_expect_str_eq(command_stdout, "");
    }
}

Test(conform, says_why_a_plugin_cannot_be_used) {
    static const char *const unusable[][2] = {
        {"plugin.so", "plugin.so: plugins are called retune_<name>.so"},
        {"/retune_.so", "/retune_.so: plugins are called"},
        {"missing/retune_a.so", "missing: No such file"},
        {"/dev/retune_a.so", "no plugin retune_a.so"},
        {FAKE("newer_major"), "made for version 2.3 of the backend ABI"},
        {FAKE("no_driver"), "retune_no_driver.so: "},
        {FAKE("empty"), "there is no device"},
        {FAKE("crash"), "crashed in probe (signal 11)"},
        {FAKE("quits"), "ended its process in probe"},
        {FAKE("hang") " --timeout 1", "hung in probe (no answer within 1 s)"},
        {ODD "--device reference/1", "has no device reference/1; there are: reference/0"},
    };
    for (size_t i = 0; i < sizeof unusable / sizeof unusable[0]; i++) {
        cr_expect_eq(command_run(unusable[i][0]), 4, "%s: %s", unusable[i][0], command_stderr);
        expect_complains(unusable[i][1]);
    }
}

Test(conform, refuses_a_plugin_that_others_can_write) {
    cr_assert_eq(system("cp " ODD "retune_reference.so && chmod 666 retune_reference.so"), 0);
    cr_expect_eq(command_run("./retune_reference.so --op add"), 4);
    expect_complains("the file can be written by others (mode 0666)");
    cr_assert_eq(system("chmod 644 retune_reference.so"), 0);
    cr_expect_eq(command_run("retune_reference.so --filter 'add *'"), 0, "%s", command_stderr);
}
