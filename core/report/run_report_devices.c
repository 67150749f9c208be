/* Which device ran what, and what was passed over. */
#include "report/run_report_parts.h"

#include "base/figures.h"

#include <string.h>

/* Every process of the run chose a device of its own. */
static void put_devices(const cJSON *events, retune_html *page) {
    static const retune_html_column columns[] = {{"device", false},
                                                 {"name", false},
                                                 {"driver", false},
                                                 {"self-test", false},
                                                 {"from epoch", true}};
    int epochs = 0;
    retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
    for (const cJSON *e = events->child; e; e = e->next) {
        const char *kind = retune_history_text(e, "event");
        epochs += strcmp(kind, "epoch") == 0;
        if (strcmp(kind, "device") != 0)
            continue;
        const char *id = retune_history_text(e, "device"), *name = retune_history_text(e, "name"),
                   *driver = retune_history_text(e, "driver"),
                   *self_test = retune_history_text(e, "self_test");
        retune_html_cell(page, "%s", id ? id : "");
        retune_html_cell(page, "%s", name ? name : "");
        retune_html_cell(page, "%s", driver ? driver : "");
        retune_html_cell(page, "%s", self_test ? self_test : "");
        retune_html_cell(page, "%d", epochs + 1);
    }
    retune_html_table_close(page);
}

/* Those of the last process. */
static void put_refusals(const cJSON *events, retune_html *page) {
    static const retune_html_column columns[] = {{"passed over", false}, {"why", false}};
    const cJSON *device = NULL, *refusal = NULL;
    for (const cJSON *e = NULL; (e = retune_history_next(events, e, "device"));)
        device = e;
    const cJSON *refusals = cJSON_GetObjectItemCaseSensitive(device, "skipped");
    if (cJSON_GetArraySize(refusals) == 0) {
        retune_html_paragraph(page, "No other was preferred and passed over.");
        return;
    }
    retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(refusal, refusals) {
        const char *backend = retune_history_text(refusal, "backend");
        const char *reason = retune_history_text(refusal, "reason");
        retune_html_cell(page, "%s", backend ? backend : "");
        retune_html_cell(page, "%s", reason ? reason : "no reason given");
    }
    retune_html_table_close(page);
}

static void put_ranges(const cJSON *placement, retune_html *page) {
    static const retune_html_column columns[] = {
        {"device", false}, {"ops", true}, {"from", false}, {"to", false}};
    const cJSON *range = NULL;
    retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(range, cJSON_GetObjectItemCaseSensitive(placement, "ranges")) {
        const char *device = retune_history_text(range, "device"),
                   *first = retune_history_text(range, "first"),
                   *last = retune_history_text(range, "last");
        retune_html_cell(page, "%s", device ? device : "");
        retune_html_cell(page, "%.0f", retune_history_number(range, "ops"));
        retune_html_cell(page, "%s", first ? first : "");
        retune_html_cell(page, "%s", last ? last : "");
    }
    retune_html_table_close(page);
}

static void put_crossings(const cJSON *placement, retune_html *page) {
    static const retune_html_column columns[] = {
        {"tensor", false}, {"from", false}, {"to", false}, {"bytes", true}, {"time", true}};
    const cJSON *crossing = NULL;
    retune_html_table_open(page, columns, sizeof columns / sizeof *columns);
    cJSON_ArrayForEach(crossing, cJSON_GetObjectItemCaseSensitive(placement, "crossings")) {
        const char *tensor = retune_history_text(crossing, "tensor"),
                   *from = retune_history_text(crossing, "from"),
                   *to = retune_history_text(crossing, "to");
        retune_html_cell(page, "%s", tensor ? tensor : "");
        retune_html_cell(page, "%s", from ? from : "");
        retune_html_cell(page, "%s", to ? to : "");
        retune_html_cell(page, "%s", figure_bytes(retune_history_number(crossing, "bytes")).text);
        retune_html_cell(page, "%s", figure_time(retune_history_number(crossing, "seconds")).text);
    }
    retune_html_table_close(page);
}

/* Where ops run on several devices: those of the last choice of devices. */
static void put_placements(const cJSON *events, retune_html *page) {
    const cJSON *device = NULL;
    for (const cJSON *e = NULL; (e = retune_history_next(events, e, "device"));)
        device = e;
    for (const cJSON *e = device; (e = retune_history_next(events, e, "placement"));) {
        const char *part = retune_history_text(e, "part");
        retune_html_paragraph(page, "%s: each time, %s cross between devices in about %s.",
                              part ? part : "",
                              figure_bytes(retune_history_number(e, "bytes")).text,
                              figure_time(retune_history_number(e, "seconds")).text);
        put_ranges(e, page);
        put_crossings(e, page);
    }
}

void retune_run_report_devices(retune_html *page, const cJSON *events) {
    if (!retune_history_next(events, NULL, "device"))
        return;
    retune_html_section(page, "Device");
    put_devices(events, page);
    put_refusals(events, page);
    put_placements(events, page);
}
