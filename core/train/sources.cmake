set(sources
    budget.c check.c checkpoint.c estimate.c evaluate.c feature_cache.c feature_file.c features.c feeder.c job.c
    metrics.c predictor.c prefix.c run.c schedule.c session.c summary.c trainer.c)
