/* clang-format off */
/* One source for a mistake and its mended twin: built twice, with and without BUG. Where a
 * mistake is to be found stands behind its line, as "finds: RULE". */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#ifdef BUG
#define BAD(...) __VA_ARGS__
#define GOOD(...)
#else
#define BAD(...)
#define GOOD(...) __VA_ARGS__
#endif
#define CASE(name) static PyObject *name(PyObject *module, PyObject *o)
#define ITEM(i) PyList_GET_ITEM(o, i)
#define FRESH PyLong_FromLong(123456789)
#define END Py_RETURN_NONE
