/* Functions that read their arguments in every way that is usual;
 * tests/native/signatures says what each takes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

static PyObject *
none(PyObject *self, PyObject *unused)
{
    Py_RETURN_NONE;
}

static PyObject *
one(PyObject *self, PyObject *value)
{
    return PyObject_Repr(value);
}

static PyObject *
format(PyObject *self, PyObject *args)
{
    const char *text;
    int times = 1;
    double scale = 1.0;
    if (!PyArg_ParseTuple(args, "s|id:format", &text, &times, &scale)) {
        return NULL;
    }
    return PyLong_FromLong((long)strlen(text) * times);
}

static PyObject *
keywords(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "mode", "strict", NULL};
    PyObject *path, *mode = NULL;
    int strict = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O$p:keywords", names, &path,
                                     &mode, &strict)) {
        return NULL;
    }
    return Py_NewRef(path);
}

static PyObject *
local_names(PyObject *self, PyObject *args, PyObject *kwargs)
{
    char *names[] = {"first", "second", NULL};
    PyObject *first, *second = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O", names, &first, &second)) {
        return NULL;
    }
    return Py_NewRef(first);
}

static PyObject *
reserved(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"dsn", "async", NULL};
    PyObject *dsn;
    int later = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p", names, &dsn, &later)) {
        return NULL;
    }
    return Py_NewRef(dsn);
}

static PyObject *
unpack(PyObject *self, PyObject *args)
{
    PyObject *first, *second = NULL;
    if (!PyArg_UnpackTuple(args, "unpack", 1, 2, &first, &second)) {
        return NULL;
    }
    return Py_NewRef(first);
}

static PyObject *
overloaded(PyObject *self, PyObject *args)
{
    int a = 0, b = 0, c = 0;
    switch (PyTuple_Size(args)) {
    case 1:
        if (!PyArg_ParseTuple(args, "i", &c)) {
            return NULL;
        }
        break;
    case 3:
        if (!PyArg_ParseTuple(args, "iii", &a, &b, &c)) {
            return NULL;
        }
        break;
    default:
        PyErr_SetString(PyExc_TypeError, "one or three");
        return NULL;
    }
    return PyLong_FromLong(a + b + c);
}

static PyObject *
again(PyObject *self, PyObject *args)
{
    int number = 0;
    PyObject *object = NULL, *other = NULL;
    if (!PyArg_ParseTuple(args, "i", &number)) {
        PyErr_Clear();
        if (!PyArg_ParseTuple(args, "OO", &object, &other)) {
            return NULL;
        }
    }
    return PyLong_FromLong(number);
}

static PyObject *
one_or_all(PyObject *self, PyObject *args)
{
    PyObject *object = args;
    if (PyTuple_Size(args) <= 1 && !PyArg_ParseTuple(args, "O", &object)) {
        return NULL;
    }
    return PyObject_Repr(object);
}

static PyObject *
by_hand(PyObject *self, PyObject *args)
{
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    if (count < 1 || count > 3) {
        return PyErr_Format(PyExc_TypeError, "takes 1 to 3 arguments, %zd given",
                            count);
    }
    return Py_NewRef(PyTuple_GET_ITEM(args, count - 1));
}

static PyObject *
fast(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "two");
        return NULL;
    }
    return PyNumber_Add(args[0], args[1]);
}

static PyObject *
at_least(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (count < 2) {
        PyErr_SetString(PyExc_TypeError, "two or more");
        return NULL;
    }
    return Py_NewRef(args[count - 1]);
}

static PyObject *
unread(PyObject *self, PyObject *args)
{
    Py_RETURN_NONE;
}

__attribute__((noinline)) static int
helped(PyObject *args, const char **text)
{
    return PyArg_ParseTuple(args, "s:through_help", text) ? 0 : -1;
}

static PyObject *
through_help(PyObject *self, PyObject *args)
{
    const char *text;
    if (helped(args, &text) != 0) {
        return NULL;
    }
    return PyUnicode_FromString(text);
}

/* Looks for its names itself, in what a vectorcall gives; any other is refused. */
static PyObject *
by_name(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    PyObject *data = count > 0 ? args[0] : NULL, *seed = count > 1 ? args[1] : NULL;
    if (count > 2) {
        PyErr_SetString(PyExc_TypeError, "two at most");
        return NULL;
    }
    Py_ssize_t named = names == NULL ? 0 : PyTuple_GET_SIZE(names);
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GET_ITEM(names, i);
        if (PyUnicode_CompareWithASCIIString(name, "data") == 0 && data == NULL) {
            data = args[count + i];
        } else if (PyUnicode_CompareWithASCIIString(name, "seed") == 0
                   && seed == NULL) {
            seed = args[count + i];
        } else {
            return PyErr_Format(PyExc_TypeError, "no or twice %U", name);
        }
    }
    if (data == NULL) {
        PyErr_SetString(PyExc_TypeError, "no data");
        return NULL;
    }
    return Py_BuildValue("OO", data, seed == NULL ? Py_None : seed);
}

/* The same with a dict, where any other name is let through. */
static PyObject *
by_key(PyObject *self, PyObject *args, PyObject *names)
{
    PyObject *depth = NULL;
    if (PyTuple_GET_SIZE(args) != 1) {
        PyErr_SetString(PyExc_TypeError, "one");
        return NULL;
    }
    if (names != NULL) {
        depth = PyDict_GetItemString(names, "depth");
    }
    return Py_BuildValue("OO", PyTuple_GET_ITEM(args, 0), depth ? depth : Py_None);
}

/* Any number by place; what is given by name is parsed apart, as zip() does. */
static PyObject *
options(PyObject *self, PyObject *args, PyObject *names)
{
    static char *keywords[] = {"strict", NULL};
    int strict = 0;
    if (names != NULL) {
        PyObject *nothing = PyTuple_New(0);
        int parsed = nothing != NULL
                     && PyArg_ParseTupleAndKeywords(nothing, names, "|$p:options",
                                                    keywords, &strict);
        Py_XDECREF(nothing);
        if (!parsed) {
            return NULL;
        }
    }
    return Py_BuildValue("Oi", args, strict);
}

static const PyMethodDef functions[] = {
    {"none", none, METH_NOARGS, "Nothing."},
    {"one", one, METH_O, NULL},
    {"format", format, METH_VARARGS, "format(text, times=1, scale=1.0)\n\nRepeat."},
    {"keywords", (PyCFunction)(void (*)(void))keywords, METH_VARARGS | METH_KEYWORDS,
     "Names."},
    {"local_names", (PyCFunction)(void (*)(void))local_names,
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"reserved", (PyCFunction)(void (*)(void))reserved, METH_VARARGS | METH_KEYWORDS,
     NULL},
    {"unpack", unpack, METH_VARARGS, NULL},
    {"overloaded", overloaded, METH_VARARGS, NULL},
    {"again", again, METH_VARARGS, NULL},
    {"one_or_all", one_or_all, METH_VARARGS, NULL},
    {"by_hand", by_hand, METH_VARARGS, NULL},
    {"fast", (PyCFunction)(void (*)(void))fast, METH_FASTCALL, NULL},
    {"at_least", (PyCFunction)(void (*)(void))at_least, METH_FASTCALL, NULL},
    {"unread", unread, METH_VARARGS, NULL},
    {"through_help", through_help, METH_VARARGS, NULL},
    {"by_name", (PyCFunction)(void (*)(void))by_name, METH_FASTCALL | METH_KEYWORDS,
     NULL},
    {"by_key", (PyCFunction)(void (*)(void))by_key, METH_VARARGS | METH_KEYWORDS, NULL},
    {"options", (PyCFunction)(void (*)(void))options, METH_VARARGS | METH_KEYWORDS,
     NULL},
    {"known", one, METH_O, "known($module, value, /)\n--\n\nInspect knows it."},
    {NULL, NULL, 0, NULL},
};

/* ---- types ------------------------------------------------------------------------
 */

typedef struct {
    PyObject_HEAD
    int value;
} Thing;

static int
thing_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"value", NULL};
    return PyArg_ParseTupleAndKeywords(args, kwargs, "i", names,
                                       &((Thing *)self)->value)
               ? 0
               : -1;
}

static PyObject *
thing_add(PyObject *self, PyObject *args)
{
    int more;
    if (!PyArg_ParseTuple(args, "i:add", &more)) {
        return NULL;
    }
    ((Thing *)self)->value += more;
    Py_RETURN_NONE;
}

static PyObject *
thing_make(PyObject *type, PyObject *args)
{
    int value;
    if (!PyArg_ParseTuple(args, "i", &value)) {
        return NULL;
    }
    return PyObject_CallFunction(type, "i", value);
}

static PyObject *
thing_half(PyObject *unused, PyObject *args)
{
    double value;
    return PyArg_ParseTuple(args, "d", &value) ? PyFloat_FromDouble(value / 2) : NULL;
}

static PyMethodDef thing_methods[] = {
    {"add", thing_add, METH_VARARGS, "Add to it."},
    {"make", thing_make, METH_VARARGS | METH_CLASS, NULL},
    {"half", thing_half, METH_VARARGS | METH_STATIC, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject Static = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "takes.Static",
    .tp_basicsize = sizeof(Thing),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "A static type.",
    .tp_methods = thing_methods,
    .tp_init = thing_init,
    .tp_new = PyType_GenericNew,
};

static PyMethodDef heap_methods[] = {
    {"subtract", thing_add, METH_VARARGS, "Subtract from it."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot heap_slots[] = {
    {Py_tp_init, thing_init},
    {Py_tp_methods, heap_methods},
    {Py_tp_doc, "A heap type."},
    {0, NULL},
};

static PyType_Spec heap_spec = {
    .name = "takes.Heap",
    .basicsize = sizeof(Thing),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = heap_slots,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "takes",
    .m_size = -1,
    .m_methods = (PyMethodDef *)functions,
};

PyMODINIT_FUNC
PyInit_takes(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyObject *heap = PyType_FromSpec(&heap_spec);
    if (module == NULL || heap == NULL || PyModule_AddObject(module, "Heap", heap) != 0
        || PyModule_AddType(module, &Static) != 0) {
        return NULL;
    }
    return module;
}
