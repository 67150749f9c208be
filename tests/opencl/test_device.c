/* Options that this backend alone has, or has not. */
#include "backends/support.h"

Test(opencl_device, bad_options) {
    target_refuses_option(RETUNE_UNAVAILABLE, "platform", "Glide", "Glide");
    target_refuses_option(RETUNE_INVALID, "validation", "on", "no such key");
}
