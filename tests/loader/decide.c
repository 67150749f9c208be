/* The ladder's decision, on made-up snapshots. */
#include "support.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const retune_rung machine[] = {
    {.backend = "cpu", .info = {.id = "cpu/simd", .score = 20}},
    {.backend = "cpu", .info = {.id = "cpu/scalar", .score = 10}},
    {.backend = "clml", .status = RETUNE_UNAVAILABLE, .reason = "libOpenCL.so not found"},
    {.backend = "vulkan",
     .status = RETUNE_UNSUPPORTED,
     .reason = "no fp16",
     .info = {.id = "vulkan/0", .score = 90}},
    {.backend = "vulkan", .info = {.id = "vulkan/1", .score = 40}},
    {.backend = "opencl", .info = {.id = "opencl/0", .score = 40}},
};

/* Decides, and joins the refused names with commas into `refused`. */
static const char *decide(const char *order, retune_ladder_fallback fallback, char refused[256],
                          char message[RETUNE_ERROR_MESSAGE_MAX]) {
    char text[256], *names[16], *rest = NULL;
    retune_ladder_options options = {.order = names, .fallback = fallback};
    retune_error error = RETUNE_ERROR_INIT;
    retune_refusals refusals;
    size_t index = 0;
    strcpy(text, order);
    for (char *name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        names[options.order_count++] = name;
    retune_status status =
        retune_ladder_decide(&options, machine, COUNT(machine), &index, &refusals, &error);
    refused[0] = '\0';
    for (size_t i = 0; i < refusals.count; i++) {
        strcat(refused, i ? "," : "");
        strcat(refused, refusals.items[i].backend);
        cr_expect_str_not_empty(refusals.items[i].reason);
    }
    retune_refusals_free(&refusals);
    if (message)
        strcpy(message, error.message);
    cr_expect(status == RETUNE_OK || status == RETUNE_UNAVAILABLE);
    return status == RETUNE_OK ? machine[index].info.id : "none";
}

Test(decide, choices) {
    static const struct {
        const char *order;
        retune_ladder_fallback fallback;
        const char *chosen, *refused;
    } cases[] = {
        {"cpu", RETUNE_LADDER_DEVICE, "cpu/simd", ""},
        {"cpu/scalar", RETUNE_LADDER_DEVICE, "cpu/scalar", ""},
        {"cpu/scalar cpu", RETUNE_LADDER_DEVICE, "cpu/scalar", ""},
        {"vulkan cpu", RETUNE_LADDER_DEVICE, "vulkan/1", "vulkan/0"},
        {"vulkan", RETUNE_LADDER_NONE, "vulkan/1", "vulkan/0"},
        {"vulkan/0 cpu", RETUNE_LADDER_DEVICE, "cpu/simd", "vulkan/0"},
        {"vulkan/0 cpu", RETUNE_LADDER_OP, "cpu/simd", "vulkan/0"},
        {"vulkan/0 cpu", RETUNE_LADDER_NONE, "none", "vulkan/0"},
        {"clml vulkan/0 cpu/scalar", RETUNE_LADDER_DEVICE, "cpu/scalar", "clml,vulkan/0"},
        {"clml/0 cpu", RETUNE_LADDER_DEVICE, "cpu/simd", "clml"},
        {"clml clml/0 cpu", RETUNE_LADDER_DEVICE, "cpu/simd", "clml"},
        {"clml", RETUNE_LADDER_DEVICE, "none", "clml"},
        {"clml cpu", RETUNE_LADDER_NONE, "none", "clml"},
        {"clml vulkan/0", RETUNE_LADDER_DEVICE, "none", "clml,vulkan/0"},
        {"auto", RETUNE_LADDER_DEVICE, "vulkan/1", "clml,vulkan/0"},
        {"auto", RETUNE_LADDER_NONE, "vulkan/1", "clml,vulkan/0"},
        {"cpu/scalar auto", RETUNE_LADDER_DEVICE, "cpu/scalar", ""},
        {"vulkan/0 auto", RETUNE_LADDER_DEVICE, "vulkan/1", "vulkan/0,clml"},
        {"cp cpu/simd", RETUNE_LADDER_DEVICE, "cpu/simd", ""},
        {"opencl/1", RETUNE_LADDER_DEVICE, "none", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char refused[256];
        const char *chosen = decide(cases[i].order, cases[i].fallback, refused, NULL);
        cr_expect_str_eq(chosen, cases[i].chosen, "%s: %s", cases[i].order, chosen);
        cr_expect_str_eq(refused, cases[i].refused, "%s: %s", cases[i].order, refused);
    }
}

Test(decide, message_lists_every_refusal) {
    char refused[256], message[RETUNE_ERROR_MESSAGE_MAX];
    decide("clml vulkan/0", RETUNE_LADDER_DEVICE, refused, message);
    cr_expect_str_eq(message, "no usable device: clml: libOpenCL.so not found; vulkan/0: no fp16");
}

Test(decide, endless_refusals_are_cut) {
    static retune_rung rungs[40];
    char *order[] = {"x"};
    retune_ladder_options options = {.order = order, .order_count = 1};
    retune_error error = RETUNE_ERROR_INIT;
    retune_refusals refusals;
    size_t index = 0;
    for (size_t i = 0; i < COUNT(rungs); i++) {
        strcpy(rungs[i].backend, "x");
        rungs[i].status = RETUNE_IO;
        memset(rungs[i].reason, 'r', sizeof rungs[i].reason - 1);
    }
    cr_expect_eq(retune_ladder_decide(&options, rungs, COUNT(rungs), &index, &refusals, &error),
                 RETUNE_UNAVAILABLE);
    cr_expect_eq(refusals.count, COUNT(rungs));
    cr_expect_eq(strlen(error.message), RETUNE_ERROR_MESSAGE_MAX - 1);
    retune_refusals_free(&refusals);
}

Test(decide, nothing_is_there) {
    char *order[] = {"auto"};
    retune_ladder_options options = {.order = order, .order_count = 1};
    retune_refusals refusals;
    size_t index = 9;
    cr_expect_eq(retune_ladder_decide(&options, NULL, 0, &index, &refusals, NULL),
                 RETUNE_UNAVAILABLE);
    cr_expect_eq(index, 0);
    cr_expect_eq(refusals.count, 0);
    retune_refusals_free(&refusals);
}

Test(decide, equal_scores_keep_their_order) {
    char *order[] = {"auto"};
    retune_ladder_options options = {.order = order, .order_count = 1};
    size_t sequence[COUNT(machine)], length = 0;
    static const size_t expected[] = {2, 3, 4, 5, 0, 1};
    retune_ladder_sequence(&options, machine, COUNT(machine), sequence, &length);
    cr_assert_eq(length, COUNT(expected));
    cr_expect_arr_eq(sequence, expected, sizeof expected);
}

static retune_status check(char *const *order, size_t count, retune_error *error) {
    retune_ladder_options options = {.order = order, .order_count = count};
    return retune_ladder_check(&options, error);
}

Test(decide, orders_that_are_wrong) {
    static char *const bad[] = {"",      "CPU",     "../cpu", "cpu/",  "/scalar", "cpu/a/b",
                                "cpu a", "cpu/a b", "a.b",    "cpu\n", "\xc3\xa4"};
    char *good[] = {"vulkan/0", "cpu", "cpu/scalar", "auto"}, *twice[] = {"cpu", "auto", "cpu"};
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect_eq(check(good, 4, NULL), RETUNE_OK);
    cr_expect_eq(check(NULL, 0, &error), RETUNE_INVALID);
    expect_contains(error.message, "[backend] order: names no backend");
    cr_expect_eq(check(twice, 3, &error), RETUNE_INVALID);
    expect_contains(error.message, "'cpu' stands there twice");
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect_eq(check(&bad[i], 1, NULL), RETUNE_INVALID, "%s", bad[i]);
}
