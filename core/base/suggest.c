#include "base/suggest.h"

#include <stdint.h>
#include <string.h>

#define NAME_MAX_LENGTH 63

static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t retune_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    if (a_length > NAME_MAX_LENGTH || b_length > NAME_MAX_LENGTH)
        return SIZE_MAX;
    /* Three rows of the table; row i holds the distances of the first i letters of `a`. */
    size_t rows[3][NAME_MAX_LENGTH + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_length; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
        size_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b_length];
}

retune_suggestion retune_suggestion_make(const char *given) {
    /* One slip, and one more every four letters; beyond that it would be guessing. */
    return (retune_suggestion){given, NULL, 2 + strlen(given) / 4};
}

void retune_suggestion_offer(retune_suggestion *suggestion, const char *name, size_t length) {
    size_t given_length = strlen(suggestion->given);
    size_t distance = retune_edit_distance(suggestion->given, given_length, name, length);
    /* A distance of the whole word means that nothing is alike. */
    if (distance < suggestion->distance && distance < length) {
        suggestion->distance = distance;
        suggestion->best = name;
    }
}
