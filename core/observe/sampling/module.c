/* wadjet.observe.sampling._sampling: the border to Python.
 *
 * Functions for the program that is recorded; Tree and Reader, for whoever reads, have
 * files of their own.
 */
#include "compat.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "lines.h"
#include "reader_type.h"
#include "recorder.h"
#include "tree_type.h"

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

/* ---- the module ----------------------------------------------------------------- */

static int
execute(PyObject *module)
{
    struct wj_sampling_state *state = PyModule_GetState(module);
    state->tree_type = wj_tree_type_add(module);
    return state->tree_type == NULL ? -1 : wj_reader_type_add(module);
}

static int
traverse(PyObject *module, visitproc visit, void *arg)
{
    const struct wj_sampling_state *state = PyModule_GetState(module);
    Py_VISIT(state->tree_type);
    return 0;
}

static int
clear(PyObject *module)
{
    struct wj_sampling_state *state = PyModule_GetState(module);
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
    .m_size = sizeof(struct wj_sampling_state),
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
