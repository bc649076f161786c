/* The names of threads, as ``threading`` has them.
 *
 * A thread enters itself in ``threading._active`` as it begins and leaves it as it
 * ends, and may be gone before anybody else gets the GIL. So that dict is replaced by
 * one that tells of what enters it. The entry may come before the sampler has found the
 * thread: the record goes by the kernel's id, and the reader puts the two together.
 */
#define _GNU_SOURCE
#include "names.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "notes.h"

static struct wj_ring *watching; /* Borrowed, NULL while nobody wants to know */

static uint64_t
hash_of(const char *text, Py_ssize_t size)
{
    uint64_t hash = 0xCBF29CE484222325ull;
    for (Py_ssize_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3ull;
    }
    return hash | 1;
}

/* The name of a ``threading.Thread``: a new reference, and its text, which lives as
   long as that. NULL with an exception set, or without one where it is no text. */
static PyObject *
name_of(PyObject *started, const char **text, Py_ssize_t *size)
{
    PyObject *name = PyObject_GetAttrString(started, "_name");
    if (name != NULL) {
        *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, size) : NULL;
        if (*text == NULL) {
            Py_CLEAR(name);
        }
    }
    return name;
}

static PyObject *
threading_global(const char *name)
{
    PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
    /* not imported: there is the main thread only, or nameless ones */
    return threading == NULL ? NULL : PyObject_GetAttrString(threading, name);
}

/* ---- as they begin -------------------------------------------------------------- */

static int
enter(PyObject *self, PyObject *handle, PyObject *started)
{
    const char *text;
    Py_ssize_t size;
    /* What goes wrong in telling is ours alone: to the program this is a dict. */
    PyObject *name =
        watching == NULL || started == NULL ? NULL : name_of(started, &text, &size);
    if (name != NULL) {
        wj_note_name(watching, (pid_t)syscall(SYS_gettid), text, (size_t)size);
        Py_DECREF(name);
    }
    PyErr_Clear();
    return started == NULL ? PyDict_DelItem(self, handle)
                           : PyDict_SetItem(self, handle, started);
}

static PyType_Slot slots[] = {{Py_mp_ass_subscript, enter}, {0, NULL}};
static PyType_Spec spec = {
    .name = "wadjet.observe.sampling.ActiveThreads",
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};
static PyObject *type; /* Owned, for the life of the process */

/* Replace the dict, whose lock is held. 0, or -1 with an exception set. */
static int
replace_active(PyObject *active)
{
    if (type == NULL
        && (type = PyType_FromSpecWithBases(&spec, (PyObject *)&PyDict_Type)) == NULL) {
        return -1;
    }
    PyObject *watched = PyObject_CallOneArg(type, active);
    PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
    int result =
        watched == NULL ? -1 : PyObject_SetAttrString(threading, "_active", watched);
    Py_XDECREF(watched);
    return result;
}

void
wj_names_leave(void)
{
    watching = NULL;
}

void
wj_names_watch(struct wj_ring *ring)
{
    watching = ring;
    PyObject *active = threading_global("_active");
    if (active != NULL && PyDict_CheckExact(active)) {
        /* Whoever holds the lock may be about to use the dict that is there: if it is
           not free now, the next thread that starts finds it so. */
        PyObject *lock = threading_global("_active_limbo_lock");
        PyObject *got =
            lock == NULL ? NULL : PyObject_CallMethod(lock, "acquire", "O", Py_False);
        if (got == Py_True) {
            if (replace_active(active) != 0) {
                PyErr_Clear();
            }
            Py_XDECREF(PyObject_CallMethod(lock, "release", NULL));
        }
        Py_XDECREF(got);
        Py_XDECREF(lock);
    }
    Py_XDECREF(active);
    PyErr_Clear();
}

/* ---- all there are -------------------------------------------------------------- */

/* A thread that has gone may have left its handle to the next one, before the sampler
   has looked again. */
static int
is_there(const struct wj_thread *thread)
{
    return thread->live && syscall(SYS_tgkill, getpid(), thread->tid, 0) == 0;
}

/* 0, or -1 with an exception set. */
static int
tell_name(struct wj_ring *ring, PyObject *handle, PyObject *started)
{
    unsigned long value = PyLong_AsUnsignedLong(handle);
    if (value == (unsigned long)-1 && PyErr_Occurred()) {
        return -1;
    }
    struct wj_thread *thread = wj_thread_find((pthread_t)value);
    if (thread == NULL || !is_there(thread)) {
        return 0;
    }
    const char *text;
    Py_ssize_t size;
    PyObject *name = name_of(started, &text, &size);
    if (name != NULL && hash_of(text, size) != thread->name_hash) {
        thread->name_hash = hash_of(text, size);
        wj_note_thread(ring, WJ_THREAD, thread, thread->found, 0, text, (size_t)size);
    }
    Py_XDECREF(name);
    return PyErr_Occurred() ? -1 : 0;
}

void
wj_names_serve(struct wj_ring *ring)
{
    PyObject *active = threading_global("_active");
    PyObject *items =
        active != NULL && PyDict_Check(active) ? PyDict_Items(active) : NULL;
    for (Py_ssize_t i = 0; items != NULL && i < PyList_GET_SIZE(items); i++) {
        PyObject *item = PyList_GET_ITEM(items, i);
        if (tell_name(ring, PyTuple_GET_ITEM(item, 0), PyTuple_GET_ITEM(item, 1))
            != 0) {
            break;
        }
    }
    Py_XDECREF(items);
    Py_XDECREF(active);
    PyErr_Clear();
}
