/* wadjet.observe.memory._memory: the border to Python.
 *
 * Two functions for the program whose memory is watched, one type for whoever reads.
 */
#include "compat.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reading.h"
#include "tracker.h"

/* ---- the program that is watched ------------------------------------------------ */

/* They live as long as the process, because blocks that were made through them do. */
static struct domain {
    PyMemAllocatorDomain domain;
    int is_wrapped;
    PyMemAllocatorEx original, wrapped;
} domains[] = {
    {.domain = PYMEM_DOMAIN_MEM},
    {.domain = PYMEM_DOMAIN_OBJ},
    {.domain = PYMEM_DOMAIN_RAW}, /* by malloc, and so counted where that is */
};

static struct wj_table table = {.file = -1};
static const struct wj_tracker_api *tracker; /* Borrowed from the library */
static pid_t owner;                          /* the process that the table is of */

/* Find the library, loaded before the program or only now. 0, or -1 with an exception.
 */
static int
find_tracker(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct wj_tracker_api *found =
        library == NULL ? NULL : dlsym(library, WJ_TRACKER_SYMBOL);
    if (found == NULL || found->version != WJ_TRACKER_VERSION) {
        const char *why = dlerror();
        PyErr_Format(PyExc_OSError, "the memory tracker cannot be loaded (%s)",
                     why != NULL ? why : "it is of another version");
        return -1;
    }
    tracker = found;
    return 0;
}

static void
wrap(struct domain *each)
{
    PyMemAllocatorEx now;
    PyMem_GetAllocator(each->domain, &now);
    if (!each->is_wrapped) {
        each->original = now;
        tracker->wrap(&each->original, &each->wrapped,
                      each->domain == PYMEM_DOMAIN_RAW);
        PyMem_SetAllocator(each->domain, &each->wrapped);
        each->is_wrapped = 1;
    }
}

/* Not where somebody has wrapped ours meanwhile: then it stays, and counts nothing. */
static void
unwrap(struct domain *each)
{
    PyMemAllocatorEx now;
    PyMem_GetAllocator(each->domain, &now);
    if (each->is_wrapped && now.ctx == each->wrapped.ctx
        && now.malloc == each->wrapped.malloc) {
        PyMem_SetAllocator(each->domain, &each->original);
        each->is_wrapped = 0;
    }
}

PyDoc_STRVAR(start_doc,
"start(library, mean) -> dict\n--\n\n"
"Watch the memory of this process through the tracker in the file ``library``.\n\n"
"``mean`` is the number of bytes between samples, 0 to count every block. Returns\n"
"``fd`` (the table; borrowed) and ``preloaded`` (malloc and its kin are watched too).\n"
"Raises RuntimeError where memory is watched already, OSError.");

static PyObject *
start(PyObject *module, PyObject *args)
{
    const char *path;
    long long mean;
    (void)module;
    if (!PyArg_ParseTuple(args, "sL:start", &path, &mean)) {
        return NULL;
    }
    if (table.file >= 0) {
        PyErr_SetString(PyExc_RuntimeError, "memory is watched already");
        return NULL;
    }
    if (mean < 0) {
        PyErr_SetString(PyExc_ValueError, "a negative number of bytes between samples");
        return NULL;
    }
    if (find_tracker(path) != 0) {
        return NULL;
    }
    if (wj_table_create(&table, mean) != 0
        || tracker->start(&table, PyGILState_GetThisThreadState) != 0) {
        wj_table_close(&table);
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    owner = getpid();
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        if (domains[i].domain != PYMEM_DOMAIN_RAW || !tracker->is_preloaded) {
            wrap(&domains[i]);
        }
    }
    return Py_BuildValue("{s:i,s:O}", "fd", table.file, "preloaded",
                         tracker->is_preloaded ? Py_True : Py_False);
}

static uint64_t
resident(uint64_t start, uint64_t size)
{
    static unsigned char pages[4096];
    uint64_t found = 0, page = 4096, most = sizeof pages * page;
    for (uint64_t at = start & ~(page - 1); at < start + size; at += most) {
        uint64_t part = start + size - at < most ? start + size - at : most;
        if (mincore((void *)(uintptr_t)at, part, pages) == 0) {
            for (uint64_t i = 0; i < (part + page - 1) / page; i++) {
                found += (pages[i] & 1) * page;
            }
        }
    }
    return found < size ? found : size;
}

/* Leave what the kernel says of all our mappings: nobody else could ask it later. */
static void
say_farewell(void)
{
    struct wj_table_head *head = table.head;
    for (uint32_t i = 0; i < head->mappings; i++) {
        struct wj_mapping *each = &table.mappings[i];
        each->resident = each->size ? resident(each->start, each->size) : 0;
    }
    int file = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
    ssize_t count = 1;
    while (file >= 0 && count > 0 && head->farewell < WJ_FAREWELL) {
        count =
            read(file, table.farewell + head->farewell, WJ_FAREWELL - head->farewell);
        head->farewell += count > 0 ? (uint32_t)count : 0;
    }
    if (file >= 0) {
        close(file);
    }
}

PyDoc_STRVAR(stop_doc,
"stop() -> None\n--\n\n"
"Watch no more; harmless where nothing was watched.");

static PyObject *
stop(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (table.file >= 0) {
        int is_forked = owner != getpid();
        if (!is_forked) {
            say_farewell();
        }
        tracker->stop();
        for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
            unwrap(&domains[i]);
        }
        if (is_forked) { /* it is the parent's, and nobody else is here */
            wj_table_close(&table);
        } else { /* the mapping stays: another thread may be in the middle of counting
                  */
            wj_table_leave(&table);
        }
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(overlook_doc,
"overlook(library) -> None\n--\n\n"
"Never count what the calling thread asks for. Raises OSError.");

static PyObject *
overlook(PyObject *module, PyObject *args)
{
    const char *path;
    (void)module;
    if (!PyArg_ParseTuple(args, "s:overlook", &path) || find_tracker(path) != 0) {
        return NULL;
    }
    tracker->overlook();
    Py_RETURN_NONE;
}

/* ---- whoever reads -------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    struct wj_reading reading;
} Table;

static struct wj_reading *
open_reading(PyObject *self)
{
    struct wj_reading *reading = &((Table *)self)->reading;
    if (reading->table.file < 0) {
        PyErr_SetString(PyExc_ValueError, "the table is closed");
        return NULL;
    }
    return reading;
}

static PyObject *
table_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"fd", NULL};
    int file;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "i:Table", names, &file)) {
        return NULL;
    }
    Table *self = (Table *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    self->reading.table.file = -1;
    if (wj_reading_open(&self->reading, file) != 0) {
        self->reading.table.file = -1;
        Py_DECREF(self);
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return (PyObject *)self;
}

static void
table_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    wj_reading_close(&((Table *)self)->reading);
    type->tp_free(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(head_doc,
"head() -> dict[str, int]\n--\n\n"
"``mean``, ``live``, ``peak`` (bytes), ``contexts``, ``lost``.");

static PyObject *
table_head(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    if (reading == NULL) {
        return NULL;
    }
    const struct wj_table_head *head = reading->table.head;
    return Py_BuildValue("{s:L,s:L,s:L,s:I,s:I}", "mean", (long long)head->mean, "live",
                         (long long)head->live, "peak", (long long)head->peak,
                         "contexts", wj_reading_contexts(reading), "lost", head->lost);
}

/* Append what was made, which may have failed, and let go of it. 0, or -1. */
static int
append(PyObject *list, PyObject *made)
{
    int result = made == NULL ? -1 : PyList_Append(list, made);
    Py_XDECREF(made);
    return result;
}

static PyObject *
text_of(const struct wj_reading *reading, uint64_t at, uint64_t size)
{
    const char *text = wj_reading_text(reading, at, &size);
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace");
}

static PyObject *
function_at(const struct wj_reading *reading, uint32_t number)
{
    struct wj_tracked_function each = reading->table.functions[number];
    return Py_BuildValue("(INNiK)", each.kind,
                         text_of(reading, each.name, each.name_size),
                         text_of(reading, each.file, each.file_size), each.first_line,
                         (unsigned long long)each.address);
}

PyDoc_STRVAR(functions_doc,
"functions() -> list[tuple[int, str, str, int, int]]\n--\n\n"
"The functions that are new since the last call, in the order of their numbers, which\n"
"begin with 1: kind (0 Python, 1 native, 2 frames left out), name, file, first line,\n"
"address in the file.");

static PyObject *
table_functions(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    PyObject *list = reading == NULL ? NULL : PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    uint32_t end = wj_reading_functions(reading);
    for (; reading->functions < end; reading->functions++) {
        PyObject *each = function_at(reading, reading->functions);
        if (append(list, each) != 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

PyDoc_STRVAR(contexts_doc,
"contexts() -> list[tuple[int, int, int, int]]\n--\n\n"
"The contexts that are new since the last call, in the order of their numbers, which\n"
"begin with 1: parent (0 for none), function, line (of native code 0), thread.");

static PyObject *
table_contexts(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    PyObject *list = reading == NULL ? NULL : PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    uint32_t end = wj_reading_contexts(reading);
    for (; reading->contexts < end; reading->contexts++) {
        const struct wj_context *context = &reading->table.contexts[reading->contexts];
        uint32_t parent = context->parent < reading->contexts ? context->parent : 0;
        PyObject *each =
            Py_BuildValue("(IIiI)", parent, context->function,
                          wj_reading_line(reading, reading->contexts), context->thread);
        if (append(list, each) != 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

PyDoc_STRVAR(threads_doc,
"threads() -> list[int]\n--\n\n"
"The kernel's ids of the threads that are new since the last call, in the order of\n"
"their numbers, which begin with 1.");

static PyObject *
table_threads(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    PyObject *list = reading == NULL ? NULL : PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    uint32_t end = wj_reading_threads(reading);
    for (; reading->threads < end; reading->threads++) {
        PyObject *each =
            PyLong_FromUnsignedLongLong(reading->table.threads[reading->threads].tid);
        if (append(list, each) != 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

PyDoc_STRVAR(changes_doc,
"changes() -> bytes\n--\n\n"
"What has changed since the last call: of each such context seven numbers of 64 bits,\n"
"its own number and by how much more it has of bytes and blocks ever, of bytes and\n"
"blocks live, of brief blocks, and of samples. Blocks count in parts of 1024.");

static PyObject *
table_changes(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    struct wj_bytes changes = {NULL, 0, 0};
    (void)unused;
    if (reading == NULL) {
        return NULL;
    }
    int result = wj_reading_changes(reading, &changes);
    PyObject *found =
        result != 0 ? PyErr_NoMemory()
                    : PyBytes_FromStringAndSize(changes.data, (Py_ssize_t)changes.size);
    wj_bytes_free(&changes);
    return found;
}

PyDoc_STRVAR(peaks_doc,
"peaks() -> list[tuple[int, int, int]]\n--\n\n"
"Of each context that had any at the highest peak: number, bytes, blocks in parts of\n"
"1024.");

static PyObject *
table_peaks(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    PyObject *list = reading == NULL ? NULL : PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    uint32_t end = wj_reading_contexts(reading);
    for (uint32_t i = 0; i < end; i++) {
        int64_t bytes, blocks;
        wj_reading_peak(reading, i, &bytes, &blocks);
        if (bytes == 0 && blocks == 0) {
            continue;
        }
        PyObject *each = Py_BuildValue("(ILL)", i, (long long)bytes, (long long)blocks);
        if (append(list, each) != 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

PyDoc_STRVAR(mappings_doc,
"mappings() -> list[tuple[int, int, int, int, int]]\n--\n\n"
"What the program has mapped by itself: start, bytes, bytes in memory when watching\n"
"ended, context, and kind (0 mapped, 1 an arena of Python's, 2 by the break).");

static PyObject *
table_mappings(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    PyObject *list = reading == NULL ? NULL : PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    uint32_t end = reading->table.head->mappings;
    for (uint32_t i = 0; i < end && i < WJ_MAPPINGS; i++) {
        struct wj_mapping each = reading->table.mappings[i];
        if (each.size == 0) {
            continue;
        }
        PyObject *row = Py_BuildValue(
            "(KKKII)", (unsigned long long)each.start, (unsigned long long)each.size,
            (unsigned long long)each.resident, each.context, each.kind);
        if (append(list, row) != 0) {
            Py_DECREF(list);
            return NULL;
        }
    }
    return list;
}

PyDoc_STRVAR(farewell_doc,
"farewell() -> bytes\n--\n\n"
"The process's /proc/self/smaps when it stopped watching; empty if it did not get to it.");

static PyObject *
table_farewell(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    if (reading == NULL) {
        return NULL;
    }
    uint32_t size = reading->table.head->farewell;
    return PyBytes_FromStringAndSize(reading->table.farewell,
                                     size < WJ_FAREWELL ? size : WJ_FAREWELL);
}

PyDoc_STRVAR(close_doc, "close() -> None\n--\n\nLet go of the table.");

static PyObject *
table_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    wj_reading_close(&((Table *)self)->reading);
    Py_RETURN_NONE;
}

static PyMethodDef table_methods[] = {
    {"head", table_head, METH_NOARGS, head_doc},
    {"functions", table_functions, METH_NOARGS, functions_doc},
    {"contexts", table_contexts, METH_NOARGS, contexts_doc},
    {"threads", table_threads, METH_NOARGS, threads_doc},
    {"changes", table_changes, METH_NOARGS, changes_doc},
    {"peaks", table_peaks, METH_NOARGS, peaks_doc},
    {"mappings", table_mappings, METH_NOARGS, mappings_doc},
    {"farewell", table_farewell, METH_NOARGS, farewell_doc},
    {"close", table_close, METH_NOARGS, close_doc},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(table_doc,
"Table(fd)\n--\n\n"
"What a process knows of its memory, read from outside while it runs or afterwards.\n\n"
"Owns ``fd`` on success. Raises OSError where that is no such table.");

static PyType_Slot table_slots[] = {
    {Py_tp_doc, (void *)table_doc},
    {Py_tp_new, table_new},
    {Py_tp_dealloc, table_dealloc},
    {Py_tp_methods, table_methods},
    {0, NULL},
};

static PyType_Spec table_spec = {
    .name = "wadjet.observe.memory._memory.Table",
    .basicsize = sizeof(Table),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = table_slots,
};

/* ---- the module ----------------------------------------------------------------- */

static int
execute(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &table_spec, NULL);
    int result = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return result;
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, start_doc},
    {"stop", stop, METH_NOARGS, stop_doc},
    {"overlook", overlook, METH_VARARGS, overlook_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_memory",
    .m_doc = "Watches what a program asks for in memory.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__memory(void);

PyMODINIT_FUNC
PyInit__memory(void)
{
    return PyModuleDef_Init(&definition);
}
