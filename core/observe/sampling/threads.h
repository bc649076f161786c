/* The threads that are recorded: one slot each, found again from a signal handler. */
#ifndef WJ_THREADS_H
#define WJ_THREADS_H

#include <pthread.h>
#include <time.h>

#include "stack.h"

#define WJ_THREADS_MAX 16384 /* slots; a slot serves one thread after the other */
#define WJ_DEFINITIONS_ROOM 65536
#define WJ_TABLE_ROOM 32768
#define WJ_NATIVE_DEPTH 256

/* What a sample is put together in. Mapped, not touched until it is used: a deep stack
   costs memory only where there is one. */
struct wj_scratch {
    struct wj_stack stack;
    struct wj_place places[WJ_MAX_DEPTH];
    uint64_t natives[WJ_NATIVE_DEPTH];
    char definitions[WJ_DEFINITIONS_ROOM];
    char table[WJ_TABLE_ROOM];
};

struct wj_thread {
    const PyThreadState *state; /* Borrowed: valid while the threads are locked */
    pthread_t handle;
    pid_t tid;
    uint32_t number; /* in the recording; a new one for each thread */
    uint32_t round;  /* of the sampler, when the thread was last seen */
    int live;
    int64_t found;     /* when, ns */
    int64_t cpu_found; /* CPU ns it had used by then */

    /* the CPU clock: written by the thread's own handler once it is armed */
    int event;     /* Owned: perf event, -1 for none */
    timer_t timer; /* Owned where ``has_timer`` */
    int has_timer;
    int64_t cpu_last;    /* CPU ns already accounted for */
    int64_t handled;     /* CPU ns that the last sample took */
    int64_t quiet_until; /* CPU ns before which no sample is taken */
    int busy;            /* a handler is at work */

    /* the wall clock: the sampler's own */
    int64_t wall_last;
    int64_t wall_cpu;
    int syscall_file;  /* Owned: /proc/…/syscall, -1 for none */
    int schedule_file; /* Owned: /proc/…/schedstat, -1 for none */
    uint64_t ran;      /* ns on a core, by that file at the last look */
    uint64_t waited;   /* ns without one, likewise */
    uint8_t wall_state;
    uint8_t wall_same; /* the next wall sample may refer to the last one */

    uint64_t name_hash;         /* of the name last written */
    struct wj_scratch *scratch; /* Owned, for the life of the process */
};

/* The slot of a pthread_t, NULL for none. Async-signal-safe. */
struct wj_thread *wj_thread_find(pthread_t handle);

/* The slot of a thread, a fresh one where it is new (``*is_new`` tells). NULL where
   there is no room. One caller at a time. */
struct wj_thread *wj_thread_of(const PyThreadState *state, pthread_t handle, pid_t tid,
                               int *is_new);

/* All slots ever made, the first ``wj_thread_count()``; those not ``live`` are free. */
struct wj_thread *wj_thread_at(uint32_t slot);
uint32_t wj_thread_count(void);

/* Start numbering again; every slot becomes free. No handler may be at work. */
void wj_threads_reset(void);

#endif
