/* What each op of a plan takes. */
#ifndef RETUNE_BENCH_OPS_H
#define RETUNE_BENCH_OPS_H

#include "train/bench_peak.h"
#include "train/session.h"

/* Whether a backend measures ops when asked to. */
bool retune_bench_ops_possible(const retune_device *device);

/* Closes the session's device and opens it anew with `profiling = on`. Nothing made on it may be
 * left. */
retune_status retune_bench_ops_open(retune_session *session, retune_error *error);

/* Runs the nodes of a range several times and sends a BENCH_OP event for each, the slowest first.
 * The executable is that of the plan; the stopwatch takes one measurement. */
retune_status retune_bench_ops_measure(retune_stopwatch *stopwatch, const char *part,
                                       const retune_plan *plan, retune_range range,
                                       retune_executable *executable, const retune_bench_peak *peak,
                                       retune_error *error);

#endif
