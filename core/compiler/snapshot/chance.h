/* Generators' states that are drawn anew; see chance.c. */
#ifndef WJ_CHANCE_H
#define WJ_CHANCE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* `renews(holder, words)`: true if each process that comes back will draw them anew. */
PyObject *wj_renews(PyObject *module, PyObject *args);

/* 0, or -1 with an exception set. */
int wj_draw_states(void);

#endif
