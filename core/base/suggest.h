/* "Did you mean ...?": the known name nearest to one that was given. */
#ifndef RETUNE_BASE_SUGGEST_H
#define RETUNE_BASE_SUGGEST_H

#include <stddef.h>

/* Start with retune_suggestion_make, offer every known name; `best` is then the nearest one, or
 * NULL when none is near enough to be meant. The texts must outlive the suggestion. */
typedef struct retune_suggestion {
    const char *given;
    const char *best;
    size_t distance; /* one more than what is still accepted */
} retune_suggestion;

retune_suggestion retune_suggestion_make(const char *given);
void retune_suggestion_offer(retune_suggestion *suggestion, const char *name, size_t length);

/* Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`, ignoring
 * ASCII case. Names longer than 63 bytes are as far as can be: SIZE_MAX. */
size_t retune_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
