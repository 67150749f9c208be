/* Memory slots: values that never live at the same time share memory. A pure function. */
#ifndef RETUNE_SLOTS_H
#define RETUNE_SLOTS_H

#include "base/status.h"

typedef struct retune_lifetime {
    size_t first, last; /* nodes that touch the value: it lives from one to the other, inclusive */
    size_t bytes;       /* 0: needs no slot */
    uint32_t slot;      /* the answer, from 1; 0 for a value without bytes */
} retune_lifetime;

/* Gives each value the free slot that fits best: the smallest that is large enough, else the
 * largest, which grows. Values are in the order of their first use or not; the answer depends on
 * their contents alone. */
retune_status retune_slots_assign(retune_lifetime *values, size_t count, uint32_t *out_slots,
                                  size_t *out_bytes, retune_error *error);

#endif
