/* Work in a child process, for code that may crash or hang: the driver of somebody else.
 *
 * POSIX allows only async-signal-safe calls in the child of a process with several threads, and
 * such work makes others. That is sound where it is done before there are threads, or where the C
 * libraries in question keep their allocator usable after a fork; and should another thread of the
 * host hold a lock at that moment, the child hangs, and its timeout ends it. */
#ifndef RETUNE_BASE_APART_H
#define RETUNE_BASE_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct retune_apart {
    pid_t child;
    int channel; /* what it sends comes here */
} retune_apart;

/* Forks. The child does `work`, which sends answers through `channel`, and ends without running
 * what was registered with atexit. A crash there is one: no handler of the host, no core file. The
 * child ends with its parent, and after `limit_s` seconds in any case (0: no limit). False when
 * there can be no child. */
typedef void retune_apart_work(int channel, void *user);
bool retune_apart_start(retune_apart_work *work, void *user, uint32_t limit_s,
                        retune_apart *out_apart);

/* For the child: sends an answer of `size` bytes. */
void retune_apart_send(int channel, const void *answer, size_t size);

/* For the parent: waits for the next answer, which has `size` bytes. ENDED: the child has closed
 * its end before that, or died. LATE: nothing came within `timeout_ms`. */
typedef enum retune_apart_news {
    RETUNE_APART_ANSWERED,
    RETUNE_APART_ENDED,
    RETUNE_APART_LATE
} retune_apart_news;
retune_apart_news retune_apart_receive(const retune_apart *apart, void *out_answer, size_t size,
                                       uint32_t timeout_ms);

/* Waits for the child's end, and kills it after `timeout_ms`. Returns how it ended, as waitpid
 * gives it: 0 also when somebody else has asked for it; and whether it was killed here. */
int retune_apart_finish(retune_apart *apart, uint32_t timeout_ms, bool *out_killed);

/* "crashed in probe (signal 11)" or "ended its process in probe (exit code 3)"; returns `text`. */
#define RETUNE_APART_TEXT_MAX 96
const char *retune_apart_text(int end, const char *where, char text[RETUNE_APART_TEXT_MAX]);

#endif
