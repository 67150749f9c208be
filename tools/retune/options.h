/* The command line of one verb, parsed. */
#ifndef RETUNE_COMMAND_OPTIONS_H
#define RETUNE_COMMAND_OPTIONS_H

#include <retune/retune.h>

#include <popt.h>
#include <stdbool.h>
#include <stddef.h>

/* Options a verb may take; --json, --quiet and --help go with every verb. */
enum {
    TAKES_SET = 1u << 0,
    TAKES_RESUME = 1u << 1, /* --resume and --fresh */
    TAKES_MODEL = 1u << 2,
    TAKES_TOP = 1u << 3,
    TAKES_REFERENCE = 1u << 4, /* --reference and --markdown */
    TAKES_BENCH = 1u << 5,     /* --seconds, --classes and --top of ops */
    TAKES_INIT = 1u << 6,      /* --output and --weights */
    TAKES_SELF_TEST = 1u << 7, /* --self-test */
    TAKES_COMPARE = 1u << 8    /* --a, --b and what to compare */
};

struct options {
    bool json, quiet, help;
    bool resume, fresh, reference, markdown, self_test;
    const char *model;            /* NULL when not given */
    const char *output, *weights; /* NULL when not given */
    int top;                      /* classes of `predict` */
    int top_ops;                  /* of `bench`; 0: all */
    int classes;                  /* 0 when not given */
    double seconds;
    const char *a, *b, *from, *save, *html; /* of `compare`; NULL when not given */
    int steps, epochs, batch, test;         /* likewise, 0 when not given */
    retune_option *sets;                    /* --set section.key=value, in order */
    size_t set_count;
    const char **arguments; /* what is no option */
    size_t argument_count;
    poptContext context; /* owns the texts */
    char **texts;        /* of the sets */
};

/* Reads `argv`, whose first entry is skipped, with the options in `taken`. On a wrong command line
 * says so and returns its exit code; 0 otherwise. Free the options in any case. */
int options_parse(int argc, const char **argv, unsigned taken, struct options *out_options);
void options_free(struct options *options);

/* "  --set section.key=value   override a setting": a line an option, on stdout. */
void options_print_help(unsigned taken);

#endif
