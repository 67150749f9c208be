#include "guard.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTINELS 64 /* bytes on either side */
#define SENTINEL  0xa5

typedef struct head {
    size_t bytes;
    size_t unused; /* keeps what follows as aligned as malloc does */
    unsigned char sentinels[SENTINELS];
} head;

static head *head_of(const void *memory) {
    return (head *)((const char *)memory - sizeof(head));
}

void *guard_allocate(size_t bytes) {
    head *h =
        bytes <= SIZE_MAX - sizeof *h - SENTINELS ? malloc(sizeof *h + bytes + SENTINELS) : NULL;
    if (!h) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(EXIT_FAILURE);
    }
    h->bytes = bytes;
    memset(h->sentinels, SENTINEL, SENTINELS);
    memset(h + 1, 0, bytes);
    memset((char *)(h + 1) + bytes, SENTINEL, SENTINELS);
    return h + 1;
}

void guard_free(void *memory) {
    free(memory ? head_of(memory) : NULL);
}

bool guard_is_intact(const void *memory) {
    const head *h = head_of(memory);
    const unsigned char *behind = (const unsigned char *)memory + h->bytes;
    for (size_t i = 0; i < SENTINELS; i++)
        if (h->sentinels[i] != SENTINEL || behind[i] != SENTINEL)
            return false;
    return true;
}
