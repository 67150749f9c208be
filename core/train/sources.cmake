set(sources
    bench.c bench_ops.c bench_peak.c budget.c check.c checkpoint.c compare.c compare_lockstep.c
    compare_ops.c compare_page.c compare_side.c compare_walk.c comparison.c crossings.c estimate.c
    evaluate.c feature_cache.c feature_file.c features.c feeder.c job.c learned.c metrics.c
    micro_batch.c paired_test.c predictor.c
    prefix.c run.c schedule.c session.c stopwatch.c summary.c trainer.c trial.c)
