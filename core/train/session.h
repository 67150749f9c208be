/* What every job begins with: the data set, the model with its weights, the freeze policy and the
 * device, made from the config in that order. */
#ifndef RETUNE_SESSION_H
#define RETUNE_SESSION_H

#include "config/config.h"
#include "data/dataset.h"
#include "data/view.h"
#include "device/ladder.h"
#include "graph/freeze.h"
#include "graph/plan.h"
#include "report/events.h"

typedef struct retune_session {
    const retune_config *config;
    retune_events *events;
    retune_dataset *dataset;
    retune_model *model;
    retune_freeze freeze;
    retune_device *device;
    retune_refusals refusals;
    retune_refusals lost; /* devices that failed in mid-run, and how; not opened again */
    bool *bad;            /* a sample: turned out unreadable after the scan; counts nowhere */
    bool lists_faults;    /* the caller lists them all: bad_images = fail does not end the scan */
} retune_session;

void retune_session_close(retune_session *session);

/* Scans the data set. */
retune_status retune_session_open_data(retune_session *session, retune_error *error);

/* Sends a NOTICE for each file that bad_images = skip left out, and DATA. A run says first
 * what it trains, then on what: scripts rely on MODEL before DATA, although the model needs the
 * data set's classes. */
retune_status retune_session_announce_data(retune_session *session, retune_error *error);

/* Builds the layers of the architecture. */
retune_status retune_session_build_base(retune_session *session, retune_error *error);

/* Puts the head for `class_count` classes on the base and works out what is frozen. */
retune_status retune_session_build_head(retune_session *session, uint32_t class_count,
                                        retune_error *error);

/* Builds both, without reading weights. */
retune_status retune_session_build_model(retune_session *session, uint32_t class_count,
                                         retune_error *error);

/* Fills an allocated model with pretrained weights; a NOTICE when there are none. A base without a
 * head will do. */
retune_status retune_session_load_weights(retune_session *session, retune_error *error);

/* Sends MODEL. */
retune_status retune_session_announce_model(retune_session *session, retune_error *error);

/* All of that for the data set: builds the model, fills it with new and pretrained weights and
 * sends MODEL. */
retune_status retune_session_open_model(retune_session *session, retune_error *error);

/* How [backend] precision stores maps. */
retune_dtype retune_session_map_dtype(const retune_config *config);

/* Chooses the first device of the order that stores maps in the precision of the config and does
 * every op of `plans`, and sends DEVICE. */
retune_status retune_session_open_device(retune_session *session, const retune_plan *const *plans,
                                         size_t plan_count, retune_error *error);

/* Closes the session's devices after one of them answered DEVICE_LOST, or UNSUPPORTED to a program
 * that it had promised to do, with the message `reason`: that one is not opened again. Everything
 * on them is destroyed before. */
retune_status retune_session_lose_device(retune_session *session, retune_status failure,
                                         const char *reason, retune_error *error);

/* The options of the ladder that the config asks for. */
retune_ladder_options retune_session_ladder(const retune_config *config);

/* How the config turns images into squares; `augmented` for training images. */
retune_view_rule retune_session_view_rule(const retune_session *session, bool augmented);

/* Marks a sample as bad: a NOTICE, or with bad_images = fail the error. `cause` holds the reason.
 */
retune_status retune_session_bad_image(retune_session *session, uint32_t sample,
                                       const retune_error *cause, retune_error *error);

/* The optimiser the config asks for. */
retune_optimizer retune_session_optimizer(const retune_config *config);

/* The features plan: the frozen prefix of the session's model, in place of `*plan`, which may be
 * NULL. Batches of RETUNE_PREFIX_BATCH images on a CPU and before there is a device; elsewhere of
 * as many as a step trains, halved until they fit. */
retune_status retune_session_plan_features(const retune_session *session, retune_plan **plan,
                                           retune_error *error);

#endif
