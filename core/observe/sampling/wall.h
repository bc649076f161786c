/* The wall clock: what every thread is doing now. */
#ifndef WJ_WALL_H
#define WJ_WALL_H

#include <sys/types.h>

#include "ring.h"

#define WJ_OWN 3

struct wj_wall_counts {
    uint64_t samples;
    uint64_t torn;    /* stacks of which no two copies agreed */
    uint32_t threads; /* that live now */
    uint32_t born;    /* found in the last round */
};

/* Begin a recording; threads found in the first round had been there before. 0, or -1
   for want of memory. */
int wj_wall_begin(void);

/* Find the threads, arm the new ones and take a sample of as many as ``budget`` ns of
   CPU allow, in turn; of none for 0. What a round saves or overdraws is the next one's.
   Threads of ``own`` ids are passed over. */
void wj_wall_round(struct wj_ring *ring, int64_t budget, const pid_t *own,
                   struct wj_wall_counts *counts);

/* Write the last word about every thread. */
void wj_wall_end(struct wj_ring *ring);

/* In a forked child: let go of the parent's files. */
void wj_wall_forked(void);

#endif
