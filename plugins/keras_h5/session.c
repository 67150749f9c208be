#include "session.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t hdf5_in_use = PTHREAD_MUTEX_INITIALIZER;

void keras_h5_session_begin(keras_h5_session *out_session) {
    pthread_mutex_lock(&hdf5_in_use);
    *out_session = (keras_h5_session){0};
    /* Readers close all they open, so a cleanup at exit could only get in the way of other threads.
     * No effect on a process that used HDF5 before. */
    H5dont_atexit();
    H5Eget_auto2(H5E_DEFAULT, &out_session->print, &out_session->print_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5PLget_loading_state(&out_session->loading);
    H5PLset_loading_state(0);
}

void keras_h5_session_end(const keras_h5_session *session) {
    H5PLset_loading_state(session->loading);
    H5Eset_auto2(H5E_DEFAULT, session->print, session->print_data);
    pthread_mutex_unlock(&hdf5_in_use);
}

/* Called from the innermost entry outwards; a positive answer ends the walk. */
static herr_t add_complaint(unsigned depth, const H5E_error2_t *entry, void *text_pointer) {
    char *text = text_pointer;
    size_t used = strlen(text);
    if (entry->desc)
        snprintf(text + used, KERAS_H5_LIBRARY_TEXT_MAX - used, used ? "; %s" : "%s", entry->desc);
    return depth >= 1;
}

const char *keras_h5_library_text(char text[KERAS_H5_LIBRARY_TEXT_MAX]) {
    text[0] = '\0';
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, add_complaint, text);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return text[0] ? text : "HDF5 does not say why";
}
