/* What the backends of this project must support, whatever their op_query says. */
#ifndef RETUNE_TESTS_OPS_REQUIRED_H
#define RETUNE_TESTS_OPS_REQUIRED_H

#include "op_case.h"

/* True when required.def demands this case of the device with this id. */
bool required_of(const char *device_id, const op_case *op);

#endif
