/* `_startup`: the border between the tracer and Python. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tracer.h"

static const char *const functions[PLACE_KINDS] = {
    [PLACE_MAIN] = "Py_BytesMain",
    [PLACE_RUN] = "Py_RunMain",
    [PLACE_FINALIZE] = "Py_FinalizeEx",
    [PLACE_CALL] = "PyObject_CallMethodObjArgs",
};

/* Find out in which file each function is, and where: as in the process that we are. */
static void
find_places(struct place places[PLACE_KINDS], char *paths[PLACE_KINDS])
{
    for (int i = 0; i < PLACE_KINDS; i++) {
        void *function = dlsym(RTLD_DEFAULT, functions[i]);
        Dl_info info;
        if (function == NULL || !dladdr(function, &info)) {
            continue;
        }
        paths[i] = realpath(
            info.dli_fname[0] == '/' ? info.dli_fname : "/proc/self/exe", NULL);
        places[i].path = paths[i];
        places[i].offset = (uint64_t)((char *)function - (char *)info.dli_fbase);
    }
}

/* Return a list of bytes objects as C has them. Owned, its strings Borrowed; NULL with
 * an exception set. */
static char **
strings_of(PyObject *list)
{
    Py_ssize_t count = PyList_Size(list);
    char **strings =
        count < 0 ? NULL : PyMem_Calloc((size_t)count + 1, sizeof *strings);
    if (strings == NULL) {
        return count < 0 ? NULL : (char **)PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        strings[i] = PyBytes_AsString(PyList_GET_ITEM(list, i));
        if (strings[i] == NULL) {
            PyMem_Free(strings);
            return NULL;
        }
    }
    return strings;
}

static PyObject *
startup_trace(PyObject *module, PyObject *args)
{
    PyObject *words, *variables, *made = NULL;
    char **argv = NULL, **environment = NULL, *paths[PLACE_KINDS] = {NULL};
    struct place places[PLACE_KINDS] = {{NULL, 0}};
    struct tracing tracing = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &words, &PyList_Type,
                          &variables)) {
        return NULL;
    }
    argv = strings_of(words);
    environment = argv ? strings_of(variables) : NULL;
    if (environment == NULL) {
        goto done;
    }
    find_places(places, paths);
    Py_BEGIN_ALLOW_THREADS
    wj_trace(&tracing, argv, environment, places);
    Py_END_ALLOW_THREADS
    if (tracing.failed) {
        errno = tracing.failed;
        PyErr_SetFromErrno(PyExc_OSError);
        goto done;
    }
    made = Py_BuildValue("iy#", tracing.status, tracing.data, (Py_ssize_t)tracing.used);
done:
    for (int i = 0; i < PLACE_KINDS; i++) {
        free(paths[i]);
    }
    free(tracing.data);
    PyMem_Free(argv);
    PyMem_Free(environment);
    return made;
}

PyDoc_STRVAR(trace_doc,
             "trace(argv, environment, /)\n--\n\n"
             "Run a program to its end, and return its status and its events.");

static PyMethodDef methods[] = {
    {"trace", startup_trace, METH_VARARGS, trace_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_startup",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__startup(void);

PyMODINIT_FUNC
PyInit__startup(void)
{
    return PyModuleDef_Init(&definition);
}
