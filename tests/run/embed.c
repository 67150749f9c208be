/* The least a program needs: trains a job, then names what a picture shows. */
#include <retune/retune.h>

#include <stdio.h>

static int count_epochs(void *user, const retune_event *event) {
    *(int *)user += event->kind == RETUNE_EVENT_EPOCH;
    return 0; /* go on */
}

int main(int argc, char **argv) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_job *job = NULL;
    retune_predictor *predictor = NULL;
    float probability[1000];
    int epochs = 0;
    if (argc != 4)
        return 2;
    retune_status status = retune_job_open(argv[1], NULL, 0, &job, &error);
    if (status == RETUNE_OK)
        status = retune_job_train(job, NULL, count_epochs, &epochs, &error);
    if (status == RETUNE_OK)
        status = retune_predictor_open(argv[2], NULL, 0, &predictor, &error);
    size_t classes = status == RETUNE_OK ? retune_predictor_class_count(predictor) : 0, best = 0;
    if (status == RETUNE_OK && classes > sizeof probability / sizeof *probability)
        return 2;
    if (status == RETUNE_OK)
        status = retune_predictor_run(predictor, argv[3], probability, classes, &error);
    for (size_t c = 1; c < classes; c++)
        best = probability[c] > probability[best] ? c : best;
    if (status == RETUNE_OK)
        printf("%d epochs\n%s\n", epochs, retune_predictor_class(predictor, best));
    else
        fprintf(stderr, "%s\n", error.message);
    retune_predictor_close(predictor);
    retune_job_close(job);
    return (int)status;
}
