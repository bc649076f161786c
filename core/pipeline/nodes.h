/* A pile of nodes, and what goes on it. */
#ifndef WJ_NODES_H
#define WJ_NODES_H

#include "kinds.h"

struct wj_nodes {
    PyObject **items; /* each Owned */
    size_t count;
    size_t room;
};

/* Put a node on top; it becomes Owned by the pile. 0, or -1 with an exception: then the
   node has been let go. */
int wj_nodes_push(struct wj_nodes *nodes, PyObject *node);

/* Take the top, which becomes Owned by the caller; NULL where there is none. */
PyObject *wj_nodes_pop(struct wj_nodes *nodes);

void wj_nodes_clear(struct wj_nodes *nodes);

/* Turn round what is above the first ``from``. */
void wj_nodes_reverse(struct wj_nodes *nodes, size_t from);

/* The dict of a node's attributes, Owned; NULL with an exception. */
PyObject *wj_node_dict(PyObject *node);

/* Put a node's children on top, in the order of its fields, but for marks; of an
   f-string what it has in braces. 0, or -1 with an exception. */
int wj_push_children(const struct wj_kinds *kinds, struct wj_nodes *nodes,
                     PyObject *node);

/* Call ``visit`` with each node that is in a value, a node or a list of such. 0, or
   what else the visit returns. */
int wj_each_node(const struct wj_kinds *kinds, PyObject *value,
                 int (*visit)(PyObject *node, void *data), void *data);

#endif
