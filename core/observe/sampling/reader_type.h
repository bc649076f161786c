/* wadjet.observe.sampling._sampling.Reader: reads one process's ring. */
#ifndef WJ_READER_TYPE_H
#define WJ_READER_TYPE_H

#include "compat.h"

struct wj_sampling_state {
    PyTypeObject *tree_type; /* Owned */
};

/* Make the type and add it to its module, whose state a reader takes the type of its
   tree from. 0, or -1 with an exception. */
int wj_reader_type_add(PyObject *module);

#endif
