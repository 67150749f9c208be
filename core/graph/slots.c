#include "graph/slots.h"

#include "base/memory.h"

typedef struct slot {
    size_t bytes;
    size_t busy_until; /* last node of the value that holds it */
} slot;

/* The free slot a value of `bytes` should take, or `count`. */
static size_t best_slot(const slot *slots, size_t count, size_t first, size_t bytes) {
    size_t best = count;
    for (size_t s = 0; s < count; s++) {
        if (slots[s].busy_until >= first)
            continue;
        if (best == count) {
            best = s;
            continue;
        }
        bool fits = slots[s].bytes >= bytes, best_fits = slots[best].bytes >= bytes;
        if (fits ? !best_fits || slots[s].bytes < slots[best].bytes
                 : !best_fits && slots[s].bytes > slots[best].bytes)
            best = s;
    }
    return best;
}

/* Indices of the values that need memory, by first use (then by index: a stable order). */
static size_t order_by_first(const retune_lifetime *values, size_t count, size_t *order) {
    size_t wanted = 0;
    for (size_t v = 0; v < count; v++) {
        if (values[v].bytes == 0)
            continue;
        size_t place = wanted++;
        for (; place > 0 && values[order[place - 1]].first > values[v].first; place--)
            order[place] = order[place - 1];
        order[place] = v;
    }
    return wanted;
}

retune_status retune_slots_assign(retune_lifetime *values, size_t count, uint32_t *out_slots,
                                  size_t *out_bytes, retune_error *error) {
    *out_slots = 0;
    *out_bytes = 0;
    size_t *order = NULL, used = 0;
    slot *slots = NULL;
    retune_status status = retune_allocate(count, sizeof *order, "slots", &order, error);
    if (status == RETUNE_OK)
        status = retune_allocate(count, sizeof *slots, "slots", &slots, error);
    if (status != RETUNE_OK)
        goto done;

    for (size_t v = 0; v < count; v++)
        values[v].slot = 0;
    size_t wanted = order_by_first(values, count, order);
    for (size_t i = 0; i < wanted; i++) {
        retune_lifetime *value = &values[order[i]];
        size_t s = best_slot(slots, used, value->first, value->bytes);
        if (s == used)
            used++;
        if (slots[s].bytes < value->bytes)
            slots[s].bytes = value->bytes;
        slots[s].busy_until = value->last;
        value->slot = (uint32_t)s + 1;
    }
    *out_slots = (uint32_t)used;
    for (size_t s = 0; s < used; s++)
        *out_bytes += slots[s].bytes;
done:
    free(order);
    free(slots);
    return status;
}
