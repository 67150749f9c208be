#include "job_text.h"

#include "base/figures.h"

#define BATCH_LEAST 8u
#define BATCH_MOST  128u

unsigned job_choose_batch(uint64_t training) {
    unsigned batch = BATCH_LEAST;
    while (batch < BATCH_MOST && 2u * batch <= training / 8)
        batch *= 2;
    return batch;
}

unsigned job_choose_epochs(uint64_t training, unsigned batch) {
    uint64_t steps = (training + batch - 1) / batch;
    uint64_t epochs = steps > 0 ? 600 / steps : 60;
    return epochs < 20 ? 20 : epochs > 60 ? 60 : (unsigned)epochs;
}

static void write_head(const struct job_choice *choice, FILE *file) {
    fprintf(
        file,
        "; Written by retune init: learns %u classes from %s images.\n"
        "; %s\n"
        ";\n"
        ";   %s check %s     looks at everything first, and says what training will take\n"
        ";   %s train %s     trains; add --resume to go on after a stop\n"
        ";\n"
        "; Paths are relative to this file. retune explain --reference describes every key there "
        "is.\n",
        choice->class_count, figure_count(choice->images).text, choice->classes, choice->program,
        choice->job, choice->program, choice->job);
}

static void write_model(const struct job_choice *choice, FILE *file) {
    fputs(
        "\n[model]\n"
        "; The network, and how wide and how large it sees: alpha and input go with the weights.\n"
        "architecture = mobilenet_v1\n",
        file);
    fprintf(file, choice->alpha > 0.0 ? "alpha = %g\n" : "; alpha = 1.0\n", choice->alpha);
    fprintf(file, choice->input > 0 ? "input = %u\n" : "; input = 224\n", choice->input);
    if (choice->weights)
        fprintf(file,
                "; What it knows already. Without, it would begin at nothing.\nweights = %s\n",
                choice->weights);
    else
        fputs("; What it knows already: weights trained on many photos. Without, it begins at "
              "nothing, "
              "and a few\n; photos teach it little. tools/get_flowers fetches weights; name them "
              "here.\n"
              "; weights = models/mobilenet_1_0_224_tf_no_top.h5\n",
              file);
}

static void write_data(const struct job_choice *choice, FILE *file) {
    fprintf(file, "\n[data]\n; One folder of images a class.\nroot = %s\n", choice->root);
    fputs(choice->is_split ? "; Its folders say which images train and which test.\n"
                           : "; The share of each class that is kept for testing.\ntest = 0.2\n",
          file);
    fputs("; A file that is no readable image is left out and named; fail: it ends the run.\n"
          "bad_images = skip\n",
          file);
}

static void write_training(const struct job_choice *choice, FILE *file) {
    unsigned batch = job_choose_batch(choice->training);
    fprintf(file,
            "\n[freeze]\n"
            "; The layers that learn; all others keep what they know. dense alone is faster,\n"
            "; conv_pw_12, conv_pw_13, dense learns more from many images.\n"
            "train = conv_pw_13, dense\n"
            "\n[train]\n"
            "; Passes over the images, at most: it ends when 15 in a row bring nothing better.\n"
            "epochs = %u\n"
            "early_stop = 15\n"
            "; Images a step.\n"
            "batch = %u\n"
            "optimizer = adam\n"
            "learning_rate = 0.001\n"
            "; crop shows each image mirrored and cut in several ways: slower, may help where they "
            "are few.\n"
            "augment = none\n",
            job_choose_epochs(choice->training, batch), batch);
}

void job_text_write(const struct job_choice *choice, FILE *file) {
    write_head(choice, file);
    write_model(choice, file);
    write_data(choice, file);
    write_training(choice, file);
    fprintf(file,
            "\n[backend]\n"
            "; The best device there is. Names are tried in their order: vulkan, cpu.\n"
            "order = auto\n"
            "\n[output]\n"
            "; Settings, metrics, models and report.html go here.\n"
            "folder = %s\n",
            choice->output);
}
