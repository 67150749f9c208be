/* How many images of a batch a device computes at once. */
#ifndef RETUNE_MICRO_BATCH_H
#define RETUNE_MICRO_BATCH_H

#include "train/session.h"

/* The largest number that fits on the session's device: the batch, or what is left after dividing
 * it by 2 as often as needed; [train] micro_batch goes first. `whole` are the options of the
 * undivided batch; its table, if any, is the whole feature table when `resident`, else that of one
 * run. `free_bytes` of the plan take no memory of the device. A batch that is divided is a NOTICE,
 * and INVALID where a batch norm needs the whole of it. */
retune_status retune_micro_batch_choose(retune_session *session,
                                        const retune_training_options *whole, bool resident,
                                        uint64_t free_bytes, int64_t *out_batch,
                                        retune_error *error);

#endif
