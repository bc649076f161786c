/* What there is below a node.
 *
 * Goes through the dict of a node's attributes: the compiler fills that in the order of
 * the fields, and it saves a look-up for each. No Python code runs meanwhile.
 */
#include "nodes.h"

int
wj_nodes_push(struct wj_nodes *nodes, PyObject *node)
{
    if (nodes->count == nodes->room) {
        size_t room = nodes->room ? 2 * nodes->room : 64;
        PyObject **items = PyMem_Realloc(nodes->items, room * sizeof *items);
        if (items == NULL) {
            Py_DECREF(node);
            PyErr_NoMemory();
            return -1;
        }
        nodes->items = items;
        nodes->room = room;
    }
    nodes->items[nodes->count++] = node;
    return 0;
}

PyObject *
wj_nodes_pop(struct wj_nodes *nodes)
{
    return nodes->count ? nodes->items[--nodes->count] : NULL;
}

void
wj_nodes_clear(struct wj_nodes *nodes)
{
    PyObject **items = nodes->items;
    size_t count = nodes->count;
    *nodes = (struct wj_nodes){NULL, 0, 0};
    while (count) {
        Py_DECREF(items[--count]);
    }
    PyMem_Free(items);
}

void
wj_nodes_reverse(struct wj_nodes *nodes, size_t from)
{
    for (size_t to = nodes->count; from + 1 < to; from++) {
        PyObject *item = nodes->items[from];
        nodes->items[from] = nodes->items[--to];
        nodes->items[to] = item;
    }
}

PyObject *
wj_node_dict(PyObject *node)
{
    PyObject *dict = PyObject_GenericGetDict(node, NULL);
    if (dict != NULL && !PyDict_Check(dict)) {
        Py_DECREF(dict);
        PyErr_SetString(PyExc_TypeError, "a node is an object of ast");
        return NULL;
    }
    return dict;
}

int
wj_each_node(const struct wj_kinds *kinds, PyObject *value,
             int (*visit)(PyObject *node, void *data), void *data)
{
    if (wj_is_node(kinds, value)) {
        return visit(value, data);
    }
    for (Py_ssize_t i = 0; PyList_Check(value) && i < PyList_GET_SIZE(value); i++) {
        PyObject *each = PyList_GET_ITEM(value, i);
        int result = wj_is_node(kinds, each) ? visit(each, data) : 0;
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* Where children go, and which. */
struct pushing {
    const struct wj_kinds *kinds;
    struct wj_nodes *nodes;
    int wanted; /* any of these flags */
    int unwanted;
};

static int
push(PyObject *node, void *data)
{
    struct pushing *pushing = data;
    int flags = wj_flags(pushing->kinds, node);
    if (!(flags & pushing->wanted) || (flags & pushing->unwanted)) {
        return 0;
    }
    return wj_nodes_push(pushing->nodes, Py_NewRef(node));
}

/* Push the parts of an f-string. */
static int
push_parts(struct pushing *pushing, PyObject *node)
{
    PyObject *values = PyObject_GetAttrString(node, "values");
    pushing->unwanted = WJ_CONSTANT;
    int result =
        values == NULL ? -1 : wj_each_node(pushing->kinds, values, push, pushing);
    Py_XDECREF(values);
    return result;
}

/* Push what stands in braces, and what its format has in braces. */
static int
push_field(struct pushing *pushing, PyObject *node)
{
    PyObject *value = PyObject_GetAttrString(node, "value");
    PyObject *format =
        value == NULL ? NULL : PyObject_GetAttrString(node, "format_spec");
    int result = format == NULL ? -1 : wj_nodes_push(pushing->nodes, Py_NewRef(value));
    if (result == 0 && format != Py_None) {
        result = wj_push_children(pushing->kinds, pushing->nodes, format);
    }
    Py_XDECREF(value);
    Py_XDECREF(format);
    return result;
}

int
wj_push_children(const struct wj_kinds *kinds, struct wj_nodes *nodes, PyObject *node)
{
    struct pushing pushing = {kinds, nodes, WJ_CODE, 0};
    int flags = wj_flags(kinds, node), result = 0;
    if (flags & WJ_STRING) {
        return push_parts(&pushing, node);
    }
    if (flags & WJ_FIELD) {
        return push_field(&pushing, node);
    }
    PyObject *dict = wj_node_dict(node), *name, *value;
    if (dict == NULL) {
        return -1;
    }
    for (Py_ssize_t at = 0; result == 0 && PyDict_Next(dict, &at, &name, &value);) {
        result = wj_each_node(kinds, value, push, &pushing);
    }
    Py_DECREF(dict);
    return result;
}
