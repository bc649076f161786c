/* wadjet.pipeline.importer._script: another code in the place of a script's own.
 *
 * The interpreter compiles a script by itself, and tells its audit hooks of the code
 * that it is about to run ("exec"). What a hook raises then stands for what the code
 * would have raised: so the hook runs the other code, in the same module, and leaves
 * with that one's exception, or with SystemExit, as the script is over. No frame of
 * ours is on the stack meanwhile. A hook cannot be taken away; once it has run, it only
 * looks whether there is anything to do.
 */
#include "compat.h"

#include <string.h>

struct waiting {
    PyInterpreterState *interpreter;
    PyObject *replace; /* Owned: asked once for another code; NULL after that */
};

/* True where a code is that of the script which Python was started with. */
static int
is_script(PyObject *code, PyObject *names)
{
    PyObject *file = PyDict_GetItemString(names, "__file__"); /* Borrowed, as is: */
    PyObject *spec = PyDict_GetItemString(names, "__spec__");
    return file != NULL && spec == Py_None && PyCode_Check(code)
           && PyObject_RichCompareBool(file, ((PyCodeObject *)code)->co_filename, Py_EQ)
                  == 1;
}

static int
run(PyObject *code, PyObject *names)
{
    PyObject *result = PyEval_EvalCode(code, names, names);
    if (result != NULL) {
        Py_DECREF(result);
        PyErr_SetNone(PyExc_SystemExit);
    } else if (PyErr_Occurred() == PyExc_KeyboardInterrupt) {
        *wj_interrupted() = 1; /* as the interpreter does around a script's code */
    }
    return -1;
}

static int
before(const char *event, PyObject *args, void *data)
{
    struct waiting *waiting = data;
    if (waiting->replace == NULL || strcmp(event, "exec") != 0
        || PyInterpreterState_Get() != waiting->interpreter) {
        return 0;
    }
    PyObject *code = PyTuple_GET_ITEM(args, 0);                 /* Borrowed */
    PyObject *module = PyImport_AddModule("__main__");          /* Borrowed */
    PyObject *names = module ? PyModule_GetDict(module) : NULL; /* Borrowed */
    if (names == NULL || !is_script(code, names)) {
        PyErr_Clear();
        return 0;
    }
    PyObject *replace = waiting->replace;
    waiting->replace = NULL;
    PyObject *other = PyObject_CallOneArg(replace, code);
    Py_DECREF(replace);
    int result = other == NULL ? -1 : other == Py_None ? 0 : run(other, names);
    Py_XDECREF(other);
    return result;
}

static PyObject *
replace_script(PyObject *Py_UNUSED(module), PyObject *replace)
{
    struct waiting *waiting = PyMem_RawMalloc(sizeof *waiting); /* for good */
    if (waiting == NULL) {
        return PyErr_NoMemory();
    }
    *waiting = (struct waiting){PyInterpreterState_Get(), Py_NewRef(replace)};
    if (PySys_AddAuditHook(before, waiting) != 0) {
        Py_DECREF(replace);
        PyMem_RawFree(waiting);
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"replace_script", replace_script, METH_O,
     "replace_script($module, replace, /)\n--\n\n"
     "Run what ``replace(code)`` returns in the place of a script, if it is not None."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "wadjet.pipeline.importer._script",
    .m_doc = "Another code in the place of a script's own.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__script(void);

PyMODINIT_FUNC
PyInit__script(void)
{
    return PyModuleDef_Init(&definition);
}
