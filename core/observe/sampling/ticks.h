/* A tick for every so much CPU time of a thread, delivered to that thread. */
#ifndef WJ_TICKS_H
#define WJ_TICKS_H

#include "threads.h"

enum wj_tick_engine {
    WJ_TICKS_NONE,      /* nothing works here */
    WJ_TICKS_PERF,      /* perf events, time in the kernel included */
    WJ_TICKS_PERF_USER, /* perf events that fire in user code only */
    WJ_TICKS_TIMER,     /* POSIX timers, at most the kernel's HZ */
};

/* Called in the thread that ticked, in a signal handler, with the slot marked busy. */
typedef void (*wj_tick_handler)(struct wj_thread *thread, void *context);

/* Choose the engine and take a signal nobody uses. ``signal`` becomes its number; errno
   says why perf was refused. WJ_TICKS_TIMER at most where ``no_perf``. */
enum wj_tick_engine wj_ticks_open(int64_t period, wj_tick_handler handler, int no_perf,
                                  int *signal);

/* Let a thread of this process tick. 0, or -1. */
int wj_ticks_arm(struct wj_thread *thread);
void wj_ticks_disarm(struct wj_thread *thread);

/* The program may have taken the signal for itself: take another and let all threads
   tick anew. 0 where nothing happened, else the new signal, -1 where there is none
   left, with the one that was lost in ``*lost``. */
int wj_ticks_keep(int *lost);

/* No handler runs after this returns, and the signal is given back. */
void wj_ticks_close(void);

/* In a forked child: let go of the parent's events. */
void wj_ticks_forked(void);

#endif
