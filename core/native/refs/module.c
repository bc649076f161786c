/* wadjet.native.refs._ledger: the border to Python.
 *
 * Extensions that are built for the ledger are linked with this library, so that there
 * is one ledger in a process.
 */
#include "state.h"

static PyObject *
begin(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    wj_singles_begin();
    return Py_NewRef(Py_None);
}

static PyObject *
settle(PyObject *module, PyObject *containers)
{
    (void)module;
    if (!PyList_Check(containers)) {
        PyErr_SetString(PyExc_TypeError, "containers are a list");
        return NULL;
    }
    return wj_settle(containers);
}

static PyObject *
sites(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromUnsignedLong(wj_sites());
}

static PyObject *
floating(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLong(wj_floating());
}

static PyObject *
leak(PyObject *module, PyObject *arguments)
{
    struct wj_lost lost = {0};
    PyObject *row;
    int confirmed;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "IO!p", &lost.site, &PyTuple_Type, &row,
                          &confirmed)
        || !wj_lost_from(row, &lost)) {
        return NULL;
    }
    wj_report_leak(&lost, confirmed);
    return Py_NewRef(Py_None);
}

static PyMethodDef methods[] = {
    {"begin", begin, METH_NOARGS, NULL}, {"settle", settle, METH_O, NULL},
    {"sites", sites, METH_NOARGS, NULL}, {"floating", floating, METH_NOARGS, NULL},
    {"leak", leak, METH_VARARGS, NULL},  {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_ledger",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__ledger(void);

PyMODINIT_FUNC
PyInit__ledger(void)
{
    return PyModuleDef_Init(&definition);
}
