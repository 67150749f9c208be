/* From the text of a value to the member of retune_config, and back to its canonical text. */
#ifndef RETUNE_CONFIG_VALUE_H
#define RETUNE_CONFIG_VALUE_H

#include "config/key.h"

#include "base/status.h"

/* Reads `text` into `field`, the member of retune_config that `key` names, which is released first.
 * Paths are taken relative to `folder` (NULL: left as they are). `out_text` is the value as an INI
 * holds it; free it. INVALID says what was given and what is allowed, without naming the key; the
 * field is then unchanged. */
retune_status retune_value_read(const retune_key *key, const char *text, const char *folder,
                                void *field, char **out_text, retune_error *error);

/* Frees what a field holds. */
void retune_value_release(const retune_key *key, void *field);

/* INVALID when an INI cannot hold `text` as a value: control characters, what looks like a
 * comment, blanks at the ends, a backslash at the end. */
retune_status retune_value_check_text(const char *text, retune_error *error);

#endif
