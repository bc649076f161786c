/* What recording needs the GIL for. */
#ifndef WJ_KEEPER_H
#define WJ_KEEPER_H

#include "ring.h"

/* Give ids to code objects that asked, tell the names of threads that have new ones
   and, for ``native``, the libraries that were loaded. Needs the GIL; leaves no
   exception. */
void wj_keeper_serve(struct wj_ring *ring, int native);

#endif
