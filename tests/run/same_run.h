/* Two runs that must have learned the same. */
#ifndef TESTS_RUN_SAME_RUN_H
#define TESTS_RUN_SAME_RUN_H

/* The test fails, naming `what`, unless the runs in the folders `a` and `b` said the same number of
 * epochs with the same losses and accuracies to the last bit, and their last checkpoints hold the
 * same tensors. */
void expect_same_run(const char *a, const char *b, const char *what);

#endif
