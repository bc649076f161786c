/* One run of the garbage collector, as its callbacks tell of it. */
#ifndef WJ_PAUSE_H
#define WJ_PAUSE_H

#include "compat.h"

struct wj_pause {
    int64_t start; /* CLOCK_MONOTONIC, ns */
    int64_t end;
    int64_t examined; /* objects; about, before 3.15; -1 where it cannot be told */
    int64_t collected;
    int64_t uncollectable;
    int generation;
    int automatic; /* by the thresholds, not by a call of gc.collect */
};

enum wj_pause_phase { WJ_PAUSE_NONE, WJ_PAUSE_BEGINS, WJ_PAUSE_ENDS };

/* What the callback was called with goes into ``pause``, which is complete when the run
   ends. For nonsense WJ_PAUSE_NONE, with an exception set or not. Needs the GIL. */
enum wj_pause_phase wj_pause_phase(struct wj_pause *pause, PyObject *phase,
                                   PyObject *info);

#endif
