/* Prints the names of the backends found, then "(end)". */
#include "device/plugin.h"

#include <stdio.h>

int main(void) {
    retune_names names;
    if (retune_plugin_names(RETUNE_PLUGIN_BACKEND, NULL, &names, NULL) != RETUNE_OK)
        return 1;
    for (size_t i = 0; i < names.count; i++)
        puts(names.items[i]);
    puts("(end)");
    retune_names_free(&names);
    return fflush(stdout) == 0 ? 0 : 1;
}
