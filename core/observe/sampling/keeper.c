/* What recording needs the GIL for. May call Python; must be brief. */
#include "keeper.h"

#include "codes.h"
#include "notes.h"

static uint64_t
hash_of(const char *text, Py_ssize_t size)
{
    uint64_t hash = 0xCBF29CE484222325ull;
    for (Py_ssize_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3ull;
    }
    return hash | 1;
}

/* Tell the name of a ``threading.Thread``, if it was not told yet. 0, or -1 with an
   exception set. */
static int
tell_name(struct wj_ring *ring, PyObject *handle, PyObject *started)
{
    unsigned long value = PyLong_AsUnsignedLong(handle);
    if (value == (unsigned long)-1 && PyErr_Occurred()) {
        return -1;
    }
    struct wj_thread *thread = wj_thread_find((pthread_t)value);
    if (thread == NULL || !thread->live) {
        return 0;
    }
    PyObject *name = PyObject_GetAttrString(started, "_name");
    if (name == NULL) {
        return -1;
    }
    Py_ssize_t size = 0;
    const char *text =
        PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &size) : NULL;
    if (text != NULL && hash_of(text, size) != thread->name_hash) {
        thread->name_hash = hash_of(text, size);
        wj_note_thread(ring, WJ_THREAD, thread, thread->found, 0, text, (size_t)size);
    }
    Py_DECREF(name);
    return PyErr_Occurred() ? -1 : 0;
}

static int
tell_names(struct wj_ring *ring)
{
    int result = -1;
    PyObject *active = NULL, *items = NULL;
    PyObject *threading = PyDict_GetItemString(PyImport_GetModuleDict(), "threading");
    if (threading == NULL) {
        return 0; /* not imported: there is the main thread only, or nameless ones */
    }
    active = PyObject_GetAttrString(threading, "_active");
    if (active == NULL || !PyDict_Check(active)) {
        goto done;
    }
    items = PyDict_Items(active);
    if (items == NULL) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items); i++) {
        PyObject *item = PyList_GET_ITEM(items, i);
        if (tell_name(ring, PyTuple_GET_ITEM(item, 0), PyTuple_GET_ITEM(item, 1))
            != 0) {
            goto done;
        }
    }
    result = 0;
done:
    Py_XDECREF(items);
    Py_XDECREF(active);
    return result;
}

void
wj_keeper_serve(struct wj_ring *ring, int native)
{
    wj_codes_serve(ring);
    if (tell_names(ring) != 0) {
        PyErr_Clear();
    }
    if (native) {
        wj_note_libraries(ring, 0);
    }
}
