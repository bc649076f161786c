/* Finds cyclic garbage in a snapshot: run in a child that was forked for it.
 *
 * The child only reads the interpreter's memory. It calls tp_traverse and nothing else
 * of Python's, takes no lock and allocates by system calls: whatever the other threads
 * were in the middle of does not matter to it.
 */
#ifndef WJ_MARK_H
#define WJ_MARK_H

#include "compat.h"

enum wj_mark_state { WJ_MARKING, WJ_MARKED, WJ_MARK_NO_MEMORY };

/* An object that was garbage, and how it looked: as long as it looks so it is the same.
   ``last`` ends a component, the objects that are connected with each other. */
struct wj_suspect {
    PyObject *object; /* Borrowed, maybe dead: to be looked at with care */
    const PyTypeObject *type;
    Py_ssize_t references;
    uint64_t last;
};

/* In memory that parent and child share. */
struct wj_verdict {
    uint64_t state;
    uint64_t tracked; /* objects */
    uint64_t old;     /* of them in the oldest generation */
    uint64_t garbage; /* objects that no root reaches, young ones too */
    uint64_t found;   /* suspects that follow */
    uint64_t room;    /* suspects that there is room for */
    uint64_t elapsed; /* ns */
    struct wj_suspect suspects[];
};

/* A user's own roots: call ``visit(object, arg)`` for each object to keep. Runs in the
   child: it may read memory, and nothing else. */
typedef int (*wj_keeper_function)(visitproc visit, void *arg);

/* Mark, and put into ``verdict`` the garbage that no collection of the younger
   generations could free. Never fails: ``verdict->state`` tells. */
void wj_mark(PyInterpreterState *interpreter, wj_keeper_function keep,
             struct wj_verdict *verdict);

#endif
