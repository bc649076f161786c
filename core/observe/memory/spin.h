/* A lock for a few instructions, in code that may neither sleep nor allocate. */
#ifndef WJ_SPIN_H
#define WJ_SPIN_H

#include <sched.h>

typedef int wj_spin; /* 0: free */

static inline void
wj_spin_lock(wj_spin *lock)
{
    while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE)) {
        sched_yield(); /* its holder has lost its core, or we would not have met */
    }
}

static inline void
wj_spin_unlock(wj_spin *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif
