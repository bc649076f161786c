#include "copies.h"

#include "nodes.h"

/* ---- copies ---------------------------------------------------------------------- */

struct copying {
    const struct wj_kinds *kinds;
    struct wj_nodes made; /* whose parts are still those of what they were made of */
    PyObject *origins;    /* Borrowed, or NULL */
};

static PyObject *
fields_of(const struct wj_kinds *kinds, PyObject *node)
{
    const struct wj_kind *kind = wj_kind_of(kinds, Py_TYPE(node));
    return kind != NULL ? Py_NewRef(kind->fields)
                        : PyObject_GetAttrString((PyObject *)Py_TYPE(node), "_fields");
}

static int
note_origin(struct copying *copying, PyObject *made, PyObject *node)
{
    if (copying->origins == NULL) {
        return 0;
    }
    PyObject *found = PyDict_GetItemWithError(copying->origins, node); /* Borrowed */
    if (found == NULL && PyErr_Occurred()) {
        return -1;
    }
    return PyDict_SetItem(copying->origins, made, found == NULL ? node : found);
}

/* A node with the attributes of another, whose parts are to be copied yet. */
static PyObject *
shallow(struct copying *copying, PyObject *node)
{
    PyTypeObject *type = Py_TYPE(node);
    PyObject *dict = wj_node_dict(node);
    PyObject *copy = dict == NULL ? NULL : PyDict_Copy(dict);
    PyObject *made = copy == NULL ? NULL : type->tp_alloc(type, 0);
    Py_XDECREF(dict);
    if (made == NULL || PyObject_GenericSetDict(made, copy, NULL) != 0
        || note_origin(copying, made, node) != 0) {
        Py_CLEAR(made);
    }
    Py_XDECREF(copy);
    if (made != NULL && wj_nodes_push(&copying->made, Py_NewRef(made)) != 0) {
        Py_CLEAR(made);
    }
    return made;
}

/* What stands in a copy for a value of the tree, Owned. */
static PyObject *
within(struct copying *copying, PyObject *value)
{
    if (wj_is_node(copying->kinds, value)) {
        return wj_flags(copying->kinds, value) & WJ_MARK ? Py_NewRef(value)
                                                         : shallow(copying, value);
    }
    if (!PyList_Check(value)) {
        return Py_NewRef(value);
    }
    PyObject *list = PyList_New(PyList_GET_SIZE(value));
    for (Py_ssize_t i = 0; list != NULL && i < PyList_GET_SIZE(list); i++) {
        PyObject *each = PyList_GetItem(value, i); /* Borrowed */
        PyObject *made = each == NULL         ? NULL
                         : PyList_Check(each) ? Py_NewRef(each)
                                              : within(copying, each);
        if (made == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, i, made);
        }
    }
    return list;
}

static int
copy_part(struct copying *copying, PyObject *dict, PyObject *field)
{
    PyObject *value = PyDict_GetItemWithError(dict, field); /* Borrowed */
    if (value == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    if (!PyList_Check(value) && !wj_is_node(copying->kinds, value)) {
        return 0;
    }
    Py_INCREF(value); /* the collector may run whatever it likes meanwhile */
    PyObject *made = within(copying, value);
    int result = made == NULL ? -1 : PyDict_SetItem(dict, field, made);
    Py_XDECREF(made);
    Py_DECREF(value);
    return result;
}

static int
copy_parts(struct copying *copying, PyObject *made)
{
    PyObject *fields = fields_of(copying->kinds, made);
    PyObject *dict = fields == NULL ? NULL : wj_node_dict(made);
    int result = dict == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; result == 0 && i < PyTuple_GET_SIZE(fields); i++) {
        result = copy_part(copying, dict, PyTuple_GET_ITEM(fields, i));
    }
    Py_XDECREF(fields);
    Py_XDECREF(dict);
    return result;
}

PyObject *
wj_copied(const struct wj_kinds *kinds, PyObject *tree, PyObject *origins)
{
    struct copying copying = {.kinds = kinds, .origins = origins};
    PyObject *root = shallow(&copying, tree);
    int result = root == NULL ? -1 : 0;
    PyObject *made;
    while (result == 0 && (made = wj_nodes_pop(&copying.made)) != NULL) {
        result = copy_parts(&copying, made);
        Py_DECREF(made);
    }
    wj_nodes_clear(&copying.made);
    if (result != 0) {
        Py_CLEAR(root);
    }
    return root;
}

/* ---- places ---------------------------------------------------------------------- */

/* Give a node the place of another, or the first line's where that is NULL. */
static int
take_place(const struct wj_kinds *kinds, PyObject *node, PyObject *around)
{
    int result = 0;
    for (int i = 0; result == 0 && i < 4; i++) {
        PyObject *value = around != NULL ? PyObject_GetAttr(around, kinds->place[i])
                                         : PyLong_FromLong(i % 2 == 0);
        result = value == NULL ? -1 : PyObject_SetAttr(node, kinds->place[i], value);
        Py_XDECREF(value);
    }
    return result;
}

/* 1 where a node has a place, 0 where not, -1 with an exception. */
static int
has_place(const struct wj_kinds *kinds, PyObject *node)
{
    PyObject *dict = wj_node_dict(node);
    int found = dict == NULL ? -1 : PyDict_Contains(dict, kinds->place[0]);
    Py_XDECREF(dict);
    return found;
}

struct filling {
    const struct wj_kinds *kinds;
    struct wj_nodes
        waiting;    /* a node, and above it what its parts take their place of */
    PyObject *here; /* Borrowed; NULL for the first line */
};

/* Of a node: those of somebody's own class count as what that is derived from. */
static int
flags_of(const struct filling *filling, PyObject *node)
{
    const struct wj_kind *kind = wj_kind_of_base(filling->kinds, Py_TYPE(node));
    return kind == NULL ? 0 : kind->flags;
}

static int
wait(PyObject *node, void *data)
{
    struct filling *filling = data;
    if (!(flags_of(filling, node) & WJ_CODE)) {
        return 0;
    }
    PyObject *here = filling->here != NULL ? filling->here : Py_None;
    if (wj_nodes_push(&filling->waiting, Py_NewRef(node)) != 0) {
        return -1;
    }
    return wj_nodes_push(&filling->waiting, Py_NewRef(here));
}

static int
fill_one(struct filling *filling, PyObject *node, PyObject *around)
{
    filling->here = around == Py_None ? NULL : around;
    if (flags_of(filling, node) & WJ_PLACED) {
        int placed = has_place(filling->kinds, node);
        if (placed < 0
            || (!placed && take_place(filling->kinds, node, filling->here) != 0)) {
            return -1;
        }
        filling->here = node;
    }
    PyObject *dict = wj_node_dict(node), *name, *value;
    int result = dict == NULL ? -1 : 0;
    for (Py_ssize_t at = 0; result == 0 && PyDict_Next(dict, &at, &name, &value);) {
        result = wj_each_node(filling->kinds, value, wait, filling);
    }
    Py_XDECREF(dict);
    return result;
}

int
wj_fill_places(const struct wj_kinds *kinds, PyObject *tree, PyObject *around)
{
    struct filling filling = {.kinds = kinds, .here = around};
    int result = wait(tree, &filling);
    PyObject *here;
    while (result == 0 && (here = wj_nodes_pop(&filling.waiting)) != NULL) {
        PyObject *node = wj_nodes_pop(&filling.waiting);
        result = fill_one(&filling, node, here);
        Py_DECREF(node);
        Py_DECREF(here);
    }
    wj_nodes_clear(&filling.waiting);
    return result;
}
