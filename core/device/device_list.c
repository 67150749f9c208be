/* The ladder as a list for people: `retune devices`. */
#include "device/ladder.h"

#include "base/memory.h"

#include <string.h>

enum { SELF_TEST_MAX = 1024 };

/* The list, what it points at, and the rungs that hold the text, released together. */
struct list {
    retune_device_list head; /* first, so that its address is the list's */
    retune_snapshot snapshot;
    retune_device_summary *devices;
    char (*self_tests)[SELF_TEST_MAX]; /* text, one a device */
};

static retune_device_summary summarize(const retune_rung *rung, char self_test[SELF_TEST_MAX]) {
    retune_device_summary summary = {
        .backend = rung->backend,
        .plugin = rung->plugin ? retune_plugin_path(rung->plugin) : NULL,
        .status = (uint32_t)rung->status,
        .reason = rung->status == RETUNE_OK ? NULL : rung->reason,
        .advice = rung->advice[0] != '\0' ? rung->advice : NULL,
        .library = rung->report.library,
        .library_version = rung->report.version,
    };
    if (rung->info.id[0] != '\0') {
        summary.id = rung->info.id;
        summary.name = rung->info.name;
        summary.vendor = rung->info.vendor;
        summary.driver = rung->info.driver;
        summary.quirks = rung->info.quirks;
        summary.type = rung->info.type;
        summary.features = rung->info.features;
        summary.score = rung->info.score;
        summary.memory_bytes = rung->info.memory_bytes;
        summary.self_test = retune_verdict_text(&rung->verdict, self_test, SELF_TEST_MAX);
    }
    return summary;
}

static retune_status fill(struct list *list, const retune_ladder_options *options,
                          retune_error *error) {
    size_t *sequence = NULL, length = 0;
    retune_ladder_options all = *options;
    all.fallback = RETUNE_LADDER_DEVICE;
    RETUNE_TRY(retune_ladder_check(options, error));
    for (size_t n = 0; n < options->order_count; n++)
        RETUNE_TRY(retune_snapshot_add(&list->snapshot, options->order[n], &options->look, error));
    size_t count = list->snapshot.count;
    RETUNE_TRY(retune_allocate(count, sizeof *list->devices, "devices", &list->devices, error));
    RETUNE_TRY(
        retune_allocate(count, sizeof *list->self_tests, "devices", &list->self_tests, error));
    RETUNE_TRY(retune_allocate(count, sizeof *sequence, "a sequence", &sequence, error));
    retune_ladder_sequence(&all, list->snapshot.rungs, count, sequence, &length);
    for (size_t i = 0; i < length; i++)
        list->devices[i] = summarize(&list->snapshot.rungs[sequence[i]], list->self_tests[i]);
    free(sequence);
    list->head = (retune_device_list){.struct_size = (uint32_t)sizeof list->head,
                                      .count = (uint32_t)length,
                                      .devices = list->devices};
    return RETUNE_OK;
}

retune_status retune_device_list_make(const retune_ladder_options *options,
                                      retune_device_list **out_list, retune_error *error) {
    struct list *list = NULL;
    *out_list = NULL;
    RETUNE_TRY(retune_allocate(1, sizeof *list, "a device list", &list, error));
    retune_status status = fill(list, options, error);
    if (status == RETUNE_OK)
        *out_list = &list->head;
    else
        retune_device_list_free(&list->head);
    return status;
}

void retune_device_list_free(retune_device_list *list) {
    if (!list)
        return;
    struct list *whole = (struct list *)list;
    retune_snapshot_free(&whole->snapshot);
    free(whole->devices);
    free(whole->self_tests);
    free(whole);
}
