/* The recorder of this process.
 *
 * Two threads of its own, both in C. The *sampler* makes the wall clock's rounds and
 * never takes the GIL, so that nothing the program does can hold it up. The *keeper*
 * takes the GIL, seldom and briefly, for what needs it: ids for code objects, names of
 * threads.
 */
#define _GNU_SOURCE
#include "recorder.h"

#include <dlfcn.h>
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "births.h"
#include "clock.h"
#include "collections.h"
#include "keeper.h"
#include "memory.h"
#include "names.h"
#include "native.h"
#include "notes.h"
#include "codes.h"
#include "peek.h"
#include "sample.h"
#include "wall.h"

#define LOOK_PERIOD 10000000 /* ns between looks for new threads, if no wall clock */
#define HURRY_PAUSE 1000000  /* ns until a thread that was announced may be there */
#define HURRY_LOOKS 2        /* looks for it, in a hurry */
#define KEEP_PAUSE 10000000  /* ns the keeper leaves the GIL alone after a serving */
#define KEEP_COST 50000000   /* ns of its allowance that a serving takes */
#define KEEP_ALLOWANCE 500000000 /* ns of allowance at most: ten servings in a row */
#define NAMES_PERIOD 1000000000
#define ROUND_COST 200000       /* ns of CPU that a round may cost on the average */
#define COST_SHARE 10           /* and no more than one part in so many of the time */
#define UNLIMITED 1000000000000 /* ns, for the last round */
#define FOREVER INT64_MAX

static struct wj_ring ring = {.file = -1};
static struct wj_options wanted;
static int recording;
static pthread_t sampler, keeper;
static pid_t own[WJ_OWN]; /* kernel ids: the sampler, the keeper, the hidden one */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t border = PTHREAD_MUTEX_INITIALIZER; /* its holder never waits for
                                                              the GIL */
static PyInterpreterState *home; /* Borrowed: the keeper works for this one */
static pthread_cond_t wake_sampler, wake_keeper;
static sem_t entered;             /* the keeper has its thread state */
static int stopping, hurry, work; /* under the lock */
static struct wj_wall_counts counts;

#define LONG_HANDLER 100000 /* ns that a handler takes seldom */
#define HANDLER_SHARE 4 /* a handler's time is followed by so much of the program's */

/* ---- the CPU clock's handler ---------------------------------------------------- */

/* Many unknown code objects at a high rate could fill all of a thread's time, and it
   would never get to where it gives up the GIL for the keeper to make them known. So
   what handlers take, the program gets several times over. One that alone was long had
   its core taken by the machine, which no clock of ours tells from work: it does not
   count, or whole functions would go by unseen after it. */
static void
give_back(struct wj_thread *thread, int64_t cpu, int64_t elapsed)
{
    if (elapsed > LONG_HANDLER) { /* its own work, or the loss of its core? */
        elapsed = wj_clock_read(CLOCK_THREAD_CPUTIME_ID) - cpu;
    }
    int64_t usual = elapsed < thread->handled ? elapsed : thread->handled;
    thread->handled = elapsed;
    thread->quiet_until = cpu + elapsed + usual * HANDLER_SHARE;
}

static void
tick(struct wj_thread *thread, void *context)
{
    int64_t cpu = wj_clock_read(CLOCK_THREAD_CPUTIME_ID);
    struct wj_moment moment = {wj_now(), cpu - thread->cpu_last, thread->number, 0,
                               WJ_CPU,   WJ_RUN_NATIVE,          NULL,           NULL};
    uint32_t natives = 0;
    if (moment.weight <= 0 || cpu < thread->quiet_until) {
        return;
    }
    /* Not the slot's: the thread may be winding up, or in another interpreter. */
    const PyThreadState *state = PyGILState_GetThisThreadState();
    memset(&thread->scratch->stack, 0, offsetof(struct wj_stack, entries));
    if (state != NULL) {
        if (wj_gil_holder(wj_interpreter_gil(state->interp)) == state) {
            moment.state = WJ_RUN_GIL;
            moment.holder = thread->number + 1;
        }
        if (wj_stack_of_self(state, &thread->scratch->stack) != 0) {
            return; /* the next sample has the weight of this one as well */
        }
    }
    if (wanted.native) {
        natives = wj_native_unwind(context, &thread->scratch->stack,
                                   thread->scratch->natives, WJ_NATIVE_DEPTH);
    }
    if (wj_sample_write(&ring, thread->scratch, &moment, natives) == 0) {
        thread->cpu_last = cpu;
    }
    give_back(thread, cpu, wj_now() - moment.time);
}

/* ---- the two threads ------------------------------------------------------------ */

/* What a thread of ours asks for in memory is not the program's, if that is recorded.
 */
static void
stand_apart(void)
{
    void (*overlook)(void);
    void *found = dlsym(RTLD_DEFAULT, "wadjet_memory_overlook");
    memcpy(&overlook, &found, sizeof found);
    if (found != NULL) {
        overlook();
    }
}

/* Sleep until ``time`` or until something is up; the lock is held. True to go on. */
static int
sleep_until(pthread_cond_t *wake, int64_t time, const int *something)
{
    struct timespec until = {time / 1000000000, time % 1000000000};
    while (!stopping && !*something) {
        if (pthread_cond_timedwait(wake, &lock, &until) == ETIMEDOUT) {
            break;
        }
    }
    return !stopping;
}

/* Uniform in [period / 2, period * 3 / 2): no program keeps step with it. */
static int64_t
jittered(int64_t period)
{
    static uint64_t seed = 0x9E3779B97F4A7C15ull;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return period / 2 + (int64_t)(seed % (uint64_t)period);
}

static void
rouse_keeper(void)
{
    pthread_mutex_lock(&lock);
    work = 1;
    pthread_cond_signal(&wake_keeper);
    pthread_mutex_unlock(&lock);
}

/* Sleep until the next round, or until a thread was announced. True to go on. */
static int
rest(int64_t next)
{
    static const int nothing = 0;
    int go_on;
    pthread_mutex_lock(&lock);
    if (hurry > 0) {
        int64_t soon = wj_now() + HURRY_PAUSE;
        hurry--;
        go_on = sleep_until(&wake_sampler, soon < next ? soon : next, &nothing);
    } else {
        go_on = sleep_until(&wake_sampler, next, &hurry);
    }
    pthread_mutex_unlock(&lock);
    return go_on;
}

static const char *
signal_name(int number)
{
    return number == SIGURG ? "SIGURG" : "SIGSTKFLT";
}

/* Say that the program has taken our signal, and what becomes of the CPU clock. */
static void
tell_lost_signal(void)
{
    char text[160];
    int lost = 0, now = wj_ticks_keep(&lost);
    if (now != 0) {
        snprintf(text, sizeof text,
                 now > 0
                     ? "the program handles %s itself, so ticks come by %s from then on"
                     : "the program handles %s itself, and no other signal is free: "
                       "the CPU clock stands still from then on",
                 signal_name(lost), signal_name(now));
        wj_note_text(&ring, text);
    }
}

static void
make_round(int64_t budget)
{
    pthread_mutex_lock(&border);
    tell_lost_signal();
    wj_wall_round(&ring, budget, own, &counts);
    pthread_mutex_unlock(&border);
}

static void *
sample(void *unused)
{
    int64_t period = wanted.wall_period ? wanted.wall_period : LOOK_PERIOD;
    int64_t next = wj_now(), named = 0;
    int64_t share = period / COST_SHARE + 1;
    int64_t budget = share < ROUND_COST ? share : ROUND_COST;
    (void)unused;
    stand_apart();
    own[0] = (pid_t)syscall(SYS_gettid);
    do {
        int64_t now = wj_now();
        int due = now >= next;
        make_round(due && wanted.wall_period ? budget : 0);
        if (due) {
            /* Skip what was missed: catching up would count busy moments twice. */
            next = (next + period > now ? next : now) + jittered(period);
        }
        if (wj_codes_asked() || counts.born || now - named > NAMES_PERIOD) {
            named = now;
            rouse_keeper();
        }
    } while (rest(next));
    make_round(wanted.wall_period ? UNLIMITED : 0);
    return NULL;
}

static void *
keep(void *unused)
{
    int64_t allowance = KEEP_ALLOWANCE, last = wj_now();
    int go_on;
    static const int nothing = 0;
    (void)unused;
    stand_apart();
    own[1] = (pid_t)syscall(SYS_gettid);
    PyThreadState *state = PyThreadState_New(home);
    sem_post(&entered);
    while (state != NULL) {
        pthread_mutex_lock(&lock);
        go_on = sleep_until(&wake_keeper, FOREVER, &work);
        work = 0;
        pthread_mutex_unlock(&lock);
        PyEval_RestoreThread(state);
        if (!go_on) {
            PyThreadState_Clear(state);
            PyThreadState_DeleteCurrent();
            return NULL;
        }
        wj_keeper_serve(&ring, wanted.native);
        PyEval_SaveThread();
        int64_t now = wj_now();
        allowance += now - last - KEEP_COST;
        allowance = allowance > KEEP_ALLOWANCE ? KEEP_ALLOWANCE : allowance;
        last = now;
        int64_t pause = allowance < 0 ? KEEP_PAUSE - allowance : KEEP_PAUSE;
        pthread_mutex_lock(&lock);
        sleep_until(&wake_keeper, now + pause, &nothing);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

/* ---- starting and stopping ------------------------------------------------------ */

/* A fork waits until no thread of ours has the interpreter's lists. Not where the one
   who forks has locked them already: we would wait for them, and it for us. */
static void
before_fork(void)
{
    if (!WJ_FORK_LOCKS_THREADS) {
        pthread_mutex_lock(&border);
    }
}

static void
after_fork(void)
{
    if (!WJ_FORK_LOCKS_THREADS) {
        pthread_mutex_unlock(&border);
    }
}

static void
forked(void)
{
    pthread_mutex_init(&border, NULL);
    if (recording) {
        recording = 0;
        wj_names_leave();
        wj_collections_forked();
        wj_ticks_forked();
        wj_wall_forked();
        wj_memory_forked();
        wj_ring_close(&ring);
    }
}

static void
make_conditions(void)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&wake_sampler, &attr);
    pthread_cond_init(&wake_keeper, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&lock, NULL); /* anew in a forked child */
}

static void
announced(void)
{
    if (recording) {
        if (PyInterpreterState_Get() == home) {
            wj_names_watch(&ring);
        }
        wj_recorder_hurry();
    }
}

/* Once in the life of the process. 0, or -1 with an exception set. */
static int
settle(void)
{
    static int settled;
    if (settled) {
        return 0;
    }
    if (wj_births_watch(announced) != 0) {
        return -1;
    }
    pthread_atfork(before_fork, after_fork, forked);
    settled = 1;
    return 0;
}

/* The starter has the GIL until the keeper is in the interpreter. So nobody forks in
   between, and nobody exchanges the raw allocator, as the interpreter itself does for
   moments: what is got from one and given back to the other is no block of its. */
static int
start_keeper(void)
{
    sem_init(&entered, 0, 0);
    int error = pthread_create(&keeper, NULL, keep, NULL);
    while (error == 0 && sem_wait(&entered) != 0) { /* a signal came */
    }
    sem_destroy(&entered);
    return error;
}

static int
start_both(void)
{
    int error = pthread_create(&sampler, NULL, sample, NULL);
    if (error == 0 && (error = start_keeper()) != 0) {
        pthread_mutex_lock(&lock);
        stopping = 1;
        pthread_cond_signal(&wake_sampler);
        pthread_mutex_unlock(&lock);
        pthread_join(sampler, NULL);
    }
    return error;
}

/* Threads of ours take no signals of the program's, from the first moment: they have
   the mask of who starts them. Were they to set it themselves, a signal could come
   before. */
static int
start_threads(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int error = start_both();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int
wj_recorder_start(const struct wj_options *options, struct wj_choice *choice)
{
    if (recording) {
        PyErr_SetString(PyExc_RuntimeError, "a recording is under way in this process");
        return -1;
    }
    if (settle() != 0) {
        return -1;
    }
    wanted = *options;
    wj_codes_clear();
    wj_threads_reset();
    make_conditions();
    stopping = hurry = work = 0;
    own[0] = own[1] = 0;
    own[2] = options->hidden;
    home = PyInterpreterState_Get();
    wj_sample_home(home);
    memset(&counts, 0, sizeof counts);
    choice->peek = wj_peek_init();
    if (wj_ring_create(&ring, options->capacity) != 0 || wj_wall_begin() != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    if (options->native) {
        wj_native_init();
        wj_note_libraries(&ring, 1);
    }
    wj_memory_guard();
    recording = 1;
    choice->engine = WJ_TICKS_NONE;
    choice->signal = choice->refusal = 0;
    if (options->cpu_period > 0) {
        choice->engine =
            wj_ticks_open(options->cpu_period, tick, options->no_perf, &choice->signal);
        choice->refusal = errno;
    }
    make_round(0); /* from here on, not from when the sampler first gets a core */
    int error = start_threads();
    if (error == 0 && options->collections
        && wj_collections_watch(&ring, options->census) != 0) {
        wj_recorder_stop();
        return -1;
    }
    if (error != 0) {
        recording = 0;
        wj_ticks_close();
        wj_memory_release();
        wj_ring_close(&ring);
        errno = error;
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    return 0;
}

void
wj_recorder_stop(void)
{
    if (!recording) {
        return;
    }
    wj_collections_leave();
    pthread_mutex_lock(&lock);
    stopping = 1;
    pthread_cond_signal(&wake_sampler);
    pthread_cond_signal(&wake_keeper);
    pthread_mutex_unlock(&lock);
    Py_BEGIN_ALLOW_THREADS
    pthread_join(sampler, NULL);
    pthread_join(keeper, NULL);
    Py_END_ALLOW_THREADS
    wj_keeper_serve(&ring, wanted.native);
    wj_names_leave();
    recording = 0;
    wj_ticks_close();
    wj_wall_end(&ring);
    wj_codes_clear();
    wj_memory_release();
    wj_ring_close(&ring);
}

struct wj_ring *
wj_recorder_ring(void)
{
    return recording ? &ring : NULL;
}

void
wj_recorder_note(const char *text)
{
    if (recording) {
        wj_note_text(&ring, text);
    }
}

void
wj_recorder_hurry(void)
{
    pthread_mutex_lock(&lock);
    hurry = HURRY_LOOKS;
    pthread_cond_signal(&wake_sampler);
    pthread_mutex_unlock(&lock);
}

void
wj_recorder_task(const void *coroutine, const void *parent, const char *name,
                 size_t size)
{
    if (recording) {
        wj_note_task(&ring, coroutine, parent, name, size);
    }
}

int
wj_recorder_awaits(pthread_t handle, const void *coroutine,
                   const struct wj_frame_seen *frames, uint32_t depth, int64_t weight)
{
    static struct wj_scratch
        *scratch; /* Owned, for the life of the process; under the GIL */
    const struct wj_thread *thread = wj_thread_find(handle);
    if (!recording || thread == NULL || !thread->live || depth > WJ_MAX_DEPTH) {
        return -1;
    }
    if (scratch == NULL && (scratch = calloc(1, sizeof *scratch)) == NULL) {
        return -1;
    }
    struct wj_moment moment = {wj_now(), weight,     thread->number, 0,
                               WJ_AWAIT, WJ_BLOCKED, NULL,           NULL};
    memcpy(scratch->stack.frames, frames, depth * sizeof frames[0]);
    scratch->stack.depth = scratch->stack.task_frames = depth;
    scratch->stack.task = coroutine;
    scratch->stack.interpreter = home;
    return wj_sample_write(&ring, scratch, &moment, 0);
}
