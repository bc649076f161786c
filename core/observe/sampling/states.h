/* What a thread is doing: told from outside, without its help. */
#ifndef WJ_STATES_H
#define WJ_STATES_H

#include "threads.h"

/* The state of a thread that has moved. ``has_gil`` says whether it holds the GIL, and
   ``advances`` whether its CPU clock was seen to advance just now. */
enum wj_state wj_state_of(struct wj_thread *thread, const wj_gil *gil, int has_gil,
                          int advances);

/* Close the files that telling the state of a thread has opened. */
void wj_state_forget(struct wj_thread *thread);

#endif
