/* Tree: the border between the call tree and Python; a column crosses as one bytes
 * object. */
#include "tree_type.h"

#include <string.h>

#include "records.h"

static PyObject *
tree_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    if (PyTuple_GET_SIZE(args) != 0
        || (keywords != NULL && PyDict_GET_SIZE(keywords) != 0)) {
        PyErr_SetString(PyExc_TypeError, "Tree() takes no arguments");
        return NULL;
    }
    return type->tp_alloc(type, 0);
}

static void
tree_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    wj_tree_free(&((struct wj_tree_object *)self)->tree);
    type->tp_free(self);
    Py_DECREF(type);
}

/* The texts that end in zeros, as a list; the bytes are used up. */
static PyObject *
take_texts(struct wj_bytes *bytes)
{
    PyObject *list = PyList_New(0);
    const char *end = bytes->data + bytes->size;
    for (const char *at = bytes->data; list != NULL && at < end;) {
        size_t size = strlen(at);
        PyObject *text = PyUnicode_DecodeUTF8(at, (Py_ssize_t)size, "replace");
        if (text == NULL || PyList_Append(list, text) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(text);
        at += size + 1;
    }
    if (list != NULL) {
        bytes->size = 0;
    }
    return list;
}

/* A column of ``width`` bytes out of rows of ``row`` bytes, from ``offset`` in each. */
static PyObject *
column(const struct wj_bytes *rows, size_t row, size_t offset, size_t width)
{
    size_t count = rows->size / row;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * width));
    if (bytes != NULL) {
        char *to = PyBytes_AS_STRING(bytes);
        const char *from = rows->data + offset;
        for (size_t i = 0; i < count; i++) {
            memcpy(to + i * width, from + i * row, width);
        }
    }
    return bytes;
}

#define COLUMN(rows, type, field)                                                      \
    column(rows, sizeof(type), offsetof(type, field), sizeof(((type *)0)->field))

/* The weights of one clock, 0 for the samples of the other. */
static PyObject *
weights(const struct wj_bytes *rows, int clock)
{
    const struct wj_sample_row *row = (const struct wj_sample_row *)rows->data;
    size_t count = rows->size / sizeof *row;
    PyObject *bytes =
        PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * sizeof(int64_t)));
    if (bytes != NULL) {
        int64_t *to = (int64_t *)PyBytes_AS_STRING(bytes);
        for (size_t i = 0; i < count; i++) {
            to[i] = row[i].clock == clock ? row[i].weight : 0;
        }
    }
    return bytes;
}

PyDoc_STRVAR(tree_take_doc,
"take() -> tuple\n--\n\n"
"What came since the last take: functions (file, name, line, file, …), libraries,\n"
"frames (kind i32, a i32, b i64), nodes (parent i32, frame i32) and samples (time i64,\n"
"thread i32, node i32, state i8, holder i32, and i64 by clock: wall, cpu, await, pause,\n"
"runs, examined, collected, garbage), columns as bytes.");

static PyObject *
tree_take(PyObject *self, PyObject *unused)
{
    struct wj_tree *tree = &((struct wj_tree_object *)self)->tree;
    const struct wj_bytes *samples = &tree->sample_rows;
    (void)unused;
    PyObject *taken =
        Py_BuildValue("(NN(NNN)(NN)(NNNNNNNNNNNNN))", take_texts(&tree->functions),
                      take_texts(&tree->libraries),
                      COLUMN(&tree->frame_rows, struct wj_frame_row, kind),
                      COLUMN(&tree->frame_rows, struct wj_frame_row, a),
                      COLUMN(&tree->frame_rows, struct wj_frame_row, b),
                      COLUMN(&tree->node_rows, struct wj_node_row, parent),
                      COLUMN(&tree->node_rows, struct wj_node_row, frame),
                      COLUMN(samples, struct wj_sample_row, time),
                      COLUMN(samples, struct wj_sample_row, thread),
                      COLUMN(samples, struct wj_sample_row, node),
                      COLUMN(samples, struct wj_sample_row, state),
                      COLUMN(samples, struct wj_sample_row, holder),
                      weights(samples, WJ_WALL), weights(samples, WJ_CPU),
                      weights(samples, WJ_AWAIT), weights(samples, WJ_PAUSE),
                      weights(samples, WJ_RUNS), weights(samples, WJ_EXAMINED),
                      weights(samples, WJ_COLLECTED), weights(samples, WJ_GARBAGE));
    if (taken != NULL) {
        tree->frame_rows.size = tree->node_rows.size = tree->sample_rows.size = 0;
    }
    return taken;
}

PyDoc_STRVAR(tree_node_doc,
"node(parent, file, name, first_line, line) -> int\n--\n\n"
"The node of a Python function called from another node, -1 for the root.");

static PyObject *
tree_node(PyObject *self, PyObject *args)
{
    struct wj_tree *tree = &((struct wj_tree_object *)self)->tree;
    const char *file, *name;
    Py_ssize_t file_size, name_size;
    int parent, first_line, line;
    if (!PyArg_ParseTuple(args, "is#s#ii:node", &parent, &file, &file_size, &name,
                          &name_size, &first_line, &line)) {
        return NULL;
    }
    int32_t function = wj_tree_function(tree, file, (size_t)file_size, name,
                                        (size_t)name_size, first_line);
    int32_t frame =
        function < 0 ? -1 : wj_tree_frame(tree, WJ_FRAME_PYTHON, function, line);
    int32_t node = frame < 0 ? -1 : wj_tree_node(tree, parent, frame);
    return node < 0 ? PyErr_NoMemory() : PyLong_FromLong(node);
}

PyDoc_STRVAR(tree_native_doc,
"native(parent, library, address) -> int\n--\n\n"
"The node of C code called from another node, -1 for the root.");

static PyObject *
tree_native(PyObject *self, PyObject *args)
{
    struct wj_tree *tree = &((struct wj_tree_object *)self)->tree;
    const char *path;
    Py_ssize_t size;
    int parent;
    long long address;
    if (!PyArg_ParseTuple(args, "is#L:native", &parent, &path, &size, &address)) {
        return NULL;
    }
    int32_t library = wj_tree_library(tree, path, (size_t)size);
    int32_t frame =
        library < 0 ? -1 : wj_tree_frame(tree, WJ_FRAME_NATIVE, library, address);
    int32_t node = frame < 0 ? -1 : wj_tree_node(tree, parent, frame);
    return node < 0 ? PyErr_NoMemory() : PyLong_FromLong(node);
}

static PyMethodDef tree_methods[] = {
    {"node", tree_node, METH_VARARGS, tree_node_doc},
    {"native", tree_native, METH_VARARGS, tree_native_doc},
    {"take", tree_take, METH_NOARGS, tree_take_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot tree_slots[] = {
    {Py_tp_doc, "The call tree of a recording, as it grows."},
    {Py_tp_new, tree_new},
    {Py_tp_dealloc, tree_dealloc},
    {Py_tp_methods, tree_methods},
    {0, NULL},
};

static PyType_Spec tree_spec = {
    .name = "wadjet.observe.sampling._sampling.Tree",
    .basicsize = sizeof(struct wj_tree_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = tree_slots,
};

PyTypeObject *
wj_tree_type_add(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &tree_spec, NULL);
    if (type != NULL && PyModule_AddType(module, (PyTypeObject *)type) != 0) {
        Py_CLEAR(type);
    }
    return (PyTypeObject *)type;
}
