/* The classes of ``ast``, and what is to be known of each to go through a tree. */
#ifndef WJ_KINDS_H
#define WJ_KINDS_H

#include "compat.h"

enum {
    WJ_CODE = 1,     /* no mark: worth a visit */
    WJ_PLACED = 2,   /* has a place in the text */
    WJ_MARK = 4,     /* a context or an operator, shared by all nodes of a tree */
    WJ_STRING = 8,   /* a string with code in it */
    WJ_FIELD = 16,   /* what such a string has in braces */
    WJ_CONSTANT = 32 /* ast.Constant */
};

#define WJ_KINDS 512 /* a power of two, well above the number of classes */

struct wj_kind {
    PyTypeObject *type; /* Owned; NULL for none */
    PyObject *fields;   /* Owned: the tuple of their names */
    int flags;
};

struct wj_kinds {
    PyTypeObject *node; /* Owned: ast.AST */
    PyObject *place[4]; /* Owned: the names of the attributes that tell a place */
    struct wj_kind all[WJ_KINDS];
};

/* Read the classes of ``ast``. 0, or -1 with an exception. */
int wj_kinds_read(struct wj_kinds *kinds);

void wj_kinds_clear(struct wj_kinds *kinds);

int wj_kinds_traverse(struct wj_kinds *kinds, visitproc visit, void *arg);

/* What is known of a class; NULL where it is none of ``ast``. */
const struct wj_kind *wj_kind_of(const struct wj_kinds *kinds,
                                 const PyTypeObject *type);

/* The same of the nearest class of ``ast`` that a class is derived from. */
const struct wj_kind *wj_kind_of_base(const struct wj_kinds *kinds,
                                      const PyTypeObject *type);

static inline int
wj_is_node(const struct wj_kinds *kinds, PyObject *object)
{
    return PyObject_TypeCheck(object, kinds->node);
}

static inline int
wj_flags(const struct wj_kinds *kinds, PyObject *object)
{
    const struct wj_kind *kind = wj_kind_of(kinds, Py_TYPE(object));
    return kind == NULL ? 0 : kind->flags;
}

#endif
