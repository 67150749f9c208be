/* One of two devices that run the same job: its device, its copy of the model, its trainer. The
 * data set is shared. */
#ifndef RETUNE_COMPARE_SIDE_H
#define RETUNE_COMPARE_SIDE_H

#include "train/checkpoint.h"
#include "train/trainer.h"

typedef struct retune_compare_side {
    char letter;             /* 'a' or 'b': names the side in messages */
    char *device;            /* as asked for */
    bool announces;          /* what the job says of data and model goes on to the caller */
    bool borrows;            /* the data set is the other side's */
    bool profiled;           /* the device measures ops by itself */
    retune_device_info info; /* of the device, once it was opened */
    retune_events *outer;
    retune_events events;
    retune_config config; /* the job's, but for what a comparison changes; owns nothing */
    retune_session session;
    retune_trainer trainer;
    retune_learned learned; /* by the trainer, when it was last asked */
} retune_compare_side;

/* A side of nothing but its settings: the job's, on the one device or not at all. The arguments
 * outlive it, and it stays where it is. Close it with retune_compare_side_close. */
void retune_compare_side_make(const retune_config *config, char letter, const char *device,
                              retune_events *outer, retune_compare_side *out_side);
void retune_compare_side_close(retune_compare_side *side);

/* Opens the device for ops one by one, with times of ops where it has them; retune_trainer_open
 * opens it anew. UNAVAILABLE: it cannot be used for these plans. */
retune_status retune_compare_side_open_device(retune_compare_side *side,
                                              const retune_plan *const *plans, size_t plan_count,
                                              retune_error *error);
void retune_compare_side_close_device(retune_compare_side *side);

/* Opens and prepares the trainer. `from`, or NULL: the checkpoint to go on from, which the model
 * was loaded from. */
retune_status retune_compare_side_open_trainer(retune_compare_side *side,
                                               const retune_checkpoint *from, const char *folder,
                                               retune_error *error);

/* Gives a plan that trains the side's model the optimiser's state of a checkpoint. */
retune_status retune_compare_side_load_state(const retune_compare_side *side,
                                             const retune_checkpoint *from, const retune_plan *plan,
                                             retune_executable *executable, retune_error *error);

#endif
