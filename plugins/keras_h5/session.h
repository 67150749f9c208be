/* What surrounds every use of HDF5: one thread at a time, nothing printed, no code loaded.
 *
 * HDF5 need not have been built thread-safe, and it prints its errors and loads filter plugins
 * unless told otherwise. All of that is state of the process, so it is changed for the
 * length of a call and put back. */
#ifndef KERAS_H5_SESSION_H
#define KERAS_H5_SESSION_H

#include <hdf5.h>

typedef struct keras_h5_session {
    H5E_auto2_t print; /* what the process does with errors of HDF5 */
    void *print_data;
    unsigned int loading; /* which kinds of filter plugins it lets HDF5 load */
} keras_h5_session;

/* Takes the lock and silences HDF5; end puts everything back. Sessions do not nest. */
void keras_h5_session_begin(keras_h5_session *out_session);
void keras_h5_session_end(const keras_h5_session *session);

#define KERAS_H5_LIBRARY_TEXT_MAX 320

/* Why the last call of HDF5 failed, in one line: its innermost complaint and the one around it.
 * To be asked before the next call, which forgets it. */
const char *keras_h5_library_text(char text[KERAS_H5_LIBRARY_TEXT_MAX]);

#endif
