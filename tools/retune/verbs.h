/* What the command can do: each verb takes its parsed command line and returns the exit code. */
#ifndef RETUNE_COMMAND_VERBS_H
#define RETUNE_COMMAND_VERBS_H

#include "options.h"

int verb_init(const struct options *options);
int verb_train(const struct options *options);
int verb_check(const struct options *options);
int verb_explain(const struct options *options);
int verb_inspect(const struct options *options);
int verb_evaluate(const struct options *options);
int verb_predict(const struct options *options);
int verb_bench(const struct options *options);
int verb_compare(const struct options *options);
int verb_devices(const struct options *options);

#endif
