/* Trees copied, and places given to what is new in one. */
#ifndef WJ_COPIES_H
#define WJ_COPIES_H

#include "kinds.h"

/* A copy that shares only marks, Owned; NULL with an exception. Where ``origins`` is
   not NULL, a dict, it then has for each node of the copy what it had for the node that
   it was made of, or that node. */
PyObject *wj_copied(const struct wj_kinds *kinds, PyObject *tree, PyObject *origins);

/* Give each node that has no place that of what is around it: at the top, that of
   ``around``, or the first line where that is NULL. 0, or -1 with an exception. */
int wj_fill_places(const struct wj_kinds *kinds, PyObject *tree, PyObject *around);

#endif
