/* NumPy's arrays: they have no tp_traverse, so what a view is a view of, and what an
 * array of objects holds, would seem to be held by nobody that is known.
 *
 * The layout is that of NumPy's own interface for C, the same since 1.7: see
 * https://numpy.org/doc/stable/reference/c-api/types-and-structures.html. NumPy is not
 * imported for it, nor asked: an array is known by its type's name.
 */
#include "walk.h"

#include <string.h>

#define C_ORDER 0x1
#define FORTRAN_ORDER 0x2
#define OWNS_ITEMS 0x4
#define ALIGNED 0x100
#define OF_OBJECTS 17

struct item_type {
    PyObject head;
    PyTypeObject *scalar;
    char kind, letter, byte_order, flags;
    int number;
};

struct array {
    PyObject head;
    char *items;
    int dimensions;
    Py_ssize_t *shape;
    Py_ssize_t *strides;
    PyObject *base;
    struct item_type *dtype;
    int flags;
};

int
wj_is_array(const PyTypeObject *type)
{
    while (type != NULL && type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        type = type->tp_base;
    }
    return type != NULL && type->tp_basicsize >= (Py_ssize_t)sizeof(struct array)
           && strcmp(type->tp_name, "numpy.ndarray") == 0;
}

static size_t
item_count(const struct array *array)
{
    size_t count = 1;
    for (int at = 0; at < array->dimensions; at++) {
        count *= (size_t)array->shape[at];
    }
    return count;
}

/* The references in the items are the owner's: a view has none of its own. */
static int
has_objects(const struct array *array)
{
    int wanted = OWNS_ITEMS | ALIGNED;
    return array->dtype != NULL && array->dtype->number == OF_OBJECTS
           && (array->flags & wanted) == wanted
           && (array->flags & (C_ORDER | FORTRAN_ORDER)) != 0;
}

void
wj_array_references(struct wj_walk *walk, PyObject *object)
{
    const struct array *array = (struct array *)object;
    wj_emit(array->base, walk);
    wj_emit((PyObject *)array->dtype, walk);
    size_t count = has_objects(array) ? item_count(array) : 0;
    PyObject **item = (PyObject **)(void *)array->items;
    for (size_t at = 0; at < count; at++) {
        wj_emit(item[at], walk);
    }
}
