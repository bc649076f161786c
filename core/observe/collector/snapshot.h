/* A snapshot of the heap in a forked child, which finds the cyclic garbage in it. */
#ifndef WJ_SNAPSHOT_H
#define WJ_SNAPSHOT_H

#include <sys/types.h>

#include "mark.h"

struct wj_snapshot {
    struct wj_verdict *verdict; /* Owned: a mapping of ``size`` bytes; NULL for none */
    size_t size;
    int child;      /* Owned: its pidfd, -1 when it has ended */
    pid_t owner;    /* the process that took it: not its forked children */
    uint64_t next;  /* the first suspect that was not looked at yet */
    uint64_t same;  /* suspects that were still what they had been */
    int64_t paused; /* ns that taking it took */
};

/* Fork the child and let it mark. 0, or an errno. Needs the GIL, and no collection
   under way; ``room`` is how many objects of garbage it may tell of. */
int wj_snapshot_take(struct wj_snapshot *snapshot, wj_keeper_function keep,
                     uint64_t room);

/* Wait until the child has ended, ``ms`` at most; true when it has. Needs no GIL. */
int wj_snapshot_wait(struct wj_snapshot *snapshot, int ms);

/* Move about ``limit`` objects of garbage, whole components of them, to the youngest
   generation, where the ordinary collector looks next. Returns how many. Needs the GIL,
   and no collection under way. */
uint64_t wj_snapshot_renew(struct wj_snapshot *snapshot, uint64_t limit);

/* End the child if it is still there and give everything back. */
void wj_snapshot_close(struct wj_snapshot *snapshot);

#endif
