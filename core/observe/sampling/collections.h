/* The runs of the garbage collector, as samples of clocks of their own. */
#ifndef WJ_COLLECTIONS_H
#define WJ_COLLECTIONS_H

#include "ring.h"

/* Record the runs of this interpreter's collector into ``ring``, borrowed until
   ``wj_collections_leave``; with ``census`` also what they free, and who made it. 0, or
   -1 with an exception set. Both need the GIL. */
int wj_collections_watch(struct wj_ring *ring, int census);
void wj_collections_leave(void);

/* In a forked child: the ring is the parent's. */
void wj_collections_forked(void);

#endif
