/* wadjet.native.dump._dump: the functions of embed.h, in a capsule, and the layout for
 * debuggers. */
#define _GNU_SOURCE
#include <pthread.h>

#include "dump.h"
#include "peek.h"

#define WADJET_EMBED_PROVIDER
#include "embed.h"

static const struct wadjet_embed api = {
    wj_dump_threads,
    wj_dump_collector,
    wj_dump_heap,
};

static void
choose_way(void)
{
    wj_peek_init();
}

static int
execute(PyObject *module)
{
    if (wj_peek_init() == WJ_PEEK_NONE) {
        PyErr_SetString(PyExc_ImportError, "this process cannot read its own memory");
        return -1;
    }
    pthread_atfork(NULL, NULL, choose_way); /* a pipe is not shared with a child */
    PyObject *capsule = PyCapsule_New((void *)&api, WADJET_EMBED_CAPSULE, NULL);
    if (capsule == NULL) {
        return -1;
    }
    int result = PyModule_AddObjectRef(module, "api", capsule);
    Py_DECREF(capsule);
    return result;
}

static PyMethodDef methods[] = {
    {"layout", wj_layout, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_dump",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__dump(void);

PyMODINIT_FUNC
PyInit__dump(void)
{
    return PyModuleDef_Init(&definition);
}
