/* Whether two classifiers that saw the same images differ by more than chance. A pure function. */
#ifndef RETUNE_PAIRED_TEST_H
#define RETUNE_PAIRED_TEST_H

#include <stdint.h>

/* The two-sided p-value of McNemar's test in its exact form: of the images that one alone gets
 * right, `only_a` and `only_b`, each falls to either side like a fair coin when the classifiers are
 * equally good, so that the smaller number is binomial. 1 when there are none. Q. McNemar, "Note on
 * the sampling error of the difference between correlated proportions or percentages",
 * Psychometrika 12, 1947; in this form e.g. T. G. Dietterich, "Approximate statistical tests for
 * comparing supervised classification learning algorithms", Neural Computation 10, 1998. */
double retune_mcnemar(uint64_t only_a, uint64_t only_b);

#endif
