/* Memory slots on made-up lifetimes. */
#include "graph/slots.h"

#include "base/random.h"

#include "expect.h"

#include <stdbool.h>

enum { MOST = 64, NODES = 48 };

static uint32_t slots_of(retune_lifetime *values, size_t count, size_t *out_bytes) {
    uint32_t slots = 99;
    assert_ok(retune_slots_assign(values, count, &slots, out_bytes, &error));
    return slots;
}

Test(slots, values_that_never_meet_share) {
    retune_lifetime values[] = {{0, 1, 100, 9}, {2, 3, 80, 9}, {4, 9, 100, 9}};
    size_t bytes;
    cr_expect_eq(slots_of(values, 3, &bytes), 1);
    cr_expect_eq(bytes, 100);
    for (size_t v = 0; v < 3; v++)
        cr_expect_eq(values[v].slot, 1);
}

/* A node that reads one value and writes another needs both. */
Test(slots, values_that_meet_in_one_node_do_not_share) {
    retune_lifetime values[] = {{0, 2, 10, 0}, {2, 4, 10, 0}};
    size_t bytes;
    cr_expect_eq(slots_of(values, 2, &bytes), 2);
    cr_expect_eq(bytes, 20);
    cr_expect_neq(values[0].slot, values[1].slot);
}

Test(slots, the_smallest_slot_that_is_large_enough_is_taken) {
    retune_lifetime values[] = {{0, 1, 1000, 0}, {0, 1, 50, 0}, {0, 1, 60, 0}, {2, 3, 55, 0}};
    size_t bytes;
    cr_expect_eq(slots_of(values, 4, &bytes), 3);
    cr_expect_eq(values[3].slot, values[2].slot);
    cr_expect_eq(bytes, 1110);
}

Test(slots, the_largest_grows_when_none_is_large_enough) {
    retune_lifetime values[] = {{0, 1, 50, 0}, {0, 1, 60, 0}, {2, 3, 100, 0}};
    size_t bytes;
    cr_expect_eq(slots_of(values, 3, &bytes), 2);
    cr_expect_eq(values[2].slot, values[1].slot);
    cr_expect_eq(bytes, 150);
}

Test(slots, a_value_without_bytes_has_no_slot) {
    retune_lifetime values[] = {{0, 9, 0, 7}, {1, 2, 8, 7}, {0, 9, 0, 7}};
    size_t bytes;
    cr_expect_eq(slots_of(values, 3, &bytes), 1);
    cr_expect_eq(values[0].slot, 0);
    cr_expect_eq(values[1].slot, 1);
    cr_expect_eq(bytes, 8);
}

Test(slots, no_values) {
    size_t bytes = 99;
    cr_expect_eq(slots_of(NULL, 0, &bytes), 0);
    cr_expect_eq(bytes, 0);
}

Test(slots, a_value_of_one_node) {
    retune_lifetime values[] = {{3, 3, 5, 0}, {3, 3, 5, 0}, {4, 4, 5, 0}};
    size_t bytes;
    cr_expect_eq(slots_of(values, 3, &bytes), 2);
    cr_expect_neq(values[0].slot, values[1].slot);
}

Test(slots, the_order_of_the_values_does_not_matter) {
    retune_lifetime values[] = {{5, 6, 30, 0}, {0, 2, 10, 0}, {3, 4, 20, 0}, {1, 5, 40, 0}};
    retune_lifetime reversed[4];
    for (size_t v = 0; v < 4; v++)
        reversed[v] = values[3 - v];
    size_t bytes, reversed_bytes;
    cr_expect_eq(slots_of(values, 4, &bytes), slots_of(reversed, 4, &reversed_bytes));
    cr_expect_eq(bytes, reversed_bytes);
    for (size_t v = 0; v < 4; v++)
        cr_expect_eq(values[v].slot, reversed[3 - v].slot);
}

/* ---- Properties ---------------------------------------------------------------------------- */

static bool overlap(const retune_lifetime *a, const retune_lifetime *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* The most bytes that live at one node: nothing can do with less. */
static size_t most_alive(const retune_lifetime *values, size_t count) {
    size_t most = 0;
    for (size_t n = 0; n < NODES; n++) {
        size_t alive = 0;
        for (size_t v = 0; v < count; v++)
            alive += values[v].first <= n && n <= values[v].last ? values[v].bytes : 0;
        most = alive > most ? alive : most;
    }
    return most;
}

static size_t make_values(retune_random *random, retune_lifetime values[MOST]) {
    size_t count = retune_random_below(random, MOST + 1);
    for (size_t v = 0; v < count; v++) {
        size_t first = retune_random_below(random, NODES);
        bool empty = retune_random_below(random, 8) == 0;
        values[v] = (retune_lifetime){
            .first = first,
            .last = first + retune_random_below(random, NODES - first),
            .bytes = empty ? 0 : 1 + retune_random_below(random, 1000),
            .slot = 77,
        };
    }
    return count;
}

static void check_values(const retune_lifetime *values, size_t count, uint32_t slots, size_t bytes,
                         size_t round) {
    size_t sizes[MOST + 1] = {0}, sum = 0, total = 0;
    for (size_t v = 0; v < count; v++) {
        cr_assert_eq(values[v].slot == 0, values[v].bytes == 0, "round %zu, value %zu", round, v);
        cr_assert_leq(values[v].slot, slots, "round %zu, value %zu", round, v);
        for (size_t w = 0; w < v && values[v].slot; w++)
            cr_assert(values[v].slot != values[w].slot || !overlap(&values[v], &values[w]),
                      "round %zu: values %zu and %zu share slot %u at the same time", round, v, w,
                      values[v].slot);
        if (values[v].bytes > sizes[values[v].slot])
            sizes[values[v].slot] = values[v].bytes;
        sum += values[v].bytes;
    }
    for (uint32_t s = 1; s <= slots; s++) {
        cr_assert_gt(sizes[s], 0, "round %zu: slot %u is not used", round, s);
        total += sizes[s];
    }
    cr_assert_eq(bytes, total, "round %zu: a slot is as large as its largest value", round);
    cr_assert_leq(bytes, sum, "round %zu", round);
    cr_assert_geq(bytes, most_alive(values, count), "round %zu", round);
}

Test(slots, random_lifetimes_keep_the_rules) {
    retune_random random = retune_random_make(20240, 1);
    for (size_t round = 0; round < 2000; round++) {
        retune_lifetime values[MOST];
        size_t count = make_values(&random, values), bytes;
        uint32_t slots = slots_of(values, count, &bytes);
        check_values(values, count, slots, bytes, round);
    }
}
