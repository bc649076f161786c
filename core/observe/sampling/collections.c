/* The runs of the garbage collector, as samples of clocks of their own.
 *
 * A callback in C, so that the stack is the program's own: who made the allocation that
 * was one too many, or who called gc.collect. A run of the youngest generation takes
 * some microseconds, and there may be ten thousand in a second: the short ones are
 * added up and written once a millisecond, as a sampler would. All others are written
 * each.
 */
#include "collections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "notes.h"
#include "sample.h"
#include "../collector/census.h"
#include "../collector/pause.h"

#define SHORT 100000      /* ns: a run of the youngest generation that is added up */
#define TOGETHER 1000000  /* ns: how long they are */
#define REPORT 1000000000 /* ns between two reports of what was freed */

static struct wj_ring *ring; /* Borrowed; NULL while nothing is recorded */
static PyObject *callback;   /* Owned: what stands in gc.callbacks */
static struct wj_scratch
    *scratch;                /* Owned, for the life of the process; under the GIL */
static struct wj_pause last; /* the run that is under way, or was */
static struct wj_pause
    sum; /* of the short runs: ``start`` of the first, times summed */
static int64_t summed, runs, lost;
static int counting;     /* a census is taken of what is freed */
static int64_t reported; /* when it was written last */

static void
tell(struct wj_moment *moment, enum wj_clock clock, int64_t weight)
{
    moment->clock = clock;
    moment->weight = weight;
    if (weight > 0) {
        wj_sample_write(ring, scratch, moment, 0);
    }
}

/* Write ``count`` runs that took ``elapsed`` ns, below the stack of the last one. */
static void
record(const struct wj_pause *run, int64_t elapsed, int64_t count)
{
    char leaf[64];
    const struct wj_thread *thread = wj_thread_find(pthread_self());
    if (thread == NULL || !thread->live) {
        lost += count; /* a thread that the sampler has not found yet */
        return;
    }
    memset(&scratch->stack, 0, offsetof(struct wj_stack, entries));
    if (wj_stack_of_self(PyThreadState_Get(), &scratch->stack) != 0) {
        scratch->stack.depth = 0;
    }
    snprintf(leaf, sizeof leaf,
             run->automatic ? "collection of generation %d" : "gc.collect(%d)",
             run->generation);
    struct wj_moment moment = {run->end, 0,          thread->number, thread->number + 1,
                               WJ_PAUSE, WJ_RUN_GIL, leaf,           NULL};
    tell(&moment, WJ_PAUSE, elapsed);
    tell(&moment, WJ_RUNS, count);
    tell(&moment, WJ_EXAMINED, run->examined);
    tell(&moment, WJ_COLLECTED, run->collected);
}

static void
add_up(const struct wj_pause *run)
{
    if (runs == 0) {
        sum.start = run->start;
        sum.examined = sum.collected = summed = 0;
    }
    sum.end = run->end;
    sum.automatic = 1;
    sum.examined += run->examined > 0 ? run->examined : 0;
    sum.collected += run->collected;
    summed += run->end - run->start;
    runs++;
}

static void
write_sum(void)
{
    if (runs > 0) {
        record(&sum, summed, runs);
        runs = 0;
    }
}

/* Write how many objects of a type were garbage, and where they were made. */
static void
tell_garbage(const char *type, uint32_t site, int64_t count)
{
    const struct wj_thread *thread = wj_thread_find(pthread_self());
    if (thread == NULL || !thread->live) {
        return;
    }
    memset(&scratch->stack, 0, offsetof(struct wj_stack, entries));
    if (site != WJ_NO_SITE) {
        struct wj_frame_seen *frame = &scratch->stack.frames[scratch->stack.depth++];
        *frame = (struct wj_frame_seen){NULL, 0, 0};
        frame->code = wj_site(site, &frame->offset);
    }
    struct wj_moment moment = {
        wj_now(),   0,          thread->number, thread->number + 1,
        WJ_GARBAGE, WJ_RUN_GIL, NULL,           type};
    tell(&moment, WJ_GARBAGE, count);
}

static void
report_garbage(int finally)
{
    int64_t now = wj_now();
    if (counting && (finally || now - reported > REPORT)) {
        wj_census_report(tell_garbage, finally);
        reported = now;
    }
}

static void
ended(void)
{
    int64_t elapsed = last.end - last.start;
    if (last.generation == 0 && last.automatic && elapsed < SHORT) {
        add_up(&last);
        if (last.end - sum.start > TOGETHER) {
            write_sum();
        }
    } else {
        record(&last, elapsed, 1);
    }
    if (counting) {
        wj_census_after(last.collected);
        report_garbage(0);
    }
}

static PyObject *
called(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    (void)self;
    if (ring != NULL && count >= 2) {
        int phase = wj_pause_phase(&last, args[0], args[1]);
        if (phase == WJ_PAUSE_ENDS) {
            ended();
        } else if (phase == WJ_PAUSE_BEGINS && counting) {
            wj_census_before(last.generation);
            last.start = wj_now(); /* what we did is not the collector's */
        }
        PyErr_Clear(); /* the program's own business goes on */
    }
    Py_RETURN_NONE;
}

static PyMethodDef method = {"wadjet_collection", (PyCFunction)(void (*)(void))called,
                             METH_FASTCALL, "Record a run of the collector."};

static void
withdraw(void)
{
    PyObject *list = wj_gc_callbacks(PyInterpreterState_Get());
    if (callback == NULL) {
        return;
    }
    for (Py_ssize_t i = list == NULL ? 0 : PyList_GET_SIZE(list); i-- > 0;) {
        if (PyList_GET_ITEM(list, i) == callback) {
            PyList_SetSlice(list, i, i + 1, NULL);
        }
    }
    PyErr_Clear();
    Py_CLEAR(callback);
}

int
wj_collections_watch(struct wj_ring *into, int census)
{
    PyObject *list = wj_gc_callbacks(PyInterpreterState_Get());
    if (scratch == NULL && (scratch = calloc(1, sizeof *scratch)) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    withdraw(); /* what a parent left behind */
    callback = PyCFunction_New(&method, NULL);
    if (callback == NULL || list == NULL || PyList_Append(list, callback) != 0) {
        Py_CLEAR(callback);
        return -1;
    }
    if (census && (wj_census_open() != 0 || wj_sites_watch() != 0)) {
        withdraw();
        return -1;
    }
    memset(&last, 0, sizeof last);
    runs = lost = 0;
    counting = census;
    reported = wj_now();
    ring = into;
    return 0;
}

void
wj_collections_leave(void)
{
    char text[120];
    if (ring == NULL) {
        return;
    }
    write_sum();
    report_garbage(1);
    wj_sites_leave();
    if (lost > 0) {
        snprintf(text, sizeof text,
                 "%lld collections in threads that had just begun were not recorded",
                 (long long)lost);
        wj_note_text(ring, text);
    }
    ring = NULL;
    withdraw();
}

void
wj_collections_forked(void)
{
    ring = NULL; /* the callback stays: whoever forked need not have the GIL */
}
