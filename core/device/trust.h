/* Which files may be loaded as code: those that only their owners can have put there. */
#ifndef RETUNE_DEVICE_TRUST_H
#define RETUNE_DEVICE_TRUST_H

#include "base/status.h"

/* Follows an absolute path step by step, through every folder and every link on the way, and says
 * where the file really lies. UNAVAILABLE names what is at fault, unless
 *   - the file is a regular one that others cannot write,
 *   - its folder, and that of each link to it, cannot be written by others,
 *   - no folder above can either. One with the sticky bit, such as /tmp, lets others add entries
 * but not replace those of somebody else: there the entry that the path goes through has to belong
 * to root or to the user of this process. "Others" are the others of the file mode; owners and
 * groups are trusted. */
retune_status retune_trust_file(const char *path, char **out_resolved, retune_error *error);

#endif
