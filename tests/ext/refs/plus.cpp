// C++: the same mistakes in another language.
#include "cases.h"
#include <string>
#include <vector>

namespace {
struct Ref {
    PyObject *held;
    explicit Ref(PyObject *object) : held(object) {}
    Ref(const Ref &) = delete;
    ~Ref() { GOOD(Py_XDECREF(held);) }
};
struct Guard {
    PyObject *held;
    explicit Guard(PyObject *object) : held(object) {}
    ~Guard() { Py_XDECREF(held); } // finds: over-decref
};
template <typename T>
PyObject *
number(T value)
{
    return PyLong_FromLong(static_cast<long>(value));
}
}

CASE(cpp_leak) {
    PyObject *x = PyUnicode_FromString(std::string("text").append("!").c_str()); // finds: leak
    GOOD(Py_DECREF(x);)
    (void)x;
    END;
}
CASE(cpp_leak_destructor) {
    Ref text(PyObject_Repr(o)); // finds: leak
    END;
}
CASE(cpp_guard) {
    Guard first(PyList_GetItem(o, 0));
    GOOD(Py_XINCREF(first.held);)
    END;
}
CASE(cpp_leak_vector) {
    std::vector<PyObject *> items;
    for (int i = 0; i < 3; i++) {
        items.push_back(PyFloat_FromDouble(i + 0.5)); // finds: leak
    }
    for (PyObject *each : items) {
        GOOD(Py_DECREF(each);)
        (void)each;
    }
    END;
}
CASE(cpp_lambda) {
    auto made = [&](int i) { return PyList_GetItem(o, i); }; // finds: returned
    PyObject *x = made(1);
    GOOD(Py_XINCREF(x);)
    return x;
}
CASE(cpp_returned) { // finds: returned
    GOOD(Py_INCREF(o);)
    return o;
}
CASE(cpp_stolen) {
    PyObject *tuple = PyTuple_New(1), *x = ITEM(0);
    GOOD(Py_INCREF(x);)
    PyTuple_SetItem(tuple, 0, x); // finds: stolen
    return tuple;
}
CASE(cpp_template) {
    PyObject *big = PyLong_FromLongLong(1LL << 40); // finds: leak
    PyObject *x = number(PyObject_Size(o));
    GOOD(Py_DECREF(big);)
    (void)big;
    return x;
}
CASE(cpp_format) {
    GOOD(Py_ssize_t) BAD(int) x = 0;
    long room[2] = {0};
    PyObject *arguments = Py_BuildValue("(i)", 3);
    int ok = PyArg_ParseTuple(arguments, "n", &x); // finds: format
    Py_DECREF(arguments);
    (void)room;
    return ok ? PyLong_FromLong(x) : NULL;
}
CASE(cpp_format_double) {
    GOOD(double) BAD(long) x = 0;
    PyObject *arguments = Py_BuildValue("(d)", 3.5);
    int ok = PyArg_ParseTuple(arguments, "d", &x); // finds: format
    Py_DECREF(arguments);
    return ok ? PyFloat_FromDouble(static_cast<double>(x)) : NULL;
}
CASE(cpp_used) {
    PyObject *x = PyList_New(2);
    GOOD(Py_ssize_t size = PyList_Size(x);)
    Py_DECREF(x);
    BAD(Py_ssize_t size = PyList_Size(x);) // finds: use-after-decref
    return PyLong_FromSsize_t(size);
}
CASE(cpp_null_item) {
    PyObject *tuple = PyTuple_New(1); // finds: null-item
    GOOD(PyTuple_SET_ITEM(tuple, 0, FRESH);)
    return tuple;
}
CASE(cpp_no_exception) {
    if (PyList_Size(o) > 0) { // finds: no-exception
        GOOD(PyErr_SetString(PyExc_ValueError, "full");)
        return nullptr;
    }
    END;
}
CASE(cpp_allocator) {
    void *memory = PyMem_Malloc(64);
    GOOD(PyMem_Free(memory);)
    BAD(PyObject_Free(memory);) // finds: allocator
    END;
}
CASE(cpp_thrown) {
    PyObject *x = FRESH; // finds: leak
    try {
        throw 1;
    }
    catch (int) {
        GOOD(Py_DECREF(x);)
        (void)x;
    }
    END;
}

static PyMethodDef methods[] = {
    {"cpp_leak", cpp_leak, METH_O, NULL},
    {"cpp_leak_destructor", cpp_leak_destructor, METH_O, NULL},
    {"cpp_guard", cpp_guard, METH_O, NULL},
    {"cpp_leak_vector", cpp_leak_vector, METH_O, NULL},
    {"cpp_lambda", cpp_lambda, METH_O, NULL},
    {"cpp_returned", cpp_returned, METH_O, NULL},
    {"cpp_stolen", cpp_stolen, METH_O, NULL},
    {"cpp_template", cpp_template, METH_O, NULL},
    {"cpp_format", cpp_format, METH_O, NULL},
    {"cpp_format_double", cpp_format_double, METH_O, NULL},
    {"cpp_used", cpp_used, METH_O, NULL},
    {"cpp_null_item", cpp_null_item, METH_O, NULL},
    {"cpp_no_exception", cpp_no_exception, METH_O, NULL},
    {"cpp_allocator", cpp_allocator, METH_O, NULL},
    {"cpp_thrown", cpp_thrown, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, MODULE, NULL, 0, methods};
PyMODINIT_FUNC INIT(void) {
    return PyModule_Create(&definition);
}
