/* An extension type whose tp_traverse is wrong in each way that can be survived. */
#include <Python.h>

typedef struct {
    PyObject_HEAD
    PyObject *held;
    int way;
} Liar;

static int
traverse(PyObject *object, visitproc visit, void *arg)
{
    Liar *self = (Liar *)object;
    Py_VISIT(Py_TYPE(object));
    switch (self->way) {
    case 0: /* does not show what it holds */
        return 0;
    case 1: /* shows it twice */
        Py_VISIT(self->held);
        Py_VISIT(self->held);
        return 0;
    case 2: /* shows what it does not hold */
        Py_VISIT(self->held);
        return visit(Py_None, arg);
    case 3: /* shows nothing as something, and fails */
        visit(NULL, arg);
        return -1;
    default: /* shows itself */
        Py_VISIT(self->held);
        return visit(object, arg);
    }
}

static PyObject *
size(PyObject *object, PyObject *unused)
{
    (void)unused;
    switch (((Liar *)object)->way) {
    case 0:
        return PyLong_FromLong(-5);
    case 1:
        return PyUnicode_FromString("large");
    case 2:
        PyErr_SetString(PyExc_SystemError, "no size");
        return NULL;
    default:
        return PyLong_FromSize_t(SIZE_MAX);
    }
}

static int
init(PyObject *object, PyObject *args, PyObject *keywords)
{
    Liar *self = (Liar *)object;
    (void)keywords;
    if (!PyArg_ParseTuple(args, "iO", &self->way, &self->held)) {
        return -1;
    }
    Py_INCREF(self->held);
    return 0;
}

static void
destroy(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    Py_XDECREF(((Liar *)object)->held);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {{"__sizeof__", size, METH_NOARGS, NULL}, {0}};

static PyType_Slot slots[] = {
    {Py_tp_traverse, traverse}, {Py_tp_init, init}, {Py_tp_dealloc, destroy},
    {Py_tp_methods, methods},   {0, NULL},
};

static PyType_Spec spec = {"traverse.Liar", sizeof(Liar), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

static int
execute(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&spec);
    return type == NULL ? -1 : PyModule_AddObject(module, "Liar", type);
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "traverse",
                                        .m_slots = module_slots};

PyMODINIT_FUNC PyInit_traverse(void);

PyMODINIT_FUNC
PyInit_traverse(void)
{
    return PyModuleDef_Init(&definition);
}
