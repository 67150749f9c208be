/* Attributes that hold text: names of layers and weights, the model's description. */
#ifndef KERAS_H5_ATTRIBUTE_H
#define KERAS_H5_ATTRIBUTE_H

#include "object.h"

#define KERAS_H5_TEXTS_MAX       16384              /* strings in a list */
#define KERAS_H5_TEXT_MEMORY_MAX ((size_t)64 << 20) /* bytes of an attribute */

typedef struct keras_h5_texts {
    size_t count;
    char **items; /* owned */
} keras_h5_texts;

bool keras_h5_attribute_exists(const keras_h5_object *object, const char *name);

/* Reads an attribute of strings, of fixed or variable length. Keras cuts a list too long for one
 * attribute into `name`0, `name`1, ...: these are put together again. CORRUPT: missing, no strings,
 * not a list. UNSUPPORTED: beyond the limits above. Free the texts either way. */
retune_status keras_h5_texts_read(const keras_h5_object *object, const char *name,
                                  keras_h5_texts *out_texts, retune_error *error);
void keras_h5_texts_free(keras_h5_texts *texts);

#endif
