/* The recorder of this process: starts, stops, survives a fork. */
#ifndef WJ_RECORDER_H
#define WJ_RECORDER_H

#include "ticks.h"

struct wj_options {
    int64_t cpu_period;  /* ns of CPU time between samples of a thread, 0 for none */
    int64_t wall_period; /* ns between rounds, 0 for none */
    int native;          /* record native frames */
    int collections;     /* record the runs of the garbage collector */
    int census;          /* and what they free */
    int no_perf;         /* do not use perf events */
    pid_t hidden;        /* kernel id of a thread to pass over, 0 for none */
    size_t capacity;     /* of the ring, bytes */
};

/* What was chosen at the start, and why. */
struct wj_choice {
    enum wj_tick_engine engine;
    int signal;
    int refusal; /* errno of perf_event_open, 0 for none */
    int peek;    /* enum wj_peek_way */
};

/* Start recording into a new ring. 0, or -1 with an exception set. Needs the GIL. */
int wj_recorder_start(const struct wj_options *options, struct wj_choice *choice);

/* Stop, with the last words written. Needs the GIL and lets go of it meanwhile. */
void wj_recorder_stop(void);

/* Borrowed: the ring of the recording, NULL where there is none. */
struct wj_ring *wj_recorder_ring(void);

/* Write a sentence into the recording, if there is one. */
void wj_recorder_note(const char *text);

/* Tell of a task: the addresses of its coroutine and of its maker's. */
void wj_recorder_task(const void *coroutine, const void *parent, const char *name,
                      size_t size);

/* Record where a suspended task waits: frames given leaf first, held by the caller. The
   thread is the one with ``handle``. 0, or -1 where there is no recording of it. */
int wj_recorder_awaits(pthread_t handle, const void *coroutine,
                       const struct wj_frame_seen *frames, uint32_t depth,
                       int64_t weight);

/* A thread is about to start: look for it soon. */
void wj_recorder_hurry(void);

#endif
