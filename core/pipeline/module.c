/* wadjet.pipeline._walking: the border to Python.
 *
 * What each function means is told by its twin in walking.py, which is used where this
 * is not built.
 */
#include "copies.h"
#include "nodes.h"

struct state {
    struct wj_kinds kinds;
    PyTypeObject *walk; /* Owned: the type of what goes through a tree */
};

/* ---- one node after the other -----------------------------------------------------
 */

struct walk {
    PyObject_HEAD
    const struct wj_kinds *kinds; /* of the module that the type holds */
    struct wj_nodes waiting;
    PyObject *last; /* Owned: whose children come next; NULL at first */
};

static PyObject *
walk_next(PyObject *self)
{
    struct walk *walk = (struct walk *)self;
    if (walk->last != NULL) {
        size_t from = walk->waiting.count;
        int result = wj_push_children(walk->kinds, &walk->waiting, walk->last);
        Py_CLEAR(walk->last);
        if (result != 0) {
            return NULL;
        }
        wj_nodes_reverse(&walk->waiting, from);
    }
    PyObject *node = wj_nodes_pop(&walk->waiting);
    walk->last = Py_XNewRef(node);
    return node;
}

static int
walk_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct walk *walk = (struct walk *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(walk->last);
    for (size_t i = 0; i < walk->waiting.count; i++) {
        Py_VISIT(walk->waiting.items[i]);
    }
    return 0;
}

static int
walk_clear(PyObject *self)
{
    struct walk *walk = (struct walk *)self;
    Py_CLEAR(walk->last);
    wj_nodes_clear(&walk->waiting);
    return 0;
}

static void
walk_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    walk_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot walk_slots[] = {
    {Py_tp_iter, PyObject_SelfIter}, {Py_tp_iternext, walk_next},
    {Py_tp_traverse, walk_traverse}, {Py_tp_clear, walk_clear},
    {Py_tp_dealloc, walk_dealloc},   {0, NULL},
};

static PyType_Spec walk_spec = {
    .name = "wadjet.pipeline._walking.Walk",
    .basicsize = sizeof(struct walk),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = walk_slots,
};

static PyObject *
walk(PyObject *module, PyObject *tree)
{
    struct state *state = PyModule_GetState(module);
    struct walk *made = (struct walk *)state->walk->tp_alloc(state->walk, 0);
    if (made == NULL) {
        return NULL;
    }
    made->kinds = &state->kinds;
    if (wj_nodes_push(&made->waiting, Py_NewRef(tree)) != 0) {
        Py_CLEAR(made);
    }
    return (PyObject *)made;
}

/* ---- all at once ------------------------------------------------------------------
 */

static PyObject *
children(PyObject *module, PyObject *node)
{
    struct state *state = PyModule_GetState(module);
    struct wj_nodes nodes = {NULL, 0, 0};
    PyObject *list = NULL;
    if (wj_push_children(&state->kinds, &nodes, node) == 0) {
        list = PyList_New((Py_ssize_t)nodes.count);
    }
    for (size_t i = 0; list != NULL && i < nodes.count; i++) {
        PyList_SET_ITEM(list, (Py_ssize_t)i, Py_NewRef(nodes.items[i]));
    }
    wj_nodes_clear(&nodes);
    return list;
}

/* Append a node to the list if its class is in the set; 1 if so, 0, or -1. */
static int
append_wanted(PyObject *list, PyObject *wanted, PyObject *node)
{
    int found = PySequence_Contains(wanted, (PyObject *)Py_TYPE(node));
    return found > 0 && PyList_Append(list, node) != 0 ? -1 : found;
}

/* The nodes of wanted classes; with ``outermost``, only those that are within no other.
 */
static PyObject *
wanted_nodes(struct state *state, PyObject *tree, PyObject *wanted, int outermost)
{
    struct wj_nodes waiting = {NULL, 0, 0};
    PyObject *list = PyList_New(0), *node;
    int result = list == NULL ? -1 : wj_nodes_push(&waiting, Py_NewRef(tree));
    while (result >= 0 && (node = wj_nodes_pop(&waiting)) != NULL) {
        size_t from = waiting.count;
        result = append_wanted(list, wanted, node);
        if (result == 0 || (result > 0 && !outermost)) {
            result = wj_push_children(&state->kinds, &waiting, node);
        }
        wj_nodes_reverse(&waiting, from);
        Py_DECREF(node);
    }
    wj_nodes_clear(&waiting);
    if (result < 0) {
        Py_CLEAR(list);
    }
    return list;
}

static PyObject *
select_all(PyObject *module, PyObject *args)
{
    PyObject *tree, *wanted;
    if (!PyArg_ParseTuple(args, "OO:select", &tree, &wanted)) {
        return NULL;
    }
    return wanted_nodes(PyModule_GetState(module), tree, wanted, 0);
}

static PyObject *
outermost(PyObject *module, PyObject *args)
{
    PyObject *tree, *wanted;
    if (!PyArg_ParseTuple(args, "OO:outermost", &tree, &wanted)) {
        return NULL;
    }
    return wanted_nodes(PyModule_GetState(module), tree, wanted, 1);
}

/* ---- where each node sits ---------------------------------------------------------
 */

struct slotting {
    PyObject *wanted; /* Borrowed: a dict by class */
    PyObject *fields; /* Borrowed: a dict by class, which may have to be asked */
    PyObject *inner;  /* Borrowed: a set of classes */
    PyObject *found;  /* Owned: the list that is returned */
    struct wj_nodes waiting;
};

static int
slot(struct slotting *slotting, PyObject *node, PyObject *holder, PyObject *field,
     Py_ssize_t index)
{
    PyObject *type = (PyObject *)Py_TYPE(node);
    int wanted = PyDict_Contains(slotting->wanted, type);
    if (wanted > 0) {
        PyObject *made = Py_BuildValue("(OOOn)", node, holder, field, index);
        wanted = made == NULL ? -1 : PyList_Append(slotting->found, made);
        Py_XDECREF(made);
    }
    int inner = wanted < 0 ? -1 : PySet_Contains(slotting->inner, type);
    return inner > 0 ? wj_nodes_push(&slotting->waiting, Py_NewRef(node)) : inner;
}

static int
slot_field(struct slotting *slotting, PyObject *holder, PyObject *dict, PyObject *field)
{
    PyObject *value = PyDict_GetItemWithError(dict, field); /* Borrowed */
    if (value == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    int result = 0;
    Py_INCREF(value); /* the collector may run whatever it likes meanwhile */
    if (!PyList_CheckExact(value)) {
        result = slot(slotting, value, holder, field, -1);
    } else {
        for (Py_ssize_t i = 0; result == 0 && i < PyList_GET_SIZE(value); i++) {
            PyObject *node = Py_NewRef(PyList_GET_ITEM(value, i));
            result = slot(slotting, node, holder, field, i);
            Py_DECREF(node);
        }
    }
    Py_DECREF(value);
    return result;
}

static int
slot_parts(struct slotting *slotting, PyObject *holder)
{
    PyObject *type = (PyObject *)Py_TYPE(holder);
    PyObject *names = Py_XNewRef(PyDict_GetItemWithError(slotting->fields, type));
    if (names == NULL && !PyErr_Occurred()) {
        names = PyObject_GetItem(slotting->fields, type);
    }
    PyObject *dict = names == NULL ? NULL : wj_node_dict(holder);
    int result = dict == NULL ? -1 : 0;
    for (Py_ssize_t i = 0; result == 0 && i < PyTuple_GET_SIZE(names); i++) {
        result = slot_field(slotting, holder, dict, PyTuple_GET_ITEM(names, i));
    }
    Py_XDECREF(names);
    Py_XDECREF(dict);
    return result;
}

static PyObject *
slots(PyObject *Py_UNUSED(module), PyObject *args)
{
    struct slotting slotting = {.found = PyList_New(0)};
    PyObject *tree, *node;
    int result = slotting.found == NULL ? -1 : 0;
    if (result != 0
        || !PyArg_ParseTuple(args, "OO!O!O!:slots", &tree, &PyDict_Type,
                             &slotting.wanted, &PyDict_Type, &slotting.fields,
                             &PyFrozenSet_Type, &slotting.inner)) {
        Py_XDECREF(slotting.found);
        return NULL;
    }
    result = wj_nodes_push(&slotting.waiting, Py_NewRef(tree));
    while (result == 0 && (node = wj_nodes_pop(&slotting.waiting)) != NULL) {
        result = slot_parts(&slotting, node);
        Py_DECREF(node);
    }
    wj_nodes_clear(&slotting.waiting);
    if (result != 0) {
        Py_CLEAR(slotting.found);
    }
    return slotting.found;
}

/* ---- copies and places ------------------------------------------------------------
 */

static PyObject *
copied(PyObject *module, PyObject *args)
{
    struct state *state = PyModule_GetState(module);
    PyObject *tree, *origins = NULL;
    if (!PyArg_ParseTuple(args, "O!|O!:copied", state->kinds.node, &tree, &PyDict_Type,
                          &origins)) {
        return NULL;
    }
    return wj_copied(&state->kinds, tree, origins);
}

static PyObject *
fill_places(PyObject *module, PyObject *args)
{
    struct state *state = PyModule_GetState(module);
    PyTypeObject *node = state->kinds.node;
    PyObject *tree, *around = NULL;
    if (!PyArg_ParseTuple(args, "O!|O!:fill_places", node, &tree, node, &around)
        || wj_fill_places(&state->kinds, tree, around) != 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

/* ---- the module ------------------------------------------------------------------ */

static PyMethodDef methods[] = {
    {"children", children, METH_O, NULL},
    {"walk", walk, METH_O, NULL},
    {"select", select_all, METH_VARARGS, NULL},
    {"outermost", outermost, METH_VARARGS, NULL},
    {"slots", slots, METH_VARARGS, NULL},
    {"copied", copied, METH_VARARGS, NULL},
    {"fill_places", fill_places, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int
prepare_module(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    state->walk = (PyTypeObject *)PyType_FromModuleAndSpec(module, &walk_spec, NULL);
    return state->walk == NULL ? -1 : wj_kinds_read(&state->kinds);
}

static int
traverse_module(PyObject *module, visitproc visit, void *arg)
{
    struct state *state = PyModule_GetState(module);
    Py_VISIT(state->walk);
    return wj_kinds_traverse(&state->kinds, visit, arg);
}

static int
clear_module(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    Py_CLEAR(state->walk);
    wj_kinds_clear(&state->kinds);
    return 0;
}

static void
free_module(void *module)
{
    clear_module(module);
}

static PyModuleDef_Slot slots_of_module[] = {
    {Py_mod_exec, prepare_module},
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "wadjet.pipeline._walking",
    .m_doc = "Ways through a tree of the compiler's.",
    .m_size = sizeof(struct state),
    .m_methods = methods,
    .m_slots = slots_of_module,
    .m_traverse = traverse_module,
    .m_clear = clear_module,
    .m_free = free_module,
};

PyMODINIT_FUNC PyInit__walking(void);

PyMODINIT_FUNC
PyInit__walking(void)
{
    return PyModuleDef_Init(&definition);
}
