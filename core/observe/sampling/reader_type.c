/* Reader: the border between the reading of a ring and Python. */
#include "reader_type.h"

#include <errno.h>

#include "reader.h"
#include "tree_type.h"

typedef struct {
    PyObject_HEAD
    struct wj_tree_object *tree; /* Owned; NULL when closed */
    struct wj_reader reader;
} Reader;

static PyObject *
reader_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"tree", "fd", "start", NULL};
    const struct wj_sampling_state *state = PyType_GetModuleState(type);
    PyObject *tree;
    int file;
    long long begin;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!iL:Reader", names,
                                     state->tree_type, &tree, &file, &begin)) {
        return NULL;
    }
    Reader *self = (Reader *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    if (wj_reader_open(&self->reader, &((struct wj_tree_object *)tree)->tree, file,
                       begin)
        != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        Py_DECREF(self);
        return NULL;
    }
    self->tree = (struct wj_tree_object *)Py_NewRef(tree);
    return (PyObject *)self;
}

static void
reader_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    if (((Reader *)self)->tree != NULL) {
        wj_reader_close(&((Reader *)self)->reader);
        Py_CLEAR(((Reader *)self)->tree);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

/* Borrowed: the reader, NULL with an exception where it is closed. */
static struct wj_reader *
open_reader(PyObject *self)
{
    if (((Reader *)self)->tree == NULL) {
        PyErr_SetString(PyExc_ValueError, "the reader is closed");
        return NULL;
    }
    return &((Reader *)self)->reader;
}

PyDoc_STRVAR(reader_drain_doc,
"drain() -> int\n--\n\nRead what has been recorded into the tree; returns the samples read.\n\n"
"One thread at a time may drain into a tree or take from it.");

static PyObject *
reader_drain(PyObject *self, PyObject *unused)
{
    struct wj_reader *reader = open_reader(self);
    int64_t count;
    (void)unused;
    if (reader == NULL) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    count = wj_reader_drain(reader);
    Py_END_ALLOW_THREADS
    return count < 0 ? PyErr_NoMemory() : PyLong_FromLongLong(count);
}

static PyObject *
text_of(const void *at, size_t size, const struct wj_record *record)
{
    const char *text = at;
    if (size > (size_t)((const char *)record + record->size - text)) {
        size = 0;
    }
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace");
}

static PyObject *
event_of(const struct wj_reader *reader, const struct wj_record *record)
{
    if (record->kind == WJ_NOTE) {
        const struct wj_text *text = (const struct wj_text *)record;
        return Py_BuildValue("(sN)", "note", text_of(text + 1, text->size, record));
    }
    if (record->kind == WJ_NAME) {
        const struct wj_name *name = (const struct wj_name *)record;
        return Py_BuildValue("(sKN)", "name", (unsigned long long)name->tid,
                             text_of(name + 1, name->size, record));
    }
    const struct wj_thread_note *thread = (const struct wj_thread_note *)record;
    return Py_BuildValue(
        "(siKLLN)", record->kind == WJ_END ? "end" : "thread",
        wj_reader_thread(reader, thread->thread), (unsigned long long)thread->tid,
        (long long)wj_reader_time(reader, thread->time), (long long)thread->cpu,
        text_of(thread + 1, thread->size, record));
}

PyDoc_STRVAR(reader_events_doc,
"events() -> list[tuple]\n--\n\n"
"What came since the last call, besides samples: (\"thread\" | \"end\", number, tid,\n"
"time ns, cpu ns, name), (\"name\", tid, name) and (\"note\", text).");

static PyObject *
reader_events(PyObject *self, PyObject *unused)
{
    struct wj_reader *reader = open_reader(self);
    (void)unused;
    PyObject *list = reader == NULL ? NULL : PyList_New(0);
    for (size_t at = 0; list != NULL && at < reader->events.size;) {
        const struct wj_record *record =
            (const struct wj_record *)(reader->events.data + at);
        PyObject *event = event_of(reader, record);
        if (event == NULL || PyList_Append(list, event) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(event);
        at += record->size;
    }
    if (list != NULL) {
        reader->events.size = 0;
    }
    return list;
}

PyDoc_STRVAR(reader_expect_doc,
"expect(tid) -> int\n--\n\n"
"Number a thread before any record has told of it: the one that a record tells of with\n"
"this kernel id will have this number. Raises OverflowError for what can be no id.");

static PyObject *
reader_expect(PyObject *self, PyObject *arg)
{
    struct wj_reader *reader = open_reader(self);
    unsigned long tid = reader == NULL ? 0 : PyLong_AsUnsignedLong(arg);
    if (PyErr_Occurred()) {
        return NULL;
    }
    int32_t number = wj_reader_expect(reader, tid);
    return number < 0 ? PyErr_NoMemory() : PyLong_FromLong(number);
}

PyDoc_STRVAR(reader_counts_doc,
"counts() -> tuple[int, int, int]\n--\n\n"
"Samples of the CPU clock, samples of the wall clock, records dropped for want of room.");

static PyObject *
reader_counts(PyObject *self, PyObject *unused)
{
    const struct wj_reader *reader = open_reader(self);
    (void)unused;
    if (reader == NULL) {
        return NULL;
    }
    return Py_BuildValue("KKK", (unsigned long long)reader->samples[WJ_CPU],
                         (unsigned long long)reader->samples[WJ_WALL],
                         (unsigned long long)reader->ring.shared->dropped);
}

PyDoc_STRVAR(reader_spent_doc,
"spent() -> dict[int, int]\n--\n\nThe CPU time in the samples of each thread, ns.");

static PyObject *
reader_spent(PyObject *self, PyObject *unused)
{
    const struct wj_reader *reader = open_reader(self);
    (void)unused;
    PyObject *spent = reader == NULL ? NULL : PyDict_New();
    for (uint32_t i = 0; spent != NULL && i < wj_reader_threads(reader); i++) {
        PyObject *number = PyLong_FromLong(wj_reader_thread(reader, i));
        PyObject *cpu = PyLong_FromLongLong(wj_reader_cpu(reader, i));
        if (number == NULL || cpu == NULL || PyDict_SetItem(spent, number, cpu) != 0) {
            Py_CLEAR(spent);
        }
        Py_XDECREF(number);
        Py_XDECREF(cpu);
    }
    return spent;
}

PyDoc_STRVAR(reader_close_doc, "close() -> None\n--\n\nLet go of the ring.");

static PyObject *
reader_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    if (((Reader *)self)->tree != NULL) {
        wj_reader_close(&((Reader *)self)->reader);
        Py_CLEAR(((Reader *)self)->tree);
    }
    Py_RETURN_NONE;
}

static PyMethodDef reader_methods[] = {
    {"drain", reader_drain, METH_NOARGS, reader_drain_doc},
    {"events", reader_events, METH_NOARGS, reader_events_doc},
    {"expect", reader_expect, METH_O, reader_expect_doc},
    {"counts", reader_counts, METH_NOARGS, reader_counts_doc},
    {"spent", reader_spent, METH_NOARGS, reader_spent_doc},
    {"close", reader_close, METH_NOARGS, reader_close_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_doc,
     "Reader(tree, fd, start)\n--\n\nReads one process's ring; owns ``fd``.\n\n"
     "``start`` is the monotonic clock, in ns, of the recording's time 0."},
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    .name = "wadjet.observe.sampling._sampling.Reader",
    .basicsize = sizeof(Reader),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = reader_slots,
};

int
wj_reader_type_add(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &reader_spec, NULL);
    int result = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return result;
}
