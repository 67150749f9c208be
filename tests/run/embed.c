/* Trains a job, then names what a picture shows: embed JOB.ini MODEL.safetensors PICTURE */
#include <retune/retune.h>
#include <stdio.h>

/* Hears of everything that happens; a result other than 0 stops the run, which may go on later. */
static int listen(void *user, const retune_event *event) {
    if (event->kind == RETUNE_EVENT_EPOCH)
        printf("epoch %u: loss %.4f\n", event->of.epoch.epoch, event->of.epoch.loss);
    return user != NULL;
}

int main(int argc, char **argv) {
    retune_error error = RETUNE_ERROR_INIT;
    retune_job *job = NULL;
    retune_predictor *predictor = NULL;
    float shares[100]; /* of so many classes at most */
    if (argc != 4)
        return 2;
    retune_status status = retune_job_open(argv[1], NULL, 0, &job, &error);
    if (status == RETUNE_OK)
        status = retune_job_train(job, NULL, listen, NULL, &error);
    if (status == RETUNE_OK)
        status = retune_predictor_open(argv[2], NULL, 0, &predictor, &error);
    size_t count = predictor ? retune_predictor_class_count(predictor) : 0;
    if (status == RETUNE_OK)
        status =
            retune_predictor_run(predictor, argv[3], shares, count < 100 ? count : 100, &error);
    for (size_t c = 0; c < count && status == RETUNE_OK; c++)
        printf("%5.1f %% %s\n", 100.0 * (double)shares[c], retune_predictor_class(predictor, c));
    if (status != RETUNE_OK)
        fprintf(stderr, "%s\n", error.message);
    retune_predictor_close(predictor);
    retune_job_close(job);
    return (int)status;
}
