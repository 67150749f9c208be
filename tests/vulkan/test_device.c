/* Options that this backend alone has, or has not. */
#include "backends/support.h"

Test(vulkan_device, bad_options) {
    target_refuses_option(RETUNE_INVALID, "validation", "strict", "on or off");
    target_refuses_option(RETUNE_INVALID, "cooperative_matrix", "auto", "on or off");
    target_refuses_option(RETUNE_INVALID, "platform", "Glide", "no such key");
}
