/* wadjet.observe.sampling._sampling.Tree: the call tree of a recording, as it grows. */
#ifndef WJ_TREE_TYPE_H
#define WJ_TREE_TYPE_H

#include "compat.h"
#include "tree.h"

struct wj_tree_object {
    PyObject_HEAD
    struct wj_tree tree;
};

/* Make the type and add it to its module; a new reference, NULL with an exception. */
PyTypeObject *wj_tree_type_add(PyObject *module);

#endif
