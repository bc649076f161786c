/* The moment before a thread is started.
 *
 * The interpreter announces it to audit hooks, since 3.12. Before, the function that
 * starts threads is replaced by one that says so and calls it.
 */
#include "births.h"

#include <string.h>

static void (*to_announce)(void);

#if WJ_THREADS_ANNOUNCED

static int
announced(const char *event, PyObject *args, void *unused)
{
    (void)args;
    (void)unused;
    if (strcmp(event, "_thread.start_new_thread") == 0
        || strcmp(event, "_thread.start_joinable_thread") == 0) {
        to_announce();
    }
    return 0;
}

int
wj_births_watch(void (*announce)(void))
{
    to_announce = announce;
    return PySys_AddAuditHook(announced, NULL);
}

#else

static PyObject *original; /* Owned, for the life of the process */
static PyMethodDef replacement = {"start_new_thread", NULL, METH_VARARGS, NULL};

static PyObject *
start_new_thread(PyObject *self, PyObject *args)
{
    (void)self;
    to_announce();
    return PyObject_CallObject(original, args);
}

/* Under its name, with its text, wherever it has been put. 0, or -1. */
static int
replace(PyObject *function)
{
    static const char *const places[][2] = {
        {"_thread", "start_new_thread"},
        {"_thread", "start_new"},
        {"threading", "_start_new_thread"},
    };
    int result = 0;
    for (size_t i = 0; result == 0 && i < sizeof places / sizeof places[0]; i++) {
        PyObject *module = PyDict_GetItemString(PyImport_GetModuleDict(), places[i][0]);
        PyObject *there =
            module == NULL ? NULL : PyObject_GetAttrString(module, places[i][1]);
        if (there == original) {
            result = PyObject_SetAttrString(module, places[i][1], function);
        }
        Py_XDECREF(there);
    }
    return result;
}

int
wj_births_watch(void (*announce)(void))
{
    to_announce = announce;
    PyObject *module = PyImport_ImportModule("_thread");
    original =
        module == NULL ? NULL : PyObject_GetAttrString(module, "start_new_thread");
    PyObject *name = module == NULL ? NULL : PyModule_GetNameObject(module);
    PyObject *function = NULL;
    if (original != NULL && name != NULL && PyCFunction_Check(original)) {
        replacement.ml_doc = ((PyCFunctionObject *)original)->m_ml->ml_doc;
        replacement.ml_meth = start_new_thread;
        function = PyCFunction_NewEx(&replacement, NULL, name);
    }
    int result = function == NULL ? 0 : replace(function);
    Py_XDECREF(function);
    Py_XDECREF(name);
    Py_XDECREF(module);
    return PyErr_Occurred() ? -1 : result;
}

#endif
