/* Plugins linked into the library. The build writes both tables (see core/CMakeLists.txt); they are
 * empty where plugins are loaded from files. */
#ifndef RETUNE_DEVICE_STATIC_PLUGINS_H
#define RETUNE_DEVICE_STATIC_PLUGINS_H

#include "retune/backend.h"
#include "retune/format.h"

/* Both end with NULL. */
extern const retune_backend_query_function retune_static_backends[];
extern const retune_format_query_function retune_static_formats[];

#endif
