/* wadjet.observe.sampling._sampling: the border to Python.
 *
 * Five functions for the program that is recorded, two types for whoever reads. Bulk
 * data crosses as bytes objects, a column each.
 */
#include "compat.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "lines.h"
#include "reader.h"
#include "recorder.h"

/* ---- the recorder --------------------------------------------------------------- */

PyDoc_STRVAR(start_doc,
"start(*, cpu_period, wall_period, native, perf, capacity, hidden, collector)\n--\n\n"
"Start recording this process into a new ring of ``capacity`` bytes, a power of two.\n\n"
"Periods are in ns, 0 for none; ``hidden`` is the native id of a thread to pass over;\n"
"``collector`` records the runs of the garbage collector (1), and what they free (2).\n"
"Returns what was chosen: ``fd`` (the ring; borrowed),\n"
"``engine``, ``signal``, ``refusal`` (errno of perf_event_open), ``peek``. Raises\n"
"RuntimeError where a recording is under way, OSError where the system refuses.");

static PyObject *
start(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"cpu_period", "wall_period", "native",    "perf",
                            "capacity",   "hidden",      "collector", NULL};
    static const char *const engines[] = {"none", "perf", "perf-user", "timer"};
    static const char *const ways[] = {"none", "process_vm_readv", "pipe"};
    struct wj_options options = {0, 0, 0, 0, 0, 0, 0, 0};
    struct wj_choice choice;
    long long cpu, wall;
    Py_ssize_t capacity;
    int perf, hidden = 0, collector = 0;
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "$LLppnii:start", names, &cpu,
                                     &wall, &options.native, &perf, &capacity, &hidden,
                                     &collector)) {
        return NULL;
    }
    if (cpu < 0 || wall < 0 || capacity < 65536 || (capacity & (capacity - 1))) {
        PyErr_SetString(PyExc_ValueError,
                        "a negative period, or a capacity that is not a "
                        "power of two from 65536 on");
        return NULL;
    }
    options.cpu_period = cpu;
    options.wall_period = wall;
    options.no_perf = !perf;
    options.collections = collector > 0;
    options.census = collector > 1;
    options.hidden = hidden;
    options.capacity = (size_t)capacity;
    if (wj_recorder_start(&options, &choice) != 0) {
        return NULL;
    }
    return Py_BuildValue("{s:i,s:s,s:i,s:i,s:s}", "fd", wj_recorder_ring()->file,
                         "engine", engines[choice.engine], "signal", choice.signal,
                         "refusal", choice.refusal, "peek", ways[choice.peek]);
}

PyDoc_STRVAR(stop_doc,
"stop() -> None\n--\n\n"
"Stop recording; everything is in the ring when this returns. Harmless without one.");

static PyObject *
stop(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    wj_recorder_stop();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(note_doc,
"note(text) -> None\n--\n\nWrite a sentence into the recording, if there is one.");

static PyObject *
note(PyObject *module, PyObject *text)
{
    (void)module;
    const char *utf8 = PyUnicode_AsUTF8(text);
    if (utf8 == NULL) {
        return NULL;
    }
    wj_recorder_note(utf8);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(send_doc,
"send(path, fds, message) -> None\n--\n\n"
"Send ``message`` and a tuple of up to eight files along to the socket at ``path``.\n"
"Raises OSError.");

#define FILES 8

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connection >= 0
        && connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        close(connection);
        errno = error;
        return -1;
    }
    return connection;
}

static int
send_files(int connection, const int *files, size_t count, const Py_buffer *message)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(FILES * sizeof(int))];
    } control;
    struct iovec body = {message->buf, (size_t)message->len};
    struct msghdr whole = {.msg_iov = &body,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = CMSG_SPACE(count * sizeof *files)};
    memset(&control, 0, sizeof control);
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(count * sizeof *files);
    memcpy(CMSG_DATA(&control.head), files, count * sizeof *files);
    return sendmsg(connection, &whole, MSG_NOSIGNAL) == message->len ? 0 : -1;
}

static PyObject *
send_ring(PyObject *module, PyObject *args)
{
    const char *path;
    PyObject *tuple;
    Py_buffer message;
    int files[FILES];
    (void)module;
    if (!PyArg_ParseTuple(args, "sO!y*:send", &path, &PyTuple_Type, &tuple, &message)) {
        return NULL;
    }
    size_t count = 0;
    for (; count < (size_t)PyTuple_GET_SIZE(tuple) && count < FILES; count++) {
        files[count] = (int)PyLong_AsLong(PyTuple_GET_ITEM(tuple, (Py_ssize_t)count));
    }
    if (PyErr_Occurred()) {
        PyBuffer_Release(&message);
        return NULL;
    }
    int connection = connect_to(path);
    int sent = connection < 0 ? -1 : send_files(connection, files, count, &message);
    int error = errno;
    if (connection >= 0) {
        close(connection);
    }
    PyBuffer_Release(&message);
    if (sent != 0) {
        errno = error;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(task_doc,
"task(coroutine, parent, name) -> None\n--\n\n"
"Tell that ``coroutine`` belongs to a task called ``name``, made by the task of the\n"
"coroutine ``parent``, or by none.");

static PyObject *
task(PyObject *module, PyObject *args)
{
    PyObject *coroutine, *parent;
    const char *name;
    Py_ssize_t size;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOs#:task", &coroutine, &parent, &name, &size)) {
        return NULL;
    }
    wj_recorder_task(coroutine, parent == Py_None ? NULL : parent, name, (size_t)size);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(awaits_doc,
"awaits(thread, coroutine, frames, weight) -> bool\n--\n\n"
"Record where a suspended task waits: ``frames`` are (code, byte offset), leaf first, and\n"
"``weight`` ns; ``thread`` is the ident of its loop's thread. True if it was recorded.");

static int
read_frames(PyObject *list, struct wj_frame_seen *frames)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++) {
        PyObject *code;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(list, i), "O!i:awaits", &PyCode_Type,
                              &code, &frames[i].offset)) {
            return -1;
        }
        frames[i].code = (const PyCodeObject *)code;
        frames[i].entry = 0;
    }
    return 0;
}

static PyObject *
awaits(PyObject *module, PyObject *args)
{
    unsigned long handle;
    PyObject *coroutine, *list;
    long long weight;
    (void)module;
    if (!PyArg_ParseTuple(args, "kOO!L:awaits", &handle, &coroutine, &PyList_Type,
                          &list, &weight)) {
        return NULL;
    }
    size_t depth = (size_t)PyList_GET_SIZE(list);
    struct wj_frame_seen *frames = PyMem_New(struct wj_frame_seen, depth + 1);
    if (frames == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *result = NULL;
    if (read_frames(list, frames) == 0) {
        int written = wj_recorder_awaits((pthread_t)handle, coroutine, frames,
                                         (uint32_t)depth, weight);
        result = PyBool_FromLong(written == 0);
    }
    PyMem_Free(frames);
    return result;
}

PyDoc_STRVAR(stack_cost_doc,
"stack_cost(rounds) -> tuple[int, float, float]\n--\n\n"
"Read the calling thread's stack ``rounds`` times in each of the two ways.\n\n"
"Returns its depth, and the ns that one reading takes as the CPU clock's handler does it\n"
"and as the wall clock's sampler does it.");

static PyObject *
stack_cost(PyObject *module, PyObject *argument)
{
    (void)module;
    long rounds = PyLong_AsLong(argument);
    if (rounds <= 0) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "rounds must be positive");
        }
        return NULL;
    }
    struct wj_stack *stack = malloc(sizeof *stack);
    if (stack == NULL || wj_stack_init() != 0) {
        free(stack);
        return PyErr_NoMemory();
    }
    const PyThreadState *thread = PyThreadState_Get();
    int64_t begin = wj_now();
    for (long i = 0; i < rounds; i++) {
        wj_stack_of_self(thread, stack);
    }
    int64_t middle = wj_now();
    for (long i = 0; i < rounds; i++) {
        wj_stack_of_other(thread, stack);
    }
    int64_t end = wj_now();
    long depth = (long)stack->depth;
    free(stack);
    return Py_BuildValue("ldd", depth, (double)(middle - begin) / (double)rounds,
                         (double)(end - middle) / (double)rounds);
}

PyDoc_STRVAR(line_at_doc,
"line_at(table, first_line, offset) -> int\n--\n\n"
"The line of the instruction at byte ``offset`` by a code object's location table.");

static PyObject *
line_at(PyObject *module, PyObject *args)
{
    Py_buffer table;
    int first, offset;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*ii:line_at", &table, &first, &offset)) {
        return NULL;
    }
    int line = wj_line_at(table.buf, (size_t)table.len, first, offset);
    PyBuffer_Release(&table);
    return PyLong_FromLong(line);
}

/* ---- Tree ----------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    struct wj_tree tree;
} Tree;

static PyObject *
tree_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    if (PyTuple_GET_SIZE(args) != 0
        || (keywords != NULL && PyDict_GET_SIZE(keywords) != 0)) {
        PyErr_SetString(PyExc_TypeError, "Tree() takes no arguments");
        return NULL;
    }
    return type->tp_alloc(type, 0);
}

static void
tree_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    wj_tree_free(&((Tree *)self)->tree);
    type->tp_free(self);
    Py_DECREF(type);
}

/* The texts that end in zeros, as a list; the bytes are used up. */
static PyObject *
take_texts(struct wj_bytes *bytes)
{
    PyObject *list = PyList_New(0);
    const char *end = bytes->data + bytes->size;
    for (const char *at = bytes->data; list != NULL && at < end;) {
        size_t size = strlen(at);
        PyObject *text = PyUnicode_DecodeUTF8(at, (Py_ssize_t)size, "replace");
        if (text == NULL || PyList_Append(list, text) != 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(text);
        at += size + 1;
    }
    if (list != NULL) {
        bytes->size = 0;
    }
    return list;
}

/* A column of ``width`` bytes out of rows of ``row`` bytes, from ``offset`` in each. */
static PyObject *
column(const struct wj_bytes *rows, size_t row, size_t offset, size_t width)
{
    size_t count = rows->size / row;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * width));
    if (bytes != NULL) {
        char *to = PyBytes_AS_STRING(bytes);
        const char *from = rows->data + offset;
        for (size_t i = 0; i < count; i++) {
            memcpy(to + i * width, from + i * row, width);
        }
    }
    return bytes;
}

#define COLUMN(rows, type, field)                                                      \
    column(rows, sizeof(type), offsetof(type, field), sizeof(((type *)0)->field))

/* The weights of one clock, 0 for the samples of the other. */
static PyObject *
weights(const struct wj_bytes *rows, int clock)
{
    const struct wj_sample_row *row = (const struct wj_sample_row *)rows->data;
    size_t count = rows->size / sizeof *row;
    PyObject *bytes =
        PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * sizeof(int64_t)));
    if (bytes != NULL) {
        int64_t *to = (int64_t *)PyBytes_AS_STRING(bytes);
        for (size_t i = 0; i < count; i++) {
            to[i] = row[i].clock == clock ? row[i].weight : 0;
        }
    }
    return bytes;
}

PyDoc_STRVAR(tree_take_doc,
"take() -> tuple\n--\n\n"
"What came since the last take: functions (file, name, line, file, …), libraries,\n"
"frames (kind i32, a i32, b i64), nodes (parent i32, frame i32) and samples (time i64,\n"
"thread i32, node i32, state i8, holder i32, and i64 by clock: wall, cpu, await, pause,\n"
"runs, examined, collected, garbage), columns as bytes.");

static PyObject *
tree_take(PyObject *self, PyObject *unused)
{
    struct wj_tree *tree = &((Tree *)self)->tree;
    const struct wj_bytes *samples = &tree->sample_rows;
    (void)unused;
    PyObject *taken =
        Py_BuildValue("(NN(NNN)(NN)(NNNNNNNNNNNNN))", take_texts(&tree->functions),
                      take_texts(&tree->libraries),
                      COLUMN(&tree->frame_rows, struct wj_frame_row, kind),
                      COLUMN(&tree->frame_rows, struct wj_frame_row, a),
                      COLUMN(&tree->frame_rows, struct wj_frame_row, b),
                      COLUMN(&tree->node_rows, struct wj_node_row, parent),
                      COLUMN(&tree->node_rows, struct wj_node_row, frame),
                      COLUMN(samples, struct wj_sample_row, time),
                      COLUMN(samples, struct wj_sample_row, thread),
                      COLUMN(samples, struct wj_sample_row, node),
                      COLUMN(samples, struct wj_sample_row, state),
                      COLUMN(samples, struct wj_sample_row, holder),
                      weights(samples, WJ_WALL), weights(samples, WJ_CPU),
                      weights(samples, WJ_AWAIT), weights(samples, WJ_PAUSE),
                      weights(samples, WJ_RUNS), weights(samples, WJ_EXAMINED),
                      weights(samples, WJ_COLLECTED), weights(samples, WJ_GARBAGE));
    if (taken != NULL) {
        tree->frame_rows.size = tree->node_rows.size = tree->sample_rows.size = 0;
    }
    return taken;
}

PyDoc_STRVAR(tree_node_doc,
"node(parent, file, name, first_line, line) -> int\n--\n\n"
"The node of a Python function called from another node, -1 for the root.");

static PyObject *
tree_node(PyObject *self, PyObject *args)
{
    struct wj_tree *tree = &((Tree *)self)->tree;
    const char *file, *name;
    Py_ssize_t file_size, name_size;
    int parent, first_line, line;
    if (!PyArg_ParseTuple(args, "is#s#ii:node", &parent, &file, &file_size, &name,
                          &name_size, &first_line, &line)) {
        return NULL;
    }
    int32_t function = wj_tree_function(tree, file, (size_t)file_size, name,
                                        (size_t)name_size, first_line);
    int32_t frame =
        function < 0 ? -1 : wj_tree_frame(tree, WJ_FRAME_PYTHON, function, line);
    int32_t node = frame < 0 ? -1 : wj_tree_node(tree, parent, frame);
    return node < 0 ? PyErr_NoMemory() : PyLong_FromLong(node);
}

PyDoc_STRVAR(tree_native_doc,
"native(parent, library, address) -> int\n--\n\n"
"The node of C code called from another node, -1 for the root.");

static PyObject *
tree_native(PyObject *self, PyObject *args)
{
    struct wj_tree *tree = &((Tree *)self)->tree;
    const char *path;
    Py_ssize_t size;
    int parent;
    long long address;
    if (!PyArg_ParseTuple(args, "is#L:native", &parent, &path, &size, &address)) {
        return NULL;
    }
    int32_t library = wj_tree_library(tree, path, (size_t)size);
    int32_t frame =
        library < 0 ? -1 : wj_tree_frame(tree, WJ_FRAME_NATIVE, library, address);
    int32_t node = frame < 0 ? -1 : wj_tree_node(tree, parent, frame);
    return node < 0 ? PyErr_NoMemory() : PyLong_FromLong(node);
}

static PyMethodDef tree_methods[] = {
    {"node", tree_node, METH_VARARGS, tree_node_doc},
    {"native", tree_native, METH_VARARGS, tree_native_doc},
    {"take", tree_take, METH_NOARGS, tree_take_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot tree_slots[] = {
    {Py_tp_doc, "The call tree of a recording, as it grows."},
    {Py_tp_new, tree_new},
    {Py_tp_dealloc, tree_dealloc},
    {Py_tp_methods, tree_methods},
    {0, NULL},
};

static PyType_Spec tree_spec = {
    .name = "wadjet.observe.sampling._sampling.Tree",
    .basicsize = sizeof(Tree),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = tree_slots,
};

/* ---- Reader --------------------------------------------------------------------- */

typedef struct {
    PyObject_HEAD
    Tree *tree; /* Owned; NULL when closed */
    struct wj_reader reader;
} Reader;

struct state {
    PyTypeObject *tree_type; /* Owned */
};

static PyObject *
reader_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"tree", "fd", "start", NULL};
    const struct state *state = PyType_GetModuleState(type);
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
    if (wj_reader_open(&self->reader, &((Tree *)tree)->tree, file, begin) != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        Py_DECREF(self);
        return NULL;
    }
    self->tree = (Tree *)Py_NewRef(tree);
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

/* ---- the module ----------------------------------------------------------------- */

static int
execute(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    state->tree_type =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &tree_spec, NULL);
    if (state->tree_type == NULL || PyModule_AddType(module, state->tree_type) != 0) {
        return -1;
    }
    PyObject *type = PyType_FromModuleAndSpec(module, &reader_spec, NULL);
    int result = type == NULL ? -1 : PyModule_AddType(module, (PyTypeObject *)type);
    Py_XDECREF(type);
    return result;
}

static int
traverse(PyObject *module, visitproc visit, void *arg)
{
    const struct state *state = PyModule_GetState(module);
    Py_VISIT(state->tree_type);
    return 0;
}

static int
clear(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    Py_CLEAR(state->tree_type);
    return 0;
}

static PyMethodDef methods[] = {
    {"start", (PyCFunction)(void (*)(void))start, METH_VARARGS | METH_KEYWORDS,
     start_doc},
    {"stop", stop, METH_NOARGS, stop_doc},
    {"note", note, METH_O, note_doc},
    {"send", send_ring, METH_VARARGS, send_doc},
    {"task", task, METH_VARARGS, task_doc},
    {"awaits", awaits, METH_VARARGS, awaits_doc},
    {"stack_cost", stack_cost, METH_O, stack_cost_doc},
    {"line_at", line_at, METH_VARARGS, line_at_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_sampling",
    .m_doc = "The sampling recorder and the reader of what it records.",
    .m_size = sizeof(struct state),
    .m_methods = methods,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
};

PyMODINIT_FUNC PyInit__sampling(void);

PyMODINIT_FUNC
PyInit__sampling(void)
{
    return PyModuleDef_Init(&definition);
}
