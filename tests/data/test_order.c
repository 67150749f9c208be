/* Epoch orders and the parallel loop. */
#include "data/parallel.h"
#include "data/shuffle.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 1000 };

static void assert_permutation(const uint32_t *order, uint32_t count) {
    bool seen[COUNT] = {0};
    for (uint32_t i = 0; i < count; i++) {
        cr_assert_lt(order[i], count);
        cr_assert_not(seen[order[i]]);
        seen[order[i]] = true;
    }
}

static int matches(const uint32_t *a, const uint32_t *b) {
    int same = 0;
    for (int i = 0; i < COUNT; i++)
        same += a[i] == b[i];
    return same;
}

Test(order, epochs_are_permutations_of_their_own) {
    uint32_t first[COUNT], again[COUNT], second[COUNT], other[COUNT];
    retune_shuffle_epoch(1, 1, COUNT, first);
    retune_shuffle_epoch(1, 2, COUNT, second);
    retune_shuffle_epoch(2, 1, COUNT, other);
    retune_shuffle_epoch(1, 1, COUNT, again);
    assert_permutation(first, COUNT);
    assert_permutation(second, COUNT);
    cr_expect_eq(matches(first, again), COUNT);
    cr_expect_lt(matches(first, second), 20);
    cr_expect_lt(matches(first, other), 20);
}

Test(order, smallest_sizes) {
    uint32_t order[2] = {7, 7};
    retune_shuffle_epoch(1, 1, 0, order);
    cr_expect_eq(order[0], 7);
    retune_shuffle_epoch(1, 1, 1, order);
    cr_expect_eq(order[0], 0);
    cr_expect_eq(order[1], 7);
}

/* Every image takes every place: none stays put over many epochs. */
Test(order, every_place_is_reached) {
    uint32_t order[8], counts[8][8] = {{0}};
    for (uint32_t epoch = 0; epoch < 800; epoch++) {
        retune_shuffle_epoch(3, epoch, 8, order);
        for (int i = 0; i < 8; i++)
            counts[i][order[i]]++;
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            cr_expect(counts[i][j] > 50 && counts[i][j] < 150, "%d at %d: %u", j, i, counts[i][j]);
}

typedef struct turns {
    atomic_int counts[COUNT];
    atomic_int total;
} turns;

static void take_turn(void *context, size_t index) {
    turns *taken = context;
    atomic_fetch_add(&taken->counts[index], 1);
    atomic_fetch_add(&taken->total, 1);
}

Test(parallel, every_turn_runs_once) {
    for (uint32_t threads = 0; threads <= 33; threads += 11) {
        turns *taken = calloc(1, sizeof *taken);
        cr_assert_eq(retune_parallel_for(threads, COUNT, take_turn, taken, NULL, NULL, NULL),
                     RETUNE_OK);
        for (int i = 0; i < COUNT; i++)
            cr_assert_eq(taken->counts[i], 1);
        free(taken);
    }
}

Test(parallel, nothing_to_do) {
    cr_expect_eq(retune_parallel_for(4, 0, take_turn, NULL, NULL, NULL, NULL), RETUNE_OK);
}

static void take_slow_turn(void *context, size_t index) {
    take_turn(context, index);
    usleep(2000);
}

static int stop(void *user, uint64_t done, uint64_t total) {
    ++*(int *)user;
    cr_expect_leq(done, total);
    return 1;
}

Test(parallel, progress_can_stop_it) {
    turns *taken = calloc(1, sizeof *taken);
    int calls = 0;
    retune_error error = RETUNE_ERROR_INIT;
    cr_expect_eq(retune_parallel_for(2, COUNT, take_slow_turn, taken, stop, &calls, &error),
                 RETUNE_CANCELLED);
    cr_expect_eq(error.code, RETUNE_CANCELLED);
    cr_expect_eq(calls, 1);
    cr_expect_lt(taken->total, COUNT / 2);
    free(taken);
}
