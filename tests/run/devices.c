#include "run/devices.h"

#include "run/events.h"
#include "run/scene.h"

#include <string.h>

bool device_is_there(const char *name) {
    bool there = false;
    cr_assert(command_run("devices --json") == 0, "%s", command_stderr);
    cJSON *rungs = events_parse(command_stdout);
    const cJSON *rung;
    cJSON_ArrayForEach(rung, rungs) {
        const cJSON *device = cJSON_GetObjectItem(rung, "device");
        there = there || (strcmp(event_text(rung, "status"), "ok") == 0 &&
                          (strcmp(event_text(rung, "backend"), name) == 0 ||
                           (cJSON_IsString(device) && strcmp(device->valuestring, name) == 0)));
    }
    cJSON_Delete(rungs);
    return there;
}
