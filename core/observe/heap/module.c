/* wadjet.observe.heap._heap: the border to Python.
 *
 * Two functions, both of which leave their result in a file: ``snapshot`` of this
 * process, here or in a forked child, and ``analyze`` of a graph that is given.
 */
#include "walk.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"

#define PATIENCE 600 /* seconds after which a child that hangs ends */

struct state {
    PyObject *sizeof_name; /* Owned */
    traverseproc plain, defaultdict, deque;
};

struct request {
    int file, ask, twins, alone;
    Py_buffer about;
};

static void
prepare(struct wj_walk *walk, const struct state *state, struct wj_graph *graph)
{
    PyTypeObject *const types[] = {
        &PyBaseObject_Type, &PyLong_Type, &PyUnicode_Type,   &PyList_Type,
        &PyDict_Type,       &PySet_Type,  &PyFrozenSet_Type, &PyByteArray_Type,
        &PyType_Type,       &PyCode_Type,
    };
    memset(walk, 0, sizeof *walk);
    walk->graph = graph;
    walk->plain = state->plain;
    walk->defaultdict = state->defaultdict;
    walk->deque = state->deque;
    walk->sizeof_name = state->sizeof_name;
    for (size_t at = 0; at < sizeof types / sizeof *types; at++) {
        walk->sizeofs[at] = _PyType_Lookup(types[at], state->sizeof_name);
    }
}

/* Needs the GIL; everything that reads objects. 0, or -1 without memory. */
static int
look(const struct state *state, const struct request *request, struct wj_graph *graph)
{
    struct wj_walk walk;
    prepare(&walk, state, graph);
    walk.alone = request->alone;
    int result = wj_walk_all(&walk);
    if (result == 0 && request->twins) {
        result = wj_walk_twins(&walk);
    }
    if (result == 0) {
        result = wj_walk_texts(&walk);
    }
    if (result == 0 && request->ask) {
        result = wj_ask_sizes(&walk);
    }
    wj_walk_free(&walk);
    return result;
}

static int
finish(const struct request *request, struct wj_graph *graph)
{
    if (wj_graph_analyze(graph) != 0) {
        errno = ENOMEM;
        return -1;
    }
    return wj_graph_write(graph, request->file, request->about.buf,
                          (size_t)request->about.len);
}

static long
now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

/* Take the snapshot here. Returns the ns for which nothing else ran, or -1 with an
 * error. */
static long
take_here(const struct state *state, const struct request *request)
{
    struct wj_graph graph = {0};
    long began = now(), pause = -1;
    int result, error = 0;
    if (look(state, request, &graph) == 0) {
        pause = now() - began;
        Py_BEGIN_ALLOW_THREADS
        result = finish(request, &graph);
        error = errno;
        Py_END_ALLOW_THREADS
        if (result != 0) {
            errno = error;
            PyErr_SetFromErrno(PyExc_OSError);
            pause = -1;
        }
    } else if (!PyErr_Occurred()) {
        PyErr_NoMemory();
    }
    wj_graph_free(&graph);
    wj_columns_release();
    return pause;
}

/* What the child does: it has this thread only, so it takes no lock and ends at once.
 */
static void
live_as_child(const struct state *state, const struct request *request, pid_t parent)
{
    struct wj_graph graph = {0};
    struct sigaction action = {.sa_handler = SIG_DFL};
    struct itimerval limit = {.it_value = {.tv_sec = PATIENCE}};
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &limit, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int error = getppid() != parent                 ? ECHILD
                : look(state, request, &graph) != 0 ? ENOMEM
                : finish(request, &graph) != 0      ? errno
                                                    : 0;
    syscall(SYS_exit_group, error);
}

/* Take the snapshot in a forked child: this process stands still for the fork only. The
   fork is the bare system call, so that no handler of the program runs, and its end
   sends no signal. Returns ns, or -1 with an error. */
static long
take_in_child(const struct state *state, const struct request *request)
{
    int status = 0;
    pid_t got, parent = getpid();
    long began = now();
    pid_t child = (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
    if (child == 0) {
        live_as_child(state, request, parent);
    }
    long pause = now() - began;
    if (child < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS
    do {
        got = waitpid(child, &status, __WALL);
    } while (got < 0 && errno == EINTR);
    Py_END_ALLOW_THREADS
    if (got == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return pause;
    }
    errno = got == child && WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

PyDoc_STRVAR(snapshot_doc,
"snapshot(fd, about, *, fork, ask, twins) -> int\n--\n\n"
"Write the graph of all objects of this process to the file ``fd``.\n\n"
"``about`` is JSON, as bytes, to put in. ``fork`` leaves the work to a forked child;\n"
"``ask`` calls ``__sizeof__`` of types whose size is not known otherwise; ``twins``\n"
"looks for equal strings, bytes and tuples. Returns for how many ns the process stood\n"
"still. Raises RuntimeError during a collection, MemoryError, OSError.");

static PyObject *
snapshot(PyObject *module, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"", "", "fork", "ask", "twins", NULL};
    struct request request = {0};
    const struct state *state = PyModule_GetState(module);
    int fork = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "iy*$ppp:snapshot", names,
                                     &request.file, &request.about, &fork, &request.ask,
                                     &request.twins)) {
        return NULL;
    }
    long pause = -1;
    request.alone = fork;
    if (wj_gc_is_collecting(PyThreadState_Get()->interp)) {
        PyErr_SetString(PyExc_RuntimeError, "a collection is under way");
    } else if (fork) {
        pause = take_in_child(state, &request);
    } else {
        pause = take_here(state, &request);
    }
    PyBuffer_Release(&request.about);
    return pause < 0 ? NULL : PyLong_FromLong(pause);
}

PyDoc_STRVAR(analyze_doc,
"analyze(fd, about, first, edge, size, flags) -> None\n--\n\n"
"Write a graph that is given, with what is worked out from it, to the file ``fd``.\n\n"
"``first`` (one more than there are objects), ``edge`` and ``size`` are buffers of\n"
"32-bit numbers, ``flags`` of bytes; object 0 is the root of all, and every type is one.");

static int
take_columns(PyObject *args, struct request *request, struct wj_graph *graph)
{
    Py_buffer buffers[4];
    struct wj_column *columns[] = {&graph->first, &graph->edge, &graph->size,
                                   &graph->flags};
    static const size_t widths[] = {4, 4, 4, 1};
    if (!PyArg_ParseTuple(args, "iy*y*y*y*y*:analyze", &request->file, &request->about,
                          &buffers[0], &buffers[1], &buffers[2], &buffers[3])) {
        return -1;
    }
    int result = 0;
    for (int at = 0; at < 4; at++) {
        columns[at]->width = widths[at];
        size_t count = (size_t)buffers[at].len / widths[at];
        result |= wj_column_append(columns[at], buffers[at].buf, count);
        PyBuffer_Release(&buffers[at]);
    }
    size_t objects = graph->flags.count;
    static const char words[] = "\0object\0";
    uint32_t zero = 0;
    uint8_t none = 0;
    graph->type_flags.width = graph->type_tail.width = graph->words.width = 1;
    graph->type_fields.width = graph->type_object.width = graph->type_first.width = 4;
    graph->type_basic.width = 4;
    result |= wj_column_resize(&graph->type, 4, objects)
              | wj_column_resize(&graph->held, 1, objects)
              | wj_column_resize(&graph->address, 8, objects)
              | wj_column_append(&graph->words, words, sizeof words - 1)
              | wj_column_append(&graph->type_flags, &none, 1)
              | wj_column_append(&graph->type_tail, &none, 1)
              | wj_column_append(&graph->type_fields, &zero, 1)
              | wj_column_append(&graph->type_object, &zero, 1)
              | wj_column_append(&graph->type_basic, &zero, 1)
              | wj_column_append(&graph->type_first, &zero, 1);
    for (size_t at = 0; result == 0 && at < objects; at++) {
        wj_u64(&graph->address)[at] = at;
    }
    return result;
}

static int
is_graph(const struct wj_graph *graph)
{
    size_t objects = graph->flags.count, edges = graph->edge.count;
    const uint32_t *first = wj_u32(&graph->first);
    if (objects == 0 || graph->first.count != objects + 1
        || graph->size.count != objects || first[0] != 0 || first[objects] != edges) {
        return 0;
    }
    for (size_t at = 0; at < objects; at++) {
        if (first[at] > first[at + 1]) {
            return 0;
        }
    }
    for (size_t at = 0; at < edges; at++) {
        if (wj_u32(&graph->edge)[at] >= objects) {
            return 0;
        }
    }
    return 1;
}

static PyObject *
analyze(PyObject *module, PyObject *args)
{
    struct request request = {0};
    struct wj_graph graph = {0};
    int result = -1;
    (void)module;
    if (take_columns(args, &request, &graph) != 0) {
        if (!PyErr_Occurred()) {
            PyErr_NoMemory();
        }
    } else if (!is_graph(&graph)) {
        PyErr_SetString(PyExc_ValueError, "the columns do not make a graph");
    } else {
        result = finish(&request, &graph);
        if (result != 0) {
            PyErr_SetFromErrno(PyExc_OSError);
        }
    }
    PyBuffer_Release(&request.about);
    wj_graph_free(&graph);
    wj_columns_release();
    if (result != 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"snapshot", (PyCFunction)(void (*)(void))snapshot, METH_VARARGS | METH_KEYWORDS,
     snapshot_doc},
    {"analyze", analyze, METH_VARARGS, analyze_doc},
    {NULL, NULL, 0, NULL},
};

/* The tp_traverse of every class that a class statement makes. */
static int
find_plain(struct state *state)
{
    PyObject *plain = PyObject_CallFunction((PyObject *)&PyType_Type, "s(){}", "Plain");
    if (plain == NULL) {
        return -1;
    }
    state->plain = ((PyTypeObject *)plain)->tp_traverse;
    Py_DECREF(plain);
    return 0;
}

static int
find_traverse(PyObject *collections, const char *name, traverseproc *traverse)
{
    PyObject *type = PyObject_GetAttrString(collections, name);
    if (type == NULL) {
        return -1;
    }
    if (PyType_Check(type)) {
        *traverse = ((PyTypeObject *)type)->tp_traverse;
    }
    Py_DECREF(type);
    return 0;
}

static int
prepare_module(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    PyObject *collections = PyImport_ImportModule("_collections");
    int result = -1;
    state->sizeof_name = PyUnicode_InternFromString("__sizeof__");
    if (collections != NULL && state->sizeof_name != NULL && find_plain(state) == 0
        && find_traverse(collections, "defaultdict", &state->defaultdict) == 0) {
        result = find_traverse(collections, "deque", &state->deque);
    }
    Py_XDECREF(collections);
    return result;
}

static int
clear_module(PyObject *module)
{
    struct state *state = PyModule_GetState(module);
    Py_CLEAR(state->sizeof_name);
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, prepare_module},
    WJ_MODULE_SLOTS
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "wadjet.observe.heap._heap",
    .m_doc = "Snapshots of all objects of a process.",
    .m_size = sizeof(struct state),
    .m_methods = methods,
    .m_slots = slots,
    .m_clear = clear_module,
};

PyMODINIT_FUNC PyInit__heap(void);

PyMODINIT_FUNC
PyInit__heap(void)
{
    return PyModuleDef_Init(&definition);
}
