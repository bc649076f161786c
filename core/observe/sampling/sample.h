/* Puts a sample together and into the ring. */
#ifndef WJ_SAMPLE_H
#define WJ_SAMPLE_H

#include "threads.h"

/* What is known of a sample besides its stack. */
struct wj_moment {
    int64_t time;
    int64_t weight;
    uint32_t thread; /* its number */
    uint32_t holder; /* 1 + number of the thread that held the GIL, 0 for none */
    enum wj_clock clock;
    enum wj_state state;
    /* Borrowed, NULL for none: a function of the collector's, on top of the stack or at
       its root. */
    const char *leaf;
    const char *root;
};

/* Ask for ids of this interpreter's code objects only: others' are not ours to own,
   each interpreter having an allocator of its own. */
void wj_sample_home(const PyInterpreterState *interpreter);

/* Write the stack in ``scratch`` as a sample, with as many of the native addresses
   there. 0, or -1 where the ring had no room, or where another thread moved on while
   its functions were described. Async-signal-safe, no GIL. */
int wj_sample_write(struct wj_ring *ring, struct wj_scratch *scratch,
                    const struct wj_moment *moment, uint32_t natives);

/* Write that the thread's stack is that of its last wall sample. */
int wj_sample_same(struct wj_ring *ring, const struct wj_moment *moment);

#endif
