#include "host.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The number in a one-line file; UINT64_MAX when there is none, as in "max". */
static uint64_t read_limit(const char *path) {
    uint64_t limit = UINT64_MAX;
    FILE *file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%" SCNu64, &limit) != 1)
            limit = UINT64_MAX;
        fclose(file);
    }
    return limit;
}

/* The smallest limit of a group and those above it, up to the root of the hierarchy. */
static uint64_t group_limit(const char *root, char *group, const char *name) {
    uint64_t smallest = UINT64_MAX;
    for (;;) {
        char path[1024];
        int length = snprintf(path, sizeof path, "%s%s/%s", root, group, name);
        if (length > 0 && (size_t)length < sizeof path) {
            uint64_t limit = read_limit(path);
            if (limit < smallest)
                smallest = limit;
        }
        char *slash = strrchr(group, '/');
        if (!slash)
            return smallest;
        *slash = '\0';
    }
}

/* Lines of /proc/self/cgroup are "number:controllers:/group"; version 2 names no controllers. */
static uint64_t control_group_limit(void) {
    uint64_t smallest = UINT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file)
        return smallest;
    char line[768];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        controllers++;
        uint64_t limit = UINT64_MAX;
        if (*controllers == '\0')
            limit = group_limit("/sys/fs/cgroup", group, "memory.max");
        else if (strstr(controllers, "memory"))
            limit = group_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        if (limit < smallest)
            smallest = limit;
    }
    fclose(file);
    return smallest;
}

uint64_t cpu_host_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0)
        return 0;
    uint64_t physical = (uint64_t)pages * (uint64_t)page, limit = control_group_limit();
    return limit < physical ? limit : physical;
}

int cpu_host_cores(void) {
    int cores = omp_get_num_procs();
    return cores > 1 ? cores : 1;
}

void cpu_host_text(const char *key, const char *fallback, char *out_text, size_t size) {
    snprintf(out_text, size, "%s", fallback);
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (!file)
        return;
    char line[512];
    while (fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (!value || strncmp(line, key, strlen(key)) != 0)
            continue;
        value += 1 + strspn(value + 1, " \t");
        value[strcspn(value, "\n")] = '\0';
        snprintf(out_text, size, "%s", value);
        break;
    }
    fclose(file);
}
