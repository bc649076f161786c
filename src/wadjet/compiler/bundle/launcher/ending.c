/* ending.c: the end of the program, without taking the interpreter apart where nobody
 * could tell the difference.
 *
 * Threads are waited for, exit functions called and streams flushed in any case. What
 * is left of Py_FinalizeEx frees memory that the kernel frees anyway; it is to be
 * noticed only by way of finalizers: of objects, of weak references, of types and
 * modules that are not Python's own. All objects that the collector knows are looked
 * at, and where one of them could notice, or anything is out of the ordinary,
 * Py_FinalizeEx is called.
 */
#include <stdlib.h>
#include <string.h>

#include "launcher.h"

#include "recorded.h"

extern const char __executable_start, end; /* set by the linker */

static bool
is_ours(const void *address)
{
    return (const char *)address >= &__executable_start && (const char *)address < &end;
}

/* Call a function of a module if that has been imported, as the interpreter does at its
 * end. */
static void
call_if_there(const char *module, const char *function)
{
    PyObject *found =
        PyDict_GetItemString(PyImport_GetModuleDict(), module); /* Borrowed */
    PyObject *done = found ? PyObject_CallMethod(found, function, NULL) : NULL;
    if (!done && PyErr_Occurred()) {
        PyErr_WriteUnraisable(found);
    }
    Py_XDECREF(done);
}

static bool
is_below_stdlib(PyObject *path)
{
    const char *text = path && PyUnicode_Check(path) ? PyUnicode_AsUTF8(path) : NULL;
    PyErr_Clear();
    return text
           && (strncmp(text, "<frozen ", 8) == 0
               || (strncmp(text, STDLIB "/", sizeof STDLIB) == 0
                   && !strstr(text, "/site-packages/")
                   && !strstr(text, "/dist-packages/")));
}

/* A function of the standard library, as those that take dead entries out of weak
 * tables. */
static bool
is_known_callback(PyObject *callback)
{
    if (PyCFunction_Check(callback)) {
        return is_ours((const void *)PyCFunction_GET_FUNCTION(callback));
    }
    if (!PyFunction_Check(callback)) {
        return false;
    }
    PyObject *code = PyFunction_GET_CODE(callback); /* Borrowed */
    PyObject *file = PyObject_GetAttrString(code, "co_filename");
    bool known = is_below_stdlib(file);
    Py_XDECREF(file);
    return known;
}

static bool
is_known_module(PyObject *module)
{
    PyModuleDef *definition = PyModule_GetDef(module);
    if (!definition || is_ours(definition)) {
        PyErr_Clear();
        return true;
    }
    PyObject *names = PyModule_GetDict(module); /* Borrowed */
    return is_below_stdlib(PyDict_GetItemString(names, "__file__"));
}

static bool
is_kind_of(PyTypeObject *type, PyTypeObject *kind)
{
    return type == kind
           || (type->tp_base != &PyBaseObject_Type && PyType_IsSubtype(type, kind));
}

static bool
may_notice(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_finalize || type->tp_del || !is_ours((const void *)type->tp_dealloc)) {
        return true;
    }
    if (is_kind_of(type, &_PyWeakref_RefType)) {
        PyObject *callback = ((PyWeakReference *)object)->wr_callback;
        return callback && !is_known_callback(callback);
    }
    return is_kind_of(type, &PyModule_Type) && !is_known_module(object);
}

#define STREAM_PARTS 9

/* Collect the layers of the standard streams: they are flushed. All Borrowed. */
static void
standard_streams(PyObject *parts[STREAM_PARTS])
{
    static const char *const names[] = {"__stdin__", "__stdout__", "__stderr__"};
    for (int i = 0; i < 3; i++) {
        PyObject *stream = PySys_GetObject(names[i]);
        for (int layer = 0; layer < 3; layer++) {
            parts[3 * i + layer] = stream;
            PyObject *below = NULL;
            if (stream && layer < 2) {
                below = PyObject_GetAttrString(stream, layer ? "raw" : "buffer");
                PyErr_Clear();
                Py_XDECREF(below);
            }
            stream = below;
        }
    }
}

static bool
is_one_of(PyObject *object, PyObject *parts[STREAM_PARTS])
{
    for (int i = 0; i < STREAM_PARTS; i++) {
        if (parts[i] == object) {
            return true;
        }
    }
    return false;
}

static bool
none_may_notice(PyObject *objects)
{
    PyObject *streams[STREAM_PARTS];
    standard_streams(streams);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(objects); i++) {
        PyObject *object = PyList_GET_ITEM(objects, i); /* Borrowed */
        if (may_notice(object) && !is_one_of(object, streams)) {
            return false;
        }
    }
    return true;
}

static bool
is_empty(PyObject *collector, const char *name)
{
    PyObject *list = PyObject_GetAttrString(collector, name);
    bool empty = list && PyList_Check(list) && PyList_GET_SIZE(list) == 0;
    Py_XDECREF(list);
    return empty;
}

static bool
is_undisturbed(PyObject *collector)
{
    PyObject *debug = PyObject_CallMethod(collector, "get_debug", NULL);
    bool quiet = debug && PyLong_AsLong(debug) == 0;
    Py_XDECREF(debug);
    return quiet && is_empty(collector, "callbacks") && is_empty(collector, "garbage");
}

/* Is there but one thread, in one interpreter, that nobody asked to say more at its
 * end? */
static bool
is_ordinary(void)
{
    static const char *const asking[] = {"PYTHONMALLOCSTATS", "PYTHONTRACEMALLOC",
                                         "PYTHONVERBOSE", "PYTHONDEVMODE",
                                         "PYTHONMALLOC"};
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
        if (getenv(asking[i])) {
            return false;
        }
    }
    PyObject *options = PySys_GetXOptions(); /* Borrowed */
    PyInterpreterState *interpreter = PyInterpreterState_Head();
    return options && PyDict_GET_SIZE(options) == 0
           && !PyInterpreterState_Next(interpreter)
           && !PyThreadState_Next(PyInterpreterState_ThreadHead(interpreter));
}

static bool
nobody_may_notice(void)
{
    if (!is_ordinary()) {
        return false;
    }
    PyObject *collector = wadjet_collector(); /* Borrowed */
    PyObject *objects = collector && is_undisturbed(collector)
                            ? PyObject_CallMethod(collector, "get_objects", NULL)
                            : NULL;
    bool nobody = objects && none_may_notice(objects);
    Py_XDECREF(objects);
    PyErr_Clear();
    return nobody;
}

static bool
is_flushed(const char *name)
{
    PyObject *stream = PySys_GetObject(name); /* Borrowed */
    PyObject *done = stream ? PyObject_CallMethod(stream, "flush", NULL) : NULL;
    Py_XDECREF(done);
    PyErr_Clear();
    return done;
}

void
wadjet_flush(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    is_flushed("stderr");
    is_flushed("stdout");
    PyErr_Restore(type, value, traceback);
}

int
wadjet_end(void)
{
    call_if_there("threading", "_shutdown");
    call_if_there("atexit", "_run_exitfuncs");
    if (nobody_may_notice() && is_flushed("stdout") && is_flushed("stderr")) {
        return 0;
    }
    return Py_FinalizeEx();
}
