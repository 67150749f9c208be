/* The whole ladder, on fake plugins: loading, probing, opening, accepting, listing. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(choose, .init = forget_environment, .timeout = 30);

#define COUNT(array) (sizeof(array) / sizeof *(array))

static retune_ladder_options ladder(char *const *order, size_t count) {
    return (retune_ladder_options){.order = order,
                                   .order_count = count,
                                   .fallback = RETUNE_LADDER_DEVICE,
                                   .look.folder = FAKE_PLUGINS,
                                   .look.contact.probe_timeout_ms = 500};
}

/* Chooses, expects `id` (NULL: none) and `refused` ("a: reason" parts, one a refusal). */
static void expect_choice(const retune_ladder_options *options, const char *id,
                          const char *const *refused, size_t refused_count) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    retune_refusals refusals;
    retune_status status = retune_ladder_choose(options, &device, &refusals, &error);
    cr_expect_eq(status, id ? RETUNE_OK : RETUNE_UNAVAILABLE, "%s", error.message);
    if (id && device)
        cr_expect_str_eq(device->info.id, id);
    else
        cr_expect_null(device);
    cr_expect_eq(refusals.count, refused_count);
    for (size_t i = 0; i < refusals.count && i < refused_count; i++) {
        char line[2048];
        snprintf(line, sizeof line, "%s: %s", refusals.items[i].backend, refusals.items[i].reason);
        expect_contains(line, refused[i]);
        cr_expect_null(strchr(line, '\n'));
    }
    retune_refusals_free(&refusals);
    retune_device_close(device);
}

Test(choose, first_one) {
    char *order[] = {"good", "does_not_exist"};
    retune_ladder_options options = ladder(order, COUNT(order));
    expect_choice(&options, "good/one", NULL, 0);
}

Test(choose, named_device) {
    char *order[] = {"good/two"};
    retune_ladder_options options = ladder(order, COUNT(order));
    expect_choice(&options, "good/two", NULL, 0);
}

Test(choose, every_refusal_is_told) {
    char *order[] = {"vulcan", "newer_major", "crash",      "hang", "no_driver",
                     "crowd",  "empty",       "good/three", "liar", "good"};
    static const char *const refused[] = {
        "vulcan: no plugin retune_vulcan.so",
        "made for version 2.3",
        "crash: crashed in probe (signal 11)",
        "hang: hung in probe (no answer within 500 ms)",
        "no_driver: libFake.so.1 not found in",
        "crowd: claims 4000000000 devices; at most 64",
        "empty: has no devices",
        "good/three: no such device; there are: good/one, good/two",
    };
    retune_ladder_options options = ladder(order, COUNT(order));
    expect_choice(&options, "liar/0", refused, COUNT(refused));
}

Test(choose, nobody_is_left) {
    char *order[] = {"no_driver", "good/9"};
    static const char *const refused[] = {
        "no_driver: libFake.so.1 not found in /usr/lib; install libfake1",
        "good/9: no such device; there are: good/one, good/two; `retune devices` lists"};
    retune_ladder_options options = ladder(order, COUNT(order));
    expect_choice(&options, NULL, refused, COUNT(refused));
}

Test(choose, no_fallback) {
    char *order[] = {"no_driver", "good"};
    static const char *const refused[] = {"no_driver: libFake"};
    retune_ladder_options options = ladder(order, COUNT(order));
    options.fallback = RETUNE_LADDER_NONE;
    expect_choice(&options, NULL, refused, COUNT(refused));
}

static bool refuse_one(const retune_device *device, void *user, char reason[256]) {
    if (strcmp(device->info.id, user) != 0)
        return true;
    snprintf(reason, 256, "lacks conv2d\nof layer 3");
    return false;
}

Test(choose, caller_refuses) {
    char *order[] = {"good"};
    static const char *const refused[] = {"good/one: lacks conv2d of layer 3"};
    retune_ladder_options options = ladder(order, COUNT(order));
    options.accept = refuse_one;
    options.user = "good/one";
    expect_choice(&options, "good/two", refused, COUNT(refused));
}

Test(choose, excluded_devices) {
    char *order[] = {"good"};
    static const retune_refusal excluded[] = {{"good/one", "lost"}, {"good/two", "in use"}};
    static const char *const refused[] = {"good/one: lost", "good/two: in use"};
    retune_ladder_options options = ladder(order, COUNT(order));
    options.excluded = excluded;
    options.excluded_count = 1;
    expect_choice(&options, "good/two", refused, 1);
    options.excluded_count = 2;
    expect_choice(&options, NULL, refused, 2);
}

/* Counts the devices it was offered; `wanted` of them do. */
struct team {
    int wanted, accepted;
};

static bool join(const retune_device *device, void *user, char reason[256]) {
    struct team *team = user;
    (void)device, (void)reason;
    team->accepted++;
    return true;
}

static bool is_team(void *user, char reason[256]) {
    const struct team *team = user;
    snprintf(reason, 256, "%d of %d", team->accepted, team->wanted);
    return team->accepted >= team->wanted;
}

static void expect_team(int wanted, const char *const *ids, size_t count) {
    char *order[] = {"good/two", "no_driver", "abi_1_0", "good"};
    struct team team = {wanted, 0};
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    retune_refusals refusals;
    retune_ladder_options options = ladder(order, COUNT(order));
    options.fallback = RETUNE_LADDER_OP;
    options.accept = join;
    options.enough = is_team;
    options.user = &team;
    retune_status status = retune_ladder_choose(&options, &device, &refusals, &error);
    cr_expect_eq(status, count ? RETUNE_OK : RETUNE_UNAVAILABLE, "%s", error.message);
    size_t i = 0;
    for (const retune_device *next = device; next; next = next->next, i++)
        cr_expect_str_eq(next->info.id, i < count ? ids[i] : "nobody");
    cr_expect_eq(i, count);
    /* Who was taken is no refusal; when they do not suffice, each of them is. */
    cr_expect_eq(refusals.count, count == 1 ? 0 : count > 1 ? 1 : 4);
    if (count == 0)
        expect_contains(error.message, "good/one: 3 of 4");
    retune_refusals_free(&refusals);
    retune_device_close(device);
}

Test(choose, several_devices_together) {
    static const char *const ids[] = {"good/two", "abi_1_0/0", "good/one"};
    for (int wanted = 1; wanted <= 3; wanted++)
        expect_team(wanted, ids, (size_t)wanted);
    expect_team(4, ids, 0);
}

static const retune_option *option_for_good(void *user, const char *backend, size_t *out_count) {
    *out_count = strcmp(backend, "good") == 0;
    return user;
}

Test(choose, open_that_fails_is_passed_over) {
    char *order[] = {"good", "abi_1_0"};
    retune_option option = {"status", "2"};
    static const char *const refused[] = {"good/one: told to refuse", "good/two: told to refuse"};
    retune_ladder_options options = ladder(order, COUNT(order));
    options.backend_options = option_for_good;
    options.user = &option;
    expect_choice(&options, "abi_1_0/0", refused, COUNT(refused));
}

Test(choose, wrong_option_is_not_passed_over) {
    char *order[] = {"no_driver", "good", "abi_1_0"};
    retune_option option = {"threds", "2"};
    retune_ladder_options options = ladder(order, COUNT(order));
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    retune_refusals refusals;
    options.backend_options = option_for_good;
    options.user = &option;
    cr_expect_eq(retune_ladder_choose(&options, &device, &refusals, &error), RETUNE_INVALID);
    cr_expect_str_eq(error.message, "[backend.good]: good/one: threds");
    cr_expect_null(device);
    cr_expect_eq(refusals.count, 1);
    retune_refusals_free(&refusals);
}

Test(choose, wrong_orders_and_folders) {
    char *twice[] = {"good", "good"}, *format[] = {"format_lines"}, *good[] = {"good"};
    retune_error error = RETUNE_ERROR_INIT;
    retune_device *device = NULL;
    retune_refusals refusals;
    retune_ladder_options options = ladder(twice, 2);
    cr_expect_eq(retune_ladder_choose(&options, &device, &refusals, &error), RETUNE_INVALID);
    expect_contains(error.message, "twice");
    options = ladder(format, 1);
    cr_expect_eq(retune_ladder_choose(&options, &device, &refusals, &error), RETUNE_INVALID);
    options = ladder(good, 1);
    options.look.folder = "/does/not/exist";
    cr_expect_eq(retune_ladder_choose(&options, &device, &refusals, &error), RETUNE_INVALID);
    expect_contains(error.message, "/does/not/exist");
    cr_expect_null(device);
}

/* Plugins that are linked in may be found and refused too. */
Test(choose, best_of_all) {
    char *order[] = {"auto"}, *folder = make_folder();
    copy_fake("good", folder, "retune_good.so");
    copy_fake("abi_1_0", folder, "retune_abi_1_0.so");
    copy_fake("no_driver", folder, "retune_no_driver.so");
    retune_ladder_options options = ladder(order, COUNT(order));
    retune_device *device = NULL;
    retune_refusals refusals;
    bool told = false;
    options.look.folder = folder;
    cr_assert_eq(retune_ladder_choose(&options, &device, &refusals, NULL), RETUNE_OK);
    cr_expect_str_eq(device->info.id, "good/two");
    for (size_t i = 0; i < refusals.count; i++)
        told = told || strcmp(refusals.items[i].backend, "no_driver") == 0;
    cr_expect(told, "no_driver was passed over silently");
    retune_refusals_free(&refusals);
    retune_device_close(device);
    remove_folder(folder);
}

Test(choose, list) {
    char *order[] = {"crash", "good/two", "liar", "good"};
    retune_ladder_options options = ladder(order, COUNT(order));
    retune_device_list *list = NULL;
    cr_assert_eq(retune_device_list_make(&options, &list, NULL), RETUNE_OK);
    static const struct {
        const char *backend, *id, *reason;
    } expected[] = {
        {"crash", NULL, "crashed in probe (signal 11)"},
        {"good", "good/two", NULL},
        {"liar", "liar/0", NULL},
        {"liar", NULL, "device 1 calls itself 'liar/0' too"},
        {"liar", NULL, "device 2 calls itself 'good/one', not liar/..."},
        {"liar", "liar/3", NULL},
        {"liar", NULL, "device 4: fell off the bus"},
        {"good", "good/one", NULL},
    };
    cr_assert_eq(list->count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        const retune_device_summary *device = &list->devices[i];
        cr_expect_str_eq(device->backend, expected[i].backend);
        cr_expect_not_null(device->plugin);
        cr_expect_eq(device->status == RETUNE_OK, !expected[i].reason);
        if (expected[i].reason)
            cr_expect_str_eq(device->reason, expected[i].reason);
        else
            cr_expect_null(device->reason);
        if (expected[i].id)
            cr_expect_str_eq(device->id, expected[i].id);
        else
            cr_expect(!device->id && !device->name);
    }
    const retune_device_summary *two = &list->devices[1], *endless = &list->devices[5];
    cr_expect_str_eq(two->name, "Fake good/two");
    cr_expect_str_eq(two->library, "/fake/libdriver.so");
    cr_expect_str_eq(two->library_version, "7.1");
    cr_expect_eq(two->score, UINT32_MAX);
    cr_expect_eq(two->memory_bytes, 1 << 20);
    cr_expect_eq(strlen(endless->name), sizeof((retune_device_info *)0)->name - 1);
    cr_expect_null(strchr(endless->vendor, '\n'));
    retune_device_list_free(list);
    retune_device_list_free(NULL);
}

Test(choose, list_of_what_is_missing) {
    char *order[] = {"does_not_exist", "no_export", "no_driver", "crash", "empty", "good/7"};
    static const char *const advice[] = {"install the plugin", "belongs to this version",
                                         "install libfake1",   "update or remove the driver",
                                         "update the driver",  "lists the names there are"};
    retune_ladder_options options = ladder(order, COUNT(order));
    retune_device_list *list = NULL;
    options.fallback = RETUNE_LADDER_NONE;
    cr_assert_eq(retune_device_list_make(&options, &list, NULL), RETUNE_OK);
    cr_assert_eq(list->count, COUNT(order), "the list goes on where choosing would end");
    for (size_t i = 0; i < COUNT(order); i++) {
        cr_assert_not_null(list->devices[i].advice, "%s", order[i]);
        expect_contains(list->devices[i].advice, advice[i]);
        cr_expect_null(strchr(list->devices[i].advice, '\n'));
    }
    cr_expect_null(list->devices[0].plugin);
    cr_expect_eq(list->devices[0].status, RETUNE_UNAVAILABLE);
    cr_expect_str_eq(list->devices[1].plugin, FAKE_PLUGINS "/retune_no_export.so");
    cr_expect_eq(list->devices[1].status, RETUNE_INTERNAL);
    retune_device_list_free(list);
}

Test(choose, list_of_a_wrong_order) {
    char *order[] = {"good", "good"};
    retune_ladder_options options = ladder(order, COUNT(order));
    retune_device_list *list = NULL;
    cr_expect_eq(retune_device_list_make(&options, &list, NULL), RETUNE_INVALID);
    cr_expect_null(list);
}
