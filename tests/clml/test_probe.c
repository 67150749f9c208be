/* tools/clml_probe on the emulator, whose other readings it must tell. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char output[16384];

/* Runs the probe, with its errors among the output; its exit code. */
static int run(const char *arguments) {
    char line[1024];
    snprintf(line, sizeof line, "'%s' %s 2>&1", CLML_PROBE, arguments);
    FILE *pipe = popen(line, "r");
    cr_assert_not_null(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = '\0';
    const int status = pclose(pipe);
    cr_assert(WIFEXITED(status), "ended by a signal: %s", output);
    return WEXITSTATUS(status);
}

static void begin(void) {
    if (run("--trust '" CLML_EMULATOR "'") == 4)
        cr_skip_test("no device: %s", output);
    unsetenv("RETUNE_CLML_PROVIDER");
}

TestSuite(clml_probe, .init = begin, .timeout = 120);

/* The line of a question begins its answer with this text. */
static void expect_answer(const char *question, const char *answer) {
    char start[64];
    snprintf(start, sizeof start, "\n%-28s ", question);
    const char *line = strstr(output, start);
    cr_assert(line, "no '%s' in:\n%s", question, output);
    line += strlen(start);
    cr_expect_eq(strncmp(line, answer, strlen(answer)), 0, "%s: not %s, but %.60s", question,
                 answer, line);
}

static void ask(void) {
    cr_assert_eq(run("--trust '" CLML_EMULATOR "'"), 0, "%s", output);
}

Test(clml_probe, one_reading) {
    ask();
    expect_answer("versions listed", "3.0\n");
    expect_answer("table 3.0", "there, and says 3.0");
    expect_answer("table 2.0", "none");
    expect_answer("empty slots of 3.0", "none of 75");
    expect_answer("NCHW through a linear tensor", "right");
    expect_answer("batch of 2: convolution", "taken");
    expect_answer("parameter gradients", "overwrite");
    expect_answer("depthwise, stride 2, back", "right");
    expect_answer("average pool, whole window", "forward right, backward right");
    expect_answer("global average pool", "forward right, backward right");
    expect_answer("slope of relu6 at 0 and 6", "0 and 0; 0 below, 1 between");
    expect_answer("fused convolution and relu6", "right");
    expect_answer("softmax SPATIAL", "over channels");
    expect_answer("softmax CHANNEL", "over places");
    expect_answer("gradient of cross-entropy", "wants probabilities, gives p - t");
    expect_answer("batch norm accumulates", "sums");
    expect_answer("batch norm finalizes to", "mean and biased");
    expect_answer("momentum of sgd", "v = m v + g");
    expect_answer("time step of adam", "a float");
    expect_answer("adam", "bias-corrected, epsilon outside");
    expect_answer("adam and its time step", "left as it was");
}

Test(clml_probe, the_other_reading) {
    setenv("CLML_EMULATOR_VARIANT", "accumulate running_average unbiased logits dampened int_time",
           1);
    setenv("CLML_EMULATOR_STRICT", "all", 1);
    setenv("CLML_EMULATOR_VERSIONS", "4.0", 1);
    ask();
    expect_answer("versions listed", "4.0\n");
    expect_answer("table 3.0", "there, and says 3.0");
    expect_answer("batch of 2: convolution", "refused (-1102)");
    expect_answer("batch of 2: softmax", "refused (-1102)");
    expect_answer("parameter gradients", "accumulate");
    expect_answer("gradient of cross-entropy", "wants logits");
    expect_answer("batch norm accumulates", "averages");
    expect_answer("batch norm finalizes to", "mean and unbiased");
    expect_answer("momentum of sgd", "v = m v + (1 - m) g");
    expect_answer("time step of adam", "an int32");
}

/* What a driver refuses costs its question and no other. */
Test(clml_probe, ops_that_are_refused) {
    setenv("CLML_EMULATOR_REFUSE",
           "convolution_param_gradients=-1102 pooling_backward=-1103 update_adam=-1102", 1);
    ask();
    expect_answer("parameter gradients", "no answer: making parameter gradients: not accelerated");
    expect_answer("global average pool", "no answer: making pooling backward: layout not taken");
    expect_answer("adam", "no answer: making adam");
    expect_answer("momentum of sgd", "v = m v + g");
    unsetenv("CLML_EMULATOR_REFUSE");
    setenv("CLML_EMULATOR_FAIL", "enqueue=-5", 1);
    ask();
    expect_answer("momentum of sgd", "no answer: writing a tensor: CL_OUT_OF_RESOURCES (-5)");
}

static void expect_refused(int code, const char *arguments, const char *text) {
    cr_expect_eq(run(arguments), code, "%s: %s", arguments, output);
    cr_expect_not_null(strstr(output, text), "%s: no '%s' in: %s", arguments, text, output);
}

Test(clml_probe, no_extension) {
    expect_refused(4, "", "no OpenCL device lists cl_qcom_ml_ops");
    expect_refused(4, "--trust", "has no clQueryMLInterfaceVersionsQCOM");
    expect_refused(4, "--trust /no/such/library.so", "/no/such/library.so");
    expect_refused(4, "--trust library.so", "not an absolute path");
    setenv("CLML_EMULATOR_VERSIONS", "1.0,2.0", 1);
    expect_refused(4, "--trust '" CLML_EMULATOR "'", "it lists 1.0, 2.0");
    setenv("CLML_EMULATOR_FAIL", "query=-6", 1);
    expect_refused(4, "--trust '" CLML_EMULATOR "'", "CL_OUT_OF_HOST_MEMORY (-6)");
}

Test(clml_probe, usage) {
    expect_refused(0, "--help", "Usage: clml_probe");
    expect_refused(2, "--tryst", "Usage: clml_probe");
    expect_refused(2, "/one /two", "Usage: clml_probe");
}
