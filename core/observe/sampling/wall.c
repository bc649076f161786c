/* The wall clock: one round looks at every thread of the process.
 *
 * A thread that has used no CPU time since it was last seen has not moved, so its stack
 * and state are the last ones: looking at an idle thread costs one clock reading. A
 * thread that moved is copied and its state told anew.
 */
#define _GNU_SOURCE
#include "wall.h"

#include <stdlib.h>

#include "clock.h"
#include "memory.h"
#include "notes.h"
#include "sample.h"
#include "states.h"
#include "ticks.h"

#define LOOKS 4          /* between two readings of the clock */
#define BURST 10         /* rounds for which an allowance is kept, or a debt */
#define FIRST_LOOK 50000 /* ns that the first look at a thread adds to it */

static uint32_t round_number;
static int64_t last_round;
static int64_t allowance; /* ns of CPU that looking may cost; negative for a debt */
static uint32_t cursor;   /* the thread to look at next */
static struct wj_scratch *scratch; /* Owned, for the life of the process */

/* ---- threads that come and go --------------------------------------------------- */

static void
welcome(struct wj_ring *ring, struct wj_thread *thread, int64_t now)
{
    int64_t cpu = wj_clock_read(wj_thread_clock(thread->tid));
    /* A thread found in the first round was there before the recording; a later one has
       used what it used since it was born, which was after the last round. */
    int64_t since = last_round == 0 ? 0 : now - last_round;
    thread->cpu_found = thread->cpu_last = cpu > since ? cpu - since : 0;
    thread->wall_cpu = cpu;
    thread->found = thread->wall_last = now;
    /* Told of first: it may tick before we go on, and its life begins here. */
    wj_note_thread(ring, WJ_THREAD, thread, now, 0, "", 0);
    wj_ticks_arm(thread);
}

static void
farewell(struct wj_ring *ring, struct wj_thread *thread, int64_t now)
{
    wj_ticks_disarm(thread);
    wj_state_forget(thread);
    int64_t cpu =
        thread->cpu_last > thread->wall_cpu ? thread->cpu_last : thread->wall_cpu;
    wj_note_thread(ring, WJ_END, thread, now, cpu - thread->cpu_found, "", 0);
    thread->live = 0;
}

static int
is_own(const PyThreadState *state, const pid_t *own)
{
    for (int i = 0; i < WJ_OWN; i++) {
        if (own[i] != 0 && (pid_t)wj_native_id(state) == own[i]) {
            return 1;
        }
    }
    return 0;
}

/* ---- one round ------------------------------------------------------------------ */

static void
look_at(struct wj_ring *ring, struct wj_thread *thread, const wj_gil *gil,
        uint32_t holder, int64_t now, struct wj_wall_counts *counts)
{
    int64_t cpu = wj_clock_read(wj_thread_clock(thread->tid));
    struct wj_moment moment = {
        now, now - thread->wall_last, thread->number, holder, WJ_WALL, WJ_UNKNOWN, NULL,
        NULL};
    if (cpu < 0 || moment.weight <= 0) {
        return; /* it has ended meanwhile */
    }
    int written;
    if (thread->wall_same && cpu == thread->wall_cpu) {
        moment.state = thread->wall_state;
        written = wj_sample_same(ring, &moment);
    } else {
        if (wj_stack_of_other(thread->state, &scratch->stack) != 0) {
            counts->torn++;
            return;
        }
        int has_gil = wj_gil_holder(gil) == thread->state;
        int advances = wj_clock_read(wj_thread_clock(thread->tid)) > cpu;
        moment.state = wj_state_of(thread, gil, has_gil, advances);
        written = wj_sample_write(ring, scratch, &moment, 0);
        thread->wall_state = moment.state;
        thread->wall_cpu = cpu;
    }
    int sleeps = moment.state != WJ_RUN_GIL && moment.state != WJ_RUN_NATIVE;
    thread->wall_same = written == 0 && sleeps;
    if (written == 0) {
        thread->wall_last = now;
        counts->samples++;
    }
}

/* True while a state that is not this thread's yet has the id of the one that made it.
 */
static int
is_taken(pid_t tid)
{
    for (uint32_t i = 0; i < wj_thread_count(); i++) {
        const struct wj_thread *thread = wj_thread_at(i);
        if (thread->live && thread->tid == tid) {
            return 1;
        }
    }
    return 0;
}

/* The slot of a thread; NULL where it does not run: not yet, or no longer though its
   state was left behind. */
static struct wj_thread *
recognize(struct wj_ring *ring, const PyThreadState *state, int64_t now,
          struct wj_wall_counts *counts)
{
    int is_new;
    /* In this order, and once: a state has the ids of the thread that made it, until
       the new one writes its handle and then its kernel id. */
    pid_t tid = (pid_t)wj_native_id(state);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    pthread_t handle = (pthread_t)state->thread_id;
    struct wj_thread *there = wj_thread_find(handle);
    if (there == NULL || !there->live || there->tid != tid) {
        if (tid == 0 || is_taken(tid) || wj_clock_read(wj_thread_clock(tid)) < 0) {
            return NULL;
        }
        if (there != NULL
            && there->live) { /* it ended, and left its stack to this one */
            farewell(ring, there, now);
        }
    }
    struct wj_thread *thread = wj_thread_of(state, handle, tid, &is_new);
    if (thread != NULL && is_new) {
        welcome(ring, thread, now);
        counts->born++;
    }
    return thread;
}

/* Slots for all threads; the number of the one that holds the GIL, plus one. */
static uint32_t
find_threads(struct wj_ring *ring, int64_t now, const pid_t *own,
             struct wj_wall_counts *counts)
{
    uint32_t holder = 0;
    PyInterpreterState *interpreter = wj_first_interpreter();
    for (; interpreter != NULL; interpreter = wj_next_interpreter(interpreter)) {
        const PyThreadState *holding = wj_gil_holder(wj_interpreter_gil(interpreter));
        PyThreadState *state = wj_first_thread(interpreter);
        for (; state != NULL; state = state->next) {
            struct wj_thread *thread =
                is_own(state, own) ? NULL : recognize(ring, state, now, counts);
            if (thread == NULL) {
                continue;
            }
            thread->round = round_number;
            counts->threads++;
            if (state == holding) {
                holder = thread->number + 1;
            }
        }
    }
    return holder;
}

/* Look at thread after thread, from where the last round left off, as long as the
   allowance lasts: what a round does not get to is looked at first in the next. */
static void
look_around(struct wj_ring *ring, int64_t budget, uint32_t holder, int64_t now,
            struct wj_wall_counts *counts)
{
    int64_t begin = wj_clock_read(CLOCK_THREAD_CPUTIME_ID), spent = 0;
    uint32_t looks = 0, count = wj_thread_count();
    if (allowance < BURST * budget) {
        allowance += budget;
    }
    for (uint32_t i = 0; i < count && spent < allowance; i++) {
        struct wj_thread *thread = wj_thread_at(cursor++ % count);
        if (thread->live && thread->round == round_number) {
            const wj_gil *gil = wj_interpreter_gil(thread->state->interp);
            look_at(ring, thread, gil, holder, now, counts);
            if (++looks % LOOKS == 0) {
                spent = wj_clock_read(CLOCK_THREAD_CPUTIME_ID) - begin;
            }
        }
    }
    allowance -= wj_clock_read(CLOCK_THREAD_CPUTIME_ID) - begin;
    if (allowance < -BURST * budget) { /* one dear look must not blind us for long */
        allowance = -BURST * budget;
    }
}

static void
dismiss_ended(struct wj_ring *ring, int64_t now)
{
    for (uint32_t i = 0; i < wj_thread_count(); i++) {
        struct wj_thread *thread = wj_thread_at(i);
        if (thread->live && thread->round != round_number) {
            farewell(ring, thread, now);
        }
    }
}

void
wj_wall_round(struct wj_ring *ring, int64_t budget, const pid_t *own,
              struct wj_wall_counts *counts)
{
    int64_t now = wj_now();
    round_number++;
    counts->threads = counts->born = 0;
    wj_hold_memory();
    wj_lock_threads();
    uint32_t holder = find_threads(ring, now, own, counts);
    allowance += (int64_t)counts->born * FIRST_LOOK;
    if (budget > 0) {
        look_around(ring, budget, holder, now, counts);
    }
    wj_unlock_threads();
    wj_let_go_memory();
    dismiss_ended(ring, now);
    last_round = now;
}

int
wj_wall_begin(void)
{
    last_round = allowance = 0;
    if (scratch == NULL) {
        scratch = calloc(1, sizeof *scratch);
    }
    return scratch != NULL && wj_stack_init() == 0 ? 0 : -1;
}

void
wj_wall_end(struct wj_ring *ring)
{
    int64_t now = wj_now();
    round_number++;
    dismiss_ended(ring, now);
}

void
wj_wall_forked(void)
{
    for (uint32_t i = 0; i < wj_thread_count(); i++) {
        wj_state_forget(wj_thread_at(i));
    }
}
