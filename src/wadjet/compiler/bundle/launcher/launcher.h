/* launcher.h: what the files of a launcher know of each other, and of the program.
 *
 * The tables are written at build, into recorded.h; all they point at is Borrowed, and
 * lives as long as the process.
 */
#ifndef WADJET_LAUNCHER_H
#define WADJET_LAUNCHER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

/* A module of the bundle, or an extension module whose place is known. */
struct module {
    const char *name;
    const char *file;
    int entry; /* where in the search path it was found; -1: in a package */
    bool is_package;
    bool is_own; /* of the program itself: as it was at build, whatever is there now */
    bool is_extension;
    int64_t modified; /* of the file, in ns */
    int64_t bytes;    /* of the file */
    size_t offset;    /* of the code in the bundle */
    size_t size;
};

extern const unsigned char wadjet_bundle[];

/* bundle.c */
PyObject *wadjet_init_bundle(void);
PyObject *wadjet_code(size_t offset, size_t size);

/* collector.c */
PyObject *wadjet_collector(void); /* Borrowed; NULL with an exception set */
void wadjet_lull_collector(void);
int wadjet_wake_collector(void); /* 0, or -1 with an exception set */
/* Run a module by `exec_module` of a class of loaders. */
PyObject *wadjet_import(PyObject *base, PyObject *loader, PyObject *module);

/* dispositions.c */
void wadjet_know_dispositions(void);
void wadjet_forget_dispositions(void);

/* ending.c */
int wadjet_end(void);
/* Write what the standard streams hold, as the interpreter does after a file: nothing
 * is said of a stream that cannot be written, and the exception that is set stays. */
void wadjet_flush(void);

#endif
