/* What an interpreter does as it starts, with the time of each step.
 *
 * Loaded before all other libraries (LD_PRELOAD), so that it is there before Python is.
 * It adds an audit hook, which is called before the first import; then it stands around
 * the functions of importlib that find and load, and writes down when they begin and
 * end. Its records lie in a file that is mapped and shared: however the process ends,
 * they are there. It calls functions of Python only, and none of its data: it may be
 * loaded into a process that is no Python. Invariant: records are whole, or past the
 * end of what is used.
 */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

#pragma weak PySys_AddAuditHook

#define VARIABLE "WADJET_STARTUP" /* the file, which is as large as it may become */
#define LONGEST 255               /* bytes of a name */

enum record_kind { RECORD_MODULE, RECORD_STAGE, RECORD_END, RECORD_PHASE };
enum phase { PHASE_LINKED, PHASE_RUN, PHASE_FINALIZE, PHASE_GONE };

struct record {
    int64_t time;   /* of the monotonic clock, in ns */
    int64_t faults; /* pages that the thread had to be given, so far */
    uint32_t thread;
    uint8_t kind, which;
    uint16_t extra; /* bytes of text that follow, padded to eight */
};

struct file {
    _Atomic uint64_t used; /* bytes after this head */
    char data[];
};

/* What is stood around: where it is, and what we call it. The first is a module's whole
 * import, its argument the name. */
struct stood {
    const char *module, *owner, *name;
    PyMethodDef method;
    int done;
};

static struct file *file; /* Owned: mapped until the process ends */
static uint64_t room;
static int ran;

static int64_t
faults_so_far(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_minflt + usage.ru_majflt
                                                 : 0;
}

static void
note(enum record_kind kind, int which, const char *text, size_t length)
{
    length = length < LONGEST ? length : LONGEST;
    size_t padded = (length + 7) & ~(size_t)7, size = sizeof(struct record) + padded;
    uint64_t at = atomic_fetch_add(&file->used, size);
    if (at + size > room) {
        return; /* the reader stops at the end of the file */
    }
    struct record record = {
        .faults = faults_so_far(),
        .thread = (uint32_t)syscall(SYS_gettid),
        .kind = (uint8_t)kind,
        .which = (uint8_t)which,
        .extra = (uint16_t)length,
    };
    memcpy(file->data + at + sizeof record, text, length);
    record.time = wj_now();
    memcpy(file->data + at, &record, sizeof record);
}

/* ---- around functions of importlib ----------------------------------------------- */

static PyObject *around(PyObject *self, PyObject *const *args, Py_ssize_t count,
                        PyObject *names);

#define METHOD                                                                         \
    {"around", (PyCFunction)(void (*)(void))around, METH_FASTCALL | METH_KEYWORDS, NULL}
#define BOOTSTRAP "_frozen_importlib"
#define EXTERNAL "_frozen_importlib_external"

static struct stood table[] = {
    {BOOTSTRAP, NULL, "_find_and_load", METHOD, 0},
    {BOOTSTRAP, NULL, "_find_spec", METHOD, 0},
    {EXTERNAL, "FileLoader", "get_data", METHOD, 0},
    {EXTERNAL, "SourceLoader", "source_to_code", METHOD, 0},
    {EXTERNAL, NULL, "_compile_bytecode", METHOD, 0},
    {EXTERNAL, "ExtensionFileLoader", "create_module", METHOD, 0},
    {EXTERNAL, "ExtensionFileLoader", "exec_module", METHOD, 0},
};
#define ROWS (sizeof table / sizeof table[0])
#define STAGE_COLLECTION ROWS

static void
note_end(PyObject *made, int which)
{
    Py_ssize_t length = 0;
    const char *path = NULL;
    PyObject *name = NULL;
    if (made != NULL && which == 0) {
        name = PyModule_GetFilenameObject(made);
        path = name ? PyUnicode_AsUTF8AndSize(name, &length) : NULL;
        PyErr_Clear();
    }
    note(RECORD_END, which, path ? path : "", path ? (size_t)length : 0);
    Py_XDECREF(name);
}

/* `self` is a tuple: what was there, and its row. */
static PyObject *
around(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names)
{
    int which = (int)PyLong_AsLong(PyTuple_GetItem(self, 1));
    Py_ssize_t length = 0;
    const char *name = NULL;
    if (which == 0 && count > 0) {
        name = PyUnicode_AsUTF8AndSize(args[0], &length);
        PyErr_Clear();
    }
    note(which ? RECORD_STAGE : RECORD_MODULE, which, name ? name : "", (size_t)length);
    PyObject *made =
        PyObject_Vectorcall(PyTuple_GetItem(self, 0), args, (size_t)count, names);
    note_end(made, which);
    return made;
}

static void
stand_around(struct stood *row, PyObject *modules)
{
    PyObject *module = PyDict_GetItemString(modules, row->module), *holder = NULL;
    PyObject *old = NULL, *self = NULL, *function = NULL;
    if (module == NULL) {
        return; /* not yet */
    }
    holder =
        row->owner ? PyObject_GetAttrString(module, row->owner) : Py_NewRef(module);
    old = holder ? PyObject_GetAttrString(holder, row->name) : NULL;
    self = old ? Py_BuildValue("(Oi)", old, (int)(row - table)) : NULL;
    function = self ? PyCFunction_NewEx(&row->method, self, NULL) : NULL;
    if (function != NULL && row->owner) {
        Py_SETREF(function,
                  PyInstanceMethod_New(function)); /* it gets the loader, too */
    }
    if (function != NULL && PyObject_SetAttrString(holder, row->name, function) == 0) {
        row->done = 1;
    }
    PyErr_Clear();
    Py_XDECREF(holder);
    Py_XDECREF(old);
    Py_XDECREF(self);
    Py_XDECREF(function);
}

/* ---- the collector, and the end ---------------------------------------------------
 */

static PyObject *
collecting(PyObject *self, PyObject *args)
{
    const char *phase = NULL;
    PyObject *facts;
    (void)self;
    if (!PyArg_ParseTuple(args, "sO", &phase, &facts)) {
        return NULL;
    }
    note(strcmp(phase, "start") == 0 ? RECORD_STAGE : RECORD_END, STAGE_COLLECTION, "",
         0);
    return Py_BuildValue("");
}

static PyObject *
finalizing(PyObject *self, PyObject *args)
{
    (void)self;
    (void)args;
    note(RECORD_PHASE, PHASE_FINALIZE, "", 0);
    return Py_BuildValue("");
}

static PyMethodDef collecting_method = {"collecting", collecting, METH_VARARGS, NULL};
static PyMethodDef finalizing_method = {"finalizing", finalizing, METH_NOARGS, NULL};

/* Call a method of a builtin module's attribute, or of the module, with a function. */
static void
hand_over(const char *module, const char *attribute, const char *method,
          PyMethodDef *what)
{
    PyObject *found = PyImport_ImportModule(module), *function = NULL, *made = NULL;
    if (found != NULL && attribute != NULL) {
        Py_SETREF(found, PyObject_GetAttrString(found, attribute));
    }
    function = found ? PyCFunction_NewEx(what, NULL, NULL) : NULL;
    made = function ? PyObject_CallMethod(found, method, "O", function) : NULL;
    PyErr_Clear();
    Py_XDECREF(found);
    Py_XDECREF(function);
    Py_XDECREF(made);
}

/* ---- the hook ---------------------------------------------------------------------
 */

static int
hook(const char *event, PyObject *args, void *data)
{
    static int busy;
    (void)args;
    (void)data;
    if (busy) {
        return 0;
    }
    busy = 1;
    if (strcmp(event, "import") == 0) {
        for (size_t i = 0; i < ROWS; i++) {
            if (!table[i].done) {
                stand_around(&table[i], PyImport_GetModuleDict());
            }
        }
    } else if (!ran && strncmp(event, "cpython.run_", 12) == 0) {
        ran = 1;
        hand_over("gc", "callbacks", "append", &collecting_method);
        hand_over("atexit", NULL, "register", &finalizing_method);
        note(RECORD_PHASE, PHASE_RUN, "", 0);
    }
    busy = 0;
    return 0;
}

/* The program and its children are to find what they would find without us: we are the
 * last in the list. */
static void
take_back_variables(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    char *theirs = preloaded ? strdup(preloaded) : NULL;
    char *ours = theirs ? strrchr(theirs, ':') : NULL;
    unsetenv(VARIABLE);
    if (ours != NULL) {
        *ours = '\0';
        setenv("LD_PRELOAD", theirs, 1);
    } else {
        unsetenv("LD_PRELOAD");
    }
    free(theirs);
}

__attribute__((constructor)) static void
begin(void)
{
    const char *path = getenv(VARIABLE);
    int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    struct stat facts;
    if (descriptor >= 0 && fstat(descriptor, &facts) == 0
        && PySys_AddAuditHook != NULL) {
        void *all = mmap(NULL, (size_t)facts.st_size, PROT_READ | PROT_WRITE,
                         MAP_SHARED, descriptor, 0);
        file = all == MAP_FAILED ? NULL : all;
        room = (uint64_t)facts.st_size - sizeof *file;
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    if (file != NULL) {
        take_back_variables();
        note(RECORD_PHASE, PHASE_LINKED, "", 0);
        PySys_AddAuditHook(hook, NULL);
    }
}

__attribute__((destructor)) static void
end(void)
{
    if (file != NULL) {
        note(RECORD_PHASE, PHASE_GONE, "", 0);
    }
}
