/* wadjet.observe.collector._collector: the border to Python. */
#include "compat.h"

#include <errno.h>

#include "snapshot.h"

#define KEEP "wadjet.collector.keep"

/* ---- counters ------------------------------------------------------------------- */

PyDoc_STRVAR(heap_doc,
"heap() -> tuple[int, int, int, int]\n--\n\n"
"Objects that the collector knows, about: of the youngest generation, of the middle one,\n"
"of the oldest one after its last collection, and those that have come to it since.");

static PyObject *
heap(PyObject *module, PyObject *unused)
{
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    (void)module;
    (void)unused;
    Py_ssize_t middle = 0;
    if (!wj_gc_is_collecting(interpreter) && !wj_gc_is_incremental()) {
        const PyGC_Head *list = &wj_gc_generation(interpreter, 1)->head;
        for (const PyGC_Head *each = wj_gc_next(list); each != list;
             each = wj_gc_next(each)) {
            middle++;
        }
    }
    return Py_BuildValue("innn", wj_gc_generation(interpreter, 0)->count, middle,
                         *wj_gc_long_lived(interpreter), *wj_gc_pending(interpreter));
}

PyDoc_STRVAR(settle_doc,
"settle(total, pending) -> None\n--\n\n"
"Tell the interpreter how many objects the oldest generation had after its last\n"
"collection and how many have come since: by these it decides on the next one.");

static PyObject *
settle(PyObject *module, PyObject *args)
{
    Py_ssize_t total, pending;
    (void)module;
    if (!PyArg_ParseTuple(args, "nn:settle", &total, &pending)) {
        return NULL;
    }
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    *wj_gc_long_lived(interpreter) = total < 0 ? 0 : total;
    *wj_gc_pending(interpreter) = pending < 0 ? 0 : pending;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(is_incremental_doc,
"is_incremental() -> bool\n--\n\n"
"True on CPython 3.14.0 to 3.14.4, whose collector keeps its objects in another way.");

static PyObject *
is_incremental(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyBool_FromLong(wj_gc_is_incremental());
}

/* ---- Snapshot ------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    struct wj_snapshot snapshot;
} Snapshot;

/* Set an exception where no snapshot can be taken or used now. 0, or -1. */
static int
check_at_rest(void)
{
    if (wj_gc_is_incremental()) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "the collector of CPython 3.14.0 to 3.14.4");
        return -1;
    }
    if (wj_gc_is_collecting(PyInterpreterState_Get())) {
        PyErr_SetString(PyExc_RuntimeError, "a collection is under way");
        return -1;
    }
    return 0;
}

static PyObject *
snapshot_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"room", "keep", NULL};
    unsigned long long room;
    PyObject *capsule = Py_None;
    wj_keeper_function keep = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "K|O:Snapshot", names, &room,
                                     &capsule)) {
        return NULL;
    }
    if (capsule != Py_None) {
        keep = (wj_keeper_function)PyCapsule_GetPointer(capsule, KEEP);
        if (keep == NULL) {
            return NULL;
        }
    }
    Snapshot *self = check_at_rest() == 0 ? (Snapshot *)type->tp_alloc(type, 0) : NULL;
    if (self == NULL) {
        return NULL;
    }
    errno = wj_snapshot_take(&self->snapshot, keep, room);
    if (errno != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static void
snapshot_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (((Snapshot *)self)->snapshot.verdict != NULL) {
        wj_snapshot_close(&((Snapshot *)self)->snapshot);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

/* Borrowed: the snapshot, NULL with an exception where it is closed. */
static struct wj_snapshot *
opened(PyObject *self)
{
    struct wj_snapshot *snapshot = &((Snapshot *)self)->snapshot;
    if (snapshot->verdict == NULL) {
        PyErr_SetString(PyExc_ValueError, "the snapshot is closed");
        return NULL;
    }
    return snapshot;
}

PyDoc_STRVAR(snapshot_wait_doc,
"wait(seconds) -> bool\n--\n\nWait for the child, others running; True when it has ended.");

static PyObject *
snapshot_wait(PyObject *self, PyObject *argument)
{
    struct wj_snapshot *snapshot = opened(self);
    double seconds = PyFloat_AsDouble(argument);
    int ended;
    if (snapshot == NULL || (seconds == -1.0 && PyErr_Occurred())) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    ended = wj_snapshot_wait(snapshot, (int)(seconds * 1000));
    Py_END_ALLOW_THREADS
    return PyBool_FromLong(ended);
}

PyDoc_STRVAR(snapshot_renew_doc,
"renew(limit) -> int\n--\n\n"
"Move about ``limit`` objects of garbage to the youngest generation, for the next\n"
"gc.collect(1); returns how many were looked at, 0 at the end. Raises RuntimeError\n"
"while a collection is under way.");

static PyObject *
snapshot_renew(PyObject *self, PyObject *argument)
{
    struct wj_snapshot *snapshot = opened(self);
    unsigned long long limit = PyLong_AsUnsignedLongLong(argument);
    if (snapshot == NULL || PyErr_Occurred() || check_at_rest() != 0) {
        return NULL;
    }
    return PyLong_FromUnsignedLongLong(wj_snapshot_renew(snapshot, limit));
}

PyDoc_STRVAR(snapshot_facts_doc,
"facts() -> dict[str, int]\n--\n\n"
"``marked`` (1 if the child did its work), what it counted (``tracked``, ``old``,\n"
"``garbage``, ``found``), ``same`` (garbage that was moved), ``paused`` and ``elapsed`` ns.");

static PyObject *
snapshot_facts(PyObject *self, PyObject *unused)
{
    const struct wj_snapshot *snapshot = opened(self);
    (void)unused;
    if (snapshot == NULL) {
        return NULL;
    }
    const struct wj_verdict *verdict = snapshot->verdict;
    return Py_BuildValue(
        "{s:i,s:K,s:K,s:K,s:K,s:K,s:L,s:K}", "marked", verdict->state == WJ_MARKED,
        "tracked", (unsigned long long)verdict->tracked, "old",
        (unsigned long long)verdict->old, "garbage",
        (unsigned long long)verdict->garbage, "found",
        (unsigned long long)verdict->found, "same", (unsigned long long)snapshot->same,
        "paused", (long long)snapshot->paused, "elapsed",
        (unsigned long long)verdict->elapsed);
}

PyDoc_STRVAR(snapshot_close_doc, "close() -> None\n--\n\nEnd the child, let go of all.");

static PyObject *
snapshot_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    wj_snapshot_close(&((Snapshot *)self)->snapshot);
    Py_RETURN_NONE;
}

static PyMethodDef snapshot_methods[] = {
    {"wait", snapshot_wait, METH_O, snapshot_wait_doc},
    {"renew", snapshot_renew, METH_O, snapshot_renew_doc},
    {"facts", snapshot_facts, METH_NOARGS, snapshot_facts_doc},
    {"close", snapshot_close, METH_NOARGS, snapshot_close_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot snapshot_slots[] = {
    {Py_tp_doc,
     "Snapshot(room, keep=None)\n--\n\n"
     "The heap as it is now, in a forked child that finds the cyclic garbage in it.\n\n"
     "``room`` is how many objects it may tell of; ``keep`` is a capsule named\n"
     "\"wadjet.collector.keep\" of a C function int(visitproc visit, void *arg) that visits\n"
     "what is not to be taken for garbage. Raises OSError where the system refuses,\n"
     "RuntimeError during a collection, NotImplementedError on CPython 3.14.0 to .4."},
    {Py_tp_new, snapshot_new},
    {Py_tp_dealloc, snapshot_dealloc},
    {Py_tp_methods, snapshot_methods},
    {0, NULL},
};

static PyType_Spec snapshot_spec = {
    .name = "wadjet.observe.collector._collector.Snapshot",
    .basicsize = sizeof(Snapshot),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = snapshot_slots,
};

/* ---- the module ----------------------------------------------------------------- */

static int
execute(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &snapshot_spec, NULL);
    int result = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return result;
}

static PyMethodDef methods[] = {
    {"heap", heap, METH_NOARGS, heap_doc},
    {"settle", settle, METH_VARARGS, settle_doc},
    {"is_incremental", is_incremental, METH_NOARGS, is_incremental_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_collector",
    .m_doc = "The collector's lists, and a snapshot in which a child finds garbage.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__collector(void);

PyMODINIT_FUNC
PyInit__collector(void)
{
    return PyModuleDef_Init(&definition);
}
