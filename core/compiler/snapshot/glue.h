/* The built-in module by which Python asks for the freezing. */
#ifndef WJ_SNAPSHOT_GLUE_H
#define WJ_SNAPSHOT_GLUE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define WJ_MODULE "_wadjet_snapshot"
#define WJ_BOOT "wadjet.compiler.snapshot.inside.boot"
#define WJ_ENDING "wadjet.compiler.snapshot.inside.ending"

PyObject *wj_make_module(void);

#endif
