/* Whole runs on a backend, TESTED_BACKEND, whose library or device fails: a stand-in for the
 * library lies in FAULTY_FOLDER, one without any function in EMPTY_FOLDER. */
#ifndef TESTS_BACKENDS_FAULTS_H
#define TESTS_BACKENDS_FAULTS_H

#include "run/scene.h"

#define ORDER " --set backend.order=" TESTED_BACKEND " "

/* For TestSuite's init: a scene in which the stand-in is found instead of the real library. Skips
 * the test where there is no device. */
void faults_begin(void);

/* A run that failed left no model. */
void expect_no_result(void);

/* `order` ends with 4 and each text; with the CPU behind it, the run goes on there and says why. */
void expect_passed_over(const char *text, const char *other);

/* Instead of the library there are only files of these names that are none: whatever is installed
 * is not reached. */
void without_library(const char *file, const char *other_file);

#endif
