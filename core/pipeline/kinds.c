/* A table of the classes of ``ast`` by address.
 *
 * Only the classes themselves are in it: what somebody derives from one is no code to
 * the pipeline, as the compiler would not take it for any either.
 */
#include "kinds.h"

#include <string.h>

static const struct {
    const char *name;
    int flags;
} special[] = {
    {"JoinedStr", WJ_STRING},     {"TemplateStr", WJ_STRING},
    {"FormattedValue", WJ_FIELD}, {"Interpolation", WJ_FIELD},
    {"Constant", WJ_CONSTANT},
};

static const char *const place[] = {"lineno", "col_offset", "end_lineno",
                                    "end_col_offset"};
static const char *const marks[] = {"expr_context", "boolop", "operator", "unaryop",
                                    "cmpop"};

static size_t
place_of(const struct wj_kinds *kinds, const PyTypeObject *type)
{
    size_t at = ((uintptr_t)type >> 4) * 0x9E3779B97F4A7C15ull >> 55;
    while (kinds->all[at].type != NULL && kinds->all[at].type != type) {
        at = (at + 1) & (WJ_KINDS - 1);
    }
    return at;
}

const struct wj_kind *
wj_kind_of(const struct wj_kinds *kinds, const PyTypeObject *type)
{
    const struct wj_kind *kind = &kinds->all[place_of(kinds, type)];
    return kind->type == NULL ? NULL : kind;
}

const struct wj_kind *
wj_kind_of_base(const struct wj_kinds *kinds, const PyTypeObject *type)
{
    const struct wj_kind *kind = NULL;
    while (type != NULL && (kind = wj_kind_of(kinds, type)) == NULL) {
        type = type->tp_base;
    }
    return kind;
}

/* 1 if a class is a mark's, 0 if not, -1 with an exception. */
static int
is_mark(PyObject *ast, PyObject *type)
{
    int found = 0;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(marks) && found == 0; i++) {
        PyObject *mark = PyObject_GetAttrString(ast, marks[i]);
        found = mark == NULL ? -1 : PyObject_IsSubclass(type, mark);
        Py_XDECREF(mark);
    }
    return found;
}

/* 1 if objects of a class have a place in the text, 0 if not, -1 with an exception. */
static int
is_placed(const struct wj_kinds *kinds, PyObject *type)
{
    PyObject *attributes = PyObject_GetAttrString(type, "_attributes");
    int found =
        attributes == NULL ? -1 : PySequence_Contains(attributes, kinds->place[0]);
    Py_XDECREF(attributes);
    return found;
}

static int
add(struct wj_kinds *kinds, PyObject *ast, const char *name, PyObject *type)
{
    struct wj_kind *kind = &kinds->all[place_of(kinds, (PyTypeObject *)type)];
    int mark = is_mark(ast, type), placed = is_placed(kinds, type);
    PyObject *fields = PyObject_GetAttrString(type, "_fields");
    if (kind->type != NULL || mark < 0 || placed < 0 || fields == NULL) {
        Py_XDECREF(fields);
        return kind->type != NULL ? 0 : -1; /* an older name of the same class */
    }
    kind->type = (PyTypeObject *)Py_NewRef(type);
    kind->fields = fields;
    kind->flags = (mark ? WJ_MARK : WJ_CODE) | (placed ? WJ_PLACED : 0);
    for (size_t i = 0; i < Py_ARRAY_LENGTH(special); i++) {
        if (strcmp(special[i].name, name) == 0) {
            kind->flags |= special[i].flags;
        }
    }
    return 0;
}

static int
read_all(struct wj_kinds *kinds, PyObject *ast)
{
    PyObject *names = PyModule_GetDict(ast); /* Borrowed */
    PyObject *name, *value;
    Py_ssize_t at = 0;
    kinds->node = (PyTypeObject *)PyObject_GetAttrString(ast, "AST");
    for (int i = 0; i < 4; i++) {
        kinds->place[i] = PyUnicode_InternFromString(place[i]);
        if (kinds->node == NULL || kinds->place[i] == NULL) {
            return -1;
        }
    }
    while (PyDict_Next(names, &at, &name, &value)) {
        if (PyType_Check(value)
            && PyType_IsSubtype((PyTypeObject *)value, kinds->node)) {
            const char *text = PyUnicode_AsUTF8(name);
            if (text == NULL || add(kinds, ast, text, value) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

int
wj_kinds_read(struct wj_kinds *kinds)
{
    PyObject *ast = PyImport_ImportModule("ast");
    int result = ast == NULL ? -1 : read_all(kinds, ast);
    Py_XDECREF(ast);
    return result;
}

void
wj_kinds_clear(struct wj_kinds *kinds)
{
    Py_CLEAR(kinds->node);
    for (int i = 0; i < 4; i++) {
        Py_CLEAR(kinds->place[i]);
    }
    for (size_t i = 0; i < WJ_KINDS; i++) {
        Py_CLEAR(kinds->all[i].type);
        Py_CLEAR(kinds->all[i].fields);
    }
}

int
wj_kinds_traverse(struct wj_kinds *kinds, visitproc visit, void *arg)
{
    Py_VISIT(kinds->node);
    for (size_t i = 0; i < WJ_KINDS; i++) {
        Py_VISIT(kinds->all[i].type);
        Py_VISIT(kinds->all[i].fields);
    }
    return 0;
}
