/* bundle.c: the module `_wadjet_launcher`, by which boot.py finds what the executable
 * holds.
 *
 *   find_spec(name, path=None, target=None)   -> what boot.py makes of a module, or
 * None code(name)                                -> code object
 *
 * The module itself stands in sys.meta_path. A module that is not the program's own
 * counts only while its file is what it was at build, as a .pyc does.
 */
#include "launcher.h"

#include <marshal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "recorded.h"

__asm__(".section .rodata\n"
        ".globl wadjet_bundle\n"
        ".balign 16\n"
        "wadjet_bundle:\n"
        ".incbin \"bundle.bin\"\n"
        ".byte 0\n"
        ".previous\n");

static int
by_name(const void *name, const void *each)
{
    return strcmp(name, ((const struct module *)each)->name);
}

/* NULL where there is none: no module has a name that is no text of C. */
static const struct module *
module_called(PyObject *wanted)
{
    Py_ssize_t size;
    const char *name = PyUnicode_AsUTF8AndSize(wanted, &size);
    if (!name || strlen(name) != (size_t)size) {
        PyErr_Clear();
        return NULL;
    }
    return bsearch(name, MODULES, MODULE_COUNT, sizeof *MODULES, by_name);
}

static bool
is_fresh(const struct module *module)
{
    struct stat now;
    return module->is_own
           || (stat(module->file, &now) == 0 && now.st_size == module->bytes
               && now.st_mtim.tv_sec * INT64_C(1000000000) + now.st_mtim.tv_nsec
                      == module->modified);
}

PyObject *
wadjet_code(size_t offset, size_t size)
{
    return PyMarshal_ReadObjectFromString((const char *)wadjet_bundle + offset, size);
}

static PyObject *
find_spec(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char *words[] = {"name", "path", "target", NULL};
    PyObject *name, *path = Py_None, *target = Py_None; /* Borrowed */
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "U|OO", words, &name, &path,
                                     &target)) {
        return NULL;
    }
    const struct module *found = module_called(name);
    if (!found || !is_fresh(found)) {
        Py_RETURN_NONE;
    }
    return PyObject_CallMethod(self, "make_spec", "OONNNi", name, path,
                               PyUnicode_DecodeFSDefault(found->file),
                               PyBool_FromLong(found->is_package),
                               PyBool_FromLong(found->is_extension), found->entry);
}

static PyObject *
code(PyObject *self, PyObject *given)
{
    (void)self;
    const struct module *found = PyUnicode_Check(given) ? module_called(given) : NULL;
    if (!found || found->is_extension) {
        return PyErr_Format(PyExc_ImportError, "no %R in the bundle", given);
    }
    return wadjet_code(found->offset, found->size);
}

static PyTypeObject *base; /* of the loader. Owned, as long as the process is there */

static PyObject *
exec_module(PyObject *self, PyObject *module)
{
    return wadjet_import((PyObject *)base, self, module);
}

static PyMethodDef execution = {"exec_module", exec_module, METH_O, "Run a module."};

/* No function of Python: it would be seen in the tracebacks of what it runs. */
static PyObject *
lead(PyObject *self, PyObject *loader)
{
    (void)self;
    base = (PyTypeObject *)Py_NewRef(((PyTypeObject *)loader)->tp_base);
    PyObject *method = PyDescr_NewMethod((PyTypeObject *)loader, &execution);
    int done = method ? PyObject_SetAttrString(loader, "exec_module", method) : -1;
    Py_XDECREF(method);
    return done < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
wake(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    return wadjet_wake_collector() < 0 ? NULL : Py_NewRef(Py_None);
}

static PyMethodDef functions[] = {
    {"find_spec", (PyCFunction)(void (*)(void))find_spec, METH_VARARGS | METH_KEYWORDS,
     "Return how a module of the bundle is loaded, or None."},
    {"code", code, METH_O, "Return the code of a module of the bundle."},
    {"lead", lead, METH_O, "Have the collector wait while a class of loaders imports."},
    {"wake", wake, METH_NOARGS,
     "Have the collector work that slept through the start."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_wadjet_launcher",
    .m_doc = "What the executable holds.",
    .m_methods = functions,
};

PyObject *
wadjet_init_bundle(void)
{
    return PyModuleDef_Init(&definition);
}
