/* The job file that `init` writes: what it chooses, and its text. */
#ifndef RETUNE_COMMAND_JOB_TEXT_H
#define RETUNE_COMMAND_JOB_TEXT_H

#include <retune/retune.h>

#include <stdio.h>

/* A network to start from. */
struct job_weights {
    char *path;   /* as it was given or found; NULL: there is none. Free it with free(). */
    double alpha; /* that go with it; 0: not known */
    unsigned input;
};

/* What the weights at `path` are, which becomes the struct's own copy: of a model of retune's from
 * the file, of another from its name ("mobilenet_7_5_192_tf_no_top.h5"). The status is that of
 * reading a model; `error` names the file. */
retune_status job_weights_take(const char *path, struct job_weights *out_weights,
                               retune_error *error);

/* Looks for weights of Keras in models/: here, beside the photos, and beside the program. Leaves
 * `out_weights` all zero when there are none. */
void job_weights_find(const char *photos, struct job_weights *out_weights);

/* Everything that the text says. */
struct job_choice {
    const char *program;                 /* as it was called */
    const char *job;                     /* path of the file */
    const char *root, *weights, *output; /* as they stand in it; weights may be NULL */
    const char *classes;                 /* "daisy, roses, tulips" */
    double alpha;                        /* 0: not known */
    unsigned input;
    unsigned class_count;
    uint64_t images, training; /* of all images, those that train */
    int is_split;
};

/* Images a step that give eight steps an epoch or more: a power of two from 8 to 128. */
unsigned job_choose_batch(uint64_t training);

/* Passes over the images that make up about 600 steps: 20 to 60. */
unsigned job_choose_epochs(uint64_t training, unsigned batch);

void job_text_write(const struct job_choice *choice, FILE *file);

#endif
