/* The end of the program: a last look at what nobody has. */
#include "state.h"

static PyObject *
containers(void)
{
    PyObject *gc = PyImport_ImportModule("gc"), *list = NULL;
    for (int turn = 0; gc != NULL && turn < 2; turn++) {
        Py_XDECREF(PyObject_CallMethod(gc, "collect", NULL));
    }
    if (gc != NULL) {
        list = PyObject_CallMethod(gc, "get_objects", NULL);
        Py_DECREF(gc);
    }
    return list;
}

static PyObject *
at_exit(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    PyObject *key, *row, *list = wj_floating() > 0 ? containers() : PyList_New(0);
    PyObject *found = list == NULL ? NULL : wj_settle(list);
    Py_ssize_t at = 0;
    while (found != NULL && PyDict_Next(found, &at, &key, &row)) {
        struct wj_lost lost = {.site = (unsigned)PyLong_AsUnsignedLong(key)};
        if (wj_lost_from(row, &lost)) {
            wj_report_leak(&lost, 0);
        }
    }
    Py_XDECREF(list);
    Py_XDECREF(found);
    PyErr_Clear(); /* nobody is left to hear of it */
    return Py_NewRef(Py_None);
}

static PyMethodDef method = {"settle", at_exit, METH_NOARGS, NULL};

void
wj_settle_at_exit(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *function = PyCFunction_New(&method, NULL);
    PyObject *module = PyImport_ImportModule("atexit");
    if (module != NULL && function != NULL) {
        Py_XDECREF(PyObject_CallMethod(module, "register", "O", function));
    }
    Py_XDECREF(module);
    Py_XDECREF(function);
    PyErr_Restore(type, value, traceback);
}
