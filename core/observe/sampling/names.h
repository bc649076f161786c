/* The names of threads, as ``threading`` has them. All of it needs the GIL. */
#ifndef WJ_NAMES_H
#define WJ_NAMES_H

#include "threads.h"

/* Tell the name of each thread as it begins, from now on, into ``ring``, borrowed until
   ``wj_names_leave``. To be called where one is about to be started. */
void wj_names_watch(struct wj_ring *ring);
void wj_names_leave(void);

/* Tell the names that were not told yet: of threads that were named before they were
   watched, and of those that were named anew. */
void wj_names_serve(struct wj_ring *ring);

#endif
