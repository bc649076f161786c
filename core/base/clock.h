/* Clocks, in nanoseconds. Safe in signal handlers. */
#ifndef WJ_CLOCK_H
#define WJ_CLOCK_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

static inline int64_t
wj_clock_read(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        return -1;
    }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t
wj_now(void)
{
    return wj_clock_read(CLOCK_MONOTONIC);
}

/* The CPU clock of any thread of this process, by its kernel id. Reading the clock of a
   thread that has ended fails; a clock made from a pthread_t would crash. */
static inline clockid_t
wj_thread_clock(pid_t tid)
{
    return (clockid_t)((~(unsigned)tid << 3) | 6u);
}

#endif
