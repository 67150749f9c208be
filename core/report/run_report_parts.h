/* The parts of a run's report. Each begins its own section, and adds none when there is nothing to
 * show. */
#ifndef RETUNE_RUN_REPORT_PARTS_H
#define RETUNE_RUN_REPORT_PARTS_H

#include "report/history.h"
#include "report/html.h"
#include "report/predictions.h"
#include "report/run_report.h"

/* Accuracy and loss of each epoch, and the learning rate where it changes. */
retune_status retune_run_report_curves(retune_html *page, const cJSON *events, retune_error *error);

/* Which devices ran, which were passed over and why; where ops run on several, who runs what and
 * what the crossings cost. */
void retune_run_report_devices(retune_html *page, const cJSON *events);

/* What the best model said about the test images: per class, as a matrix, and its worst mistakes.
 * `predictions` has one for each test image. */
retune_status retune_run_report_results(retune_html *page, const retune_dataset *dataset,
                                        const retune_prediction *predictions,
                                        uint32_t max_megapixels, retune_error *error);

#endif
