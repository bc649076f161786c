/* One run of the garbage collector.
 *
 * The callback runs twice a collection, and there may be ten thousand in a second: it
 * allocates nothing, and counts objects only where they are few or a counter has them.
 */
#include "pause.h"

#include "clock.h"

/* The value of a key in the callback's dict, ``missing`` where it is not there; -1 with
   an exception set. Keys are few, and comparing them makes no object. */
static int64_t
number(PyObject *info, const char *key, int64_t missing)
{
    PyObject *name, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(info, &at, &name, &value)) {
        if (PyUnicode_CompareWithASCIIString(name, key) == 0) {
            return PyLong_AsLongLong(value);
        }
    }
    return missing;
}

static int64_t
length(const PyGC_Head *list)
{
    int64_t count = 0;
    for (const PyGC_Head *each = wj_gc_next(list); each != list;
         each = wj_gc_next(each)) {
        count++;
    }
    return count;
}

/* How many objects a run will examine; -1 where only its end will tell. */
static int64_t
candidates(PyInterpreterState *interpreter, int generation)
{
    if (wj_gc_is_incremental() || generation < 0 || generation > 1) {
        return -1;
    }
    int64_t young = wj_gc_generation(interpreter, 0)->count;
    return generation == 0 ? young
                           : young + length(&wj_gc_generation(interpreter, 1)->head);
}

static int
is_over(PyInterpreterState *interpreter, int generation)
{
    const struct gc_generation *counted = wj_gc_generation(interpreter, generation);
    return counted->threshold > 0 && counted->count > counted->threshold;
}

/* As the interpreter decides: the youngest generation asks for a collection, and an
   older one joins it when it is due, the oldest one not before it has grown by a
   quarter. */
static int
is_automatic(PyInterpreterState *interpreter, int generation)
{
    if (!wj_gc_is_enabled(interpreter) || !is_over(interpreter, 0)) {
        return 0;
    }
    if (generation == 0 || wj_gc_is_incremental()) {
        return 1;
    }
    return is_over(interpreter, generation)
           && (generation < 2
               || *wj_gc_pending(interpreter) >= *wj_gc_long_lived(interpreter) / 4);
}

static void
begin(struct wj_pause *pause, int generation)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    pause->start = wj_now();
    pause->generation = generation < 0 || generation > 2 ? 2 : generation;
    pause->automatic = is_automatic(interpreter, pause->generation);
    pause->examined = candidates(interpreter, pause->generation);
}

/* After a full collection the interpreter has counted what is left. */
static void
count_survivors(struct wj_pause *pause)
{
    if (pause->generation == 2 && !wj_gc_is_incremental()) {
        pause->examined = *wj_gc_long_lived(PyInterpreterState_Get()) + pause->collected
                          + pause->uncollectable;
    }
}

enum wj_pause_phase
wj_pause_phase(struct wj_pause *pause, PyObject *phase, PyObject *info)
{
    if (!PyUnicode_Check(phase) || !PyDict_Check(info)) {
        return WJ_PAUSE_NONE;
    }
    if (PyUnicode_CompareWithASCIIString(phase, "start") == 0) {
        begin(pause, (int)number(info, "generation", 2));
        return PyErr_Occurred() ? WJ_PAUSE_NONE : WJ_PAUSE_BEGINS;
    }
    if (pause->start == 0) {
        return WJ_PAUSE_NONE; /* it began before we listened */
    }
    pause->end = wj_now();
    pause->collected = number(info, "collected", 0);
    pause->uncollectable = number(info, "uncollectable", 0);
    count_survivors(pause);
    pause->examined = number(info, "candidates", pause->examined);
    return PyErr_Occurred() ? WJ_PAUSE_NONE : WJ_PAUSE_ENDS;
}
