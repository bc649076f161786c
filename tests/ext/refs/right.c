/* Code that is right, in ways that a ledger may get wrong: nothing here is to be
 * reported.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* ---- Pooled: instances that are parked when they go, and whose type is called by
 * vectorcall ---- */

static PyTypeObject Pooled;
static PyObject **pool;
static int parked;

static PyObject *
pooled_call(PyObject *type, PyObject *const *arguments, size_t count, PyObject *names)
{
    if (parked == 0) {
        return PyObject_New(PyObject, &Pooled);
    }
    return PyObject_Init(pool[--parked], &Pooled);
}

static void
pooled_end(PyObject *self)
{
    if (parked < 4) {
        pool[parked++] = self;
    } else {
        PyObject_Free(self);
    }
}

static PyTypeObject Pooled = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "right.Pooled",
    .tp_basicsize = sizeof(PyObject),
    .tp_dealloc = pooled_end,
};

/* Count what an iterator gives, by its slot. */
static PyObject *
count(PyObject *module, PyObject *iterable)
{
    long number = 0;
    PyObject *iterator = PyObject_GetIter(iterable), *item;
    if (iterator == NULL) {
        return NULL;
    }
    while ((item = Py_TYPE(iterator)->tp_iternext(iterator)) != NULL) {
        number++;
        Py_DECREF(item);
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() ? NULL : PyLong_FromLong(number);
}

/* ---- View: a buffer, kept in a block behind a large one ---- */

typedef struct {
    PyObject_HEAD
    void *large;
    Py_buffer *buffer;
} View;

enum { LARGE = 1 << 20 };

static PyObject *
view_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    Py_buffer taken;
    View *self;
    if (PyObject_GetBuffer(PyTuple_GET_ITEM(arguments, 0), &taken, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    self = (View *)type->tp_alloc(type, 0);
    self->large = PyMem_Calloc(1, LARGE);
    self->buffer = PyMem_Malloc(sizeof taken);
    memcpy(self->buffer, &taken, sizeof taken);
    return (PyObject *)self;
}

static void
view_end(View *self)
{
    PyBuffer_Release(self->buffer);
    PyMem_Free(self->buffer);
    PyMem_Free(self->large);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyTypeObject ViewType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "right.View",
    .tp_basicsize = sizeof(View),
    .tp_new = view_new,
    .tp_dealloc = (destructor)view_end,
};

/* ---- One: what it has is given back, and taken out ---- */

static PyObject *kept;

static PyObject *
keep(PyObject *module, PyObject *object)
{
    Py_INCREF(object);
    Py_XSETREF(kept, object);
    Py_RETURN_NONE;
}

static PyObject *
take_out(PyObject *module, PyObject *ignored)
{
    PyObject *result = kept;
    Py_INCREF(result);
    Py_CLEAR(kept);
    return result;
}

static PyMethodDef methods[] = {
    {"count", count, METH_O, NULL},
    {"keep", keep, METH_O, NULL},
    {"take_out", take_out, METH_NOARGS, NULL},
    {NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "right", NULL, 0,
                                        methods};

PyMODINIT_FUNC
PyInit_right(void)
{
    PyObject *module = PyModule_Create(&definition);
    pool = PyMem_Calloc(4, sizeof *pool);
    if (module == NULL || PyModule_AddType(module, &Pooled) != 0
        || PyModule_AddType(module, &ViewType) != 0) {
        return NULL;
    }
    Pooled.tp_vectorcall = pooled_call; /* some types learn it when they are ready */
    return module;
}
