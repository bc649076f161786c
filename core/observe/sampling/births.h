/* The moment before a thread is started. */
#ifndef WJ_BIRTHS_H
#define WJ_BIRTHS_H

#include "stack.h"

/* Call ``announce`` in whatever thread is about to start one, with the GIL, from now on
   and for the life of the process. 0, or -1 with an exception set. */
int wj_births_watch(void (*announce)(void));

#endif
