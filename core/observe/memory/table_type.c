/* wadjet.observe.memory._memory.Table: what another process knows of its memory. */
#include "compat.h"

#include "table_type.h"

#include "reading.h"

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
"``mean``, ``live``, ``peak``, ``own`` (what the tracker itself had in memory when\n"
"watching ended; all bytes), ``contexts``, ``lost``.");

static PyObject *
table_head(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    if (reading == NULL) {
        return NULL;
    }
    const struct wj_table_head *head = reading->table.head;
    return Py_BuildValue("{s:L,s:L,s:L,s:K,s:I,s:I}", "mean", (long long)head->mean,
                         "live", (long long)head->live, "peak", (long long)head->peak,
                         "own", (unsigned long long)head->own, "contexts",
                         wj_reading_contexts(reading), "lost", head->lost);
}

/* ---- lists ---------------------------------------------------------------------- */

/* A row of a list; NULL for none, or with an exception. */
typedef PyObject *(*row_at)(const struct wj_reading *reading, uint32_t number);

/* The rows from ``*next`` on to before ``end``, where the next call goes on. */
static PyObject *
rows(const struct wj_reading *reading, uint32_t *next, uint32_t end, row_at row)
{
    PyObject *list = PyList_New(0);
    for (; list != NULL && *next < end; ++*next) {
        PyObject *each = row(reading, *next);
        if (each == NULL ? PyErr_Occurred() != NULL : PyList_Append(list, each) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(each);
    }
    return list;
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
    return reading == NULL ? NULL
                           : rows(reading, &reading->functions,
                                  wj_reading_functions(reading), function_at);
}

static PyObject *
context_at(const struct wj_reading *reading, uint32_t number)
{
    const struct wj_context *context = &reading->table.contexts[number];
    uint32_t parent = context->parent < number ? context->parent : 0;
    return Py_BuildValue("(IIiI)", parent, context->function,
                         wj_reading_line(reading, number), context->thread);
}

PyDoc_STRVAR(contexts_doc,
"contexts() -> list[tuple[int, int, int, int]]\n--\n\n"
"The contexts that are new since the last call, in the order of their numbers, which\n"
"begin with 1: parent (0 for none), function (0 for the parent's), line (of native code\n"
"0), thread.");

static PyObject *
table_contexts(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    (void)unused;
    return reading == NULL ? NULL
                           : rows(reading, &reading->contexts,
                                  wj_reading_contexts(reading), context_at);
}

static PyObject *
thread_at(const struct wj_reading *reading, uint32_t number)
{
    return PyLong_FromUnsignedLongLong(reading->table.threads[number].tid);
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
    return reading == NULL ? NULL
                           : rows(reading, &reading->threads,
                                  wj_reading_threads(reading), thread_at);
}

PyDoc_STRVAR(changes_doc,
"changes(time) -> bytes\n--\n\n"
"What has changed since the last call, as is seen at ``time`` (ns, never before that of\n"
"the last call): of each such context seven numbers of 64 bits,\n"
"its own number and by how much more it has of bytes and blocks ever, of bytes and\n"
"blocks live, of brief blocks, and of samples. Blocks count in parts of 1024.");

static PyObject *
table_changes(PyObject *self, PyObject *moment)
{
    struct wj_reading *reading = open_reading(self);
    struct wj_bytes changes = {NULL, 0, 0};
    long long time = reading == NULL ? -1 : PyLong_AsLongLong(moment);
    if (reading == NULL || PyErr_Occurred()) {
        return NULL;
    }
    int result = wj_reading_changes(reading, time, &changes);
    PyObject *found =
        result != 0 ? PyErr_NoMemory()
                    : PyBytes_FromStringAndSize(changes.data, (Py_ssize_t)changes.size);
    wj_bytes_free(&changes);
    return found;
}

/* ---- bytes by context ----------------------------------------------------------- */

/* A figure of a context; ``moments`` are two times, in which not all are interested. */
typedef int64_t (*figure_of)(const struct wj_reading *reading, uint32_t number,
                             const int64_t *moments);

/* Of each context whose figure is above 0 four numbers: its own, that, and the bytes
 * and blocks that it ever asked for, as was seen at the last look at changes. */
static PyObject *
figures(PyObject *self, figure_of figure, const int64_t *moments)
{
    struct wj_reading *reading = open_reading(self);
    struct wj_bytes rows_found = {NULL, 0, 0};
    int result = 0;
    if (reading == NULL) {
        return NULL;
    }
    for (uint32_t i = 0; result == 0 && i < wj_reading_contexts(reading); i++) {
        const struct wj_counters *ever = &reading->seen[i];
        int64_t row[] = {i, figure(reading, i, moments), ever->bytes, ever->blocks};
        if (row[1] > 0) {
            result = wj_bytes_add(&rows_found, row, sizeof row);
        }
    }
    PyObject *found =
        result != 0
            ? PyErr_NoMemory()
            : PyBytes_FromStringAndSize(rows_found.data, (Py_ssize_t)rows_found.size);
    wj_bytes_free(&rows_found);
    return found;
}

static int64_t
peak_of(const struct wj_reading *reading, uint32_t number, const int64_t *moments)
{
    int64_t bytes, blocks;
    (void)moments;
    wj_reading_peak(reading, number, &bytes, &blocks);
    return bytes;
}

static int64_t
live_of(const struct wj_reading *reading, uint32_t number, const int64_t *moments)
{
    (void)moments;
    return wj_reading_live(reading, number);
}

static int64_t
average_of(const struct wj_reading *reading, uint32_t number, const int64_t *moments)
{
    return wj_reading_average(reading, number, moments[0], moments[1]);
}

static int64_t
keeping_of(const struct wj_reading *reading, uint32_t number, const int64_t *moments)
{
    (void)moments;
    return reading->table.contexts[number].keeping;
}

PyDoc_STRVAR(peaks_doc,
"peaks() -> bytes\n--\n\n"
"Of each context that had any at the highest peak, four numbers of 64 bits: its own,\n"
"bytes, and the bytes and blocks that it ever asked for. Blocks count in parts of 1024.");

static PyObject *
table_peaks(PyObject *self, PyObject *unused)
{
    (void)unused;
    return figures(self, peak_of, NULL);
}

PyDoc_STRVAR(live_doc,
"live() -> bytes\n--\n\n"
"The same of what was live when changes were last asked for.");

static PyObject *
table_live(PyObject *self, PyObject *unused)
{
    (void)unused;
    return figures(self, live_of, NULL);
}

PyDoc_STRVAR(averages_doc,
"averages(start, end) -> bytes\n--\n\n"
"The same of what was live on the average between two times (ns), the second not before\n"
"the last look at changes. What comes and goes between two looks counts for nothing, and\n"
"what stays for more or less than it should by a look at most: right on the average.");

static PyObject *
table_averages(PyObject *self, PyObject *args)
{
    long long start, end;
    if (!PyArg_ParseTuple(args, "LL:averages", &start, &end)) {
        return NULL;
    }
    return figures(self, average_of, (const int64_t[]){start, end});
}

PyDoc_STRVAR(keeping_doc,
"keeping() -> bytes\n--\n\n"
"The same of the free memory in Python's arenas that its live blocks kept when watching\n"
"ended.");

static PyObject *
table_keeping(PyObject *self, PyObject *unused)
{
    (void)unused;
    return figures(self, keeping_of, NULL);
}

/* ---- and the rest --------------------------------------------------------------- */

static PyObject *
mapping_at(const struct wj_reading *reading, uint32_t number)
{
    struct wj_mapping each = reading->table.mappings[number];
    return each.size == 0
               ? NULL
               : Py_BuildValue(
                     "(KKKII(KKKK))", (unsigned long long)each.start,
                     (unsigned long long)each.size, (unsigned long long)each.resident,
                     each.context, each.kind, (unsigned long long)each.used,
                     (unsigned long long)each.available,
                     (unsigned long long)each.unused, (unsigned long long)each.known);
}

PyDoc_STRVAR(mappings_doc,
"mappings() -> list[tuple[int, int, int, int, int, tuple[int, int, int, int]]]\n--\n\n"
"What the program has mapped by itself: start, bytes, bytes in memory when watching\n"
"ended, context, and kind (0 mapped, 1 an arena of Python's, 2 by the break); of an\n"
"arena the bytes in live blocks, in free ones of pools that are in use, in pools that\n"
"are not, and in live blocks that the tracker has counted.");

static PyObject *
table_mappings(PyObject *self, PyObject *unused)
{
    struct wj_reading *reading = open_reading(self);
    uint32_t from = 0;
    (void)unused;
    return reading == NULL
               ? NULL
               : rows(reading, &from, wj_reading_mappings(reading), mapping_at);
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
    {"changes", table_changes, METH_O, changes_doc},
    {"peaks", table_peaks, METH_NOARGS, peaks_doc},
    {"live", table_live, METH_NOARGS, live_doc},
    {"averages", table_averages, METH_VARARGS, averages_doc},
    {"keeping", table_keeping, METH_NOARGS, keeping_doc},
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

int
wj_table_type_add(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &table_spec, NULL);
    int result = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return result;
}
