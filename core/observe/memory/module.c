/* wadjet.observe.memory._memory: the border to Python.
 *
 * Functions for the program whose memory is watched; whoever reads has the type Table.
 */
#include "compat.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "map.h"
#include "table_type.h"
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
"start(library, mean, natives) -> dict\n--\n\n"
"Watch the memory of this process through the tracker in the file ``library``.\n\n"
"``mean`` is the number of bytes between samples, 0 to count every block; with\n"
"``natives`` call chains have all C functions, not just the one that asked. Returns\n"
"``fd`` (the table; borrowed) and ``preloaded`` (malloc and its kin are watched too).\n"
"Raises RuntimeError where memory is watched already, OSError.");

static PyObject *
start(PyObject *module, PyObject *args)
{
    const char *path;
    long long mean;
    int natives;
    (void)module;
    if (!PyArg_ParseTuple(args, "sLp:start", &path, &mean, &natives)) {
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
    if (wj_table_create(&table, mean, natives) != 0
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

/* Leave what the kernel says of all our mappings: nobody else could ask it later. */
static void
say_farewell(void)
{
    struct wj_table_head *head = table.head;
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
    tracker
        ->account(); /* which looks at all arenas: after the kernel has told of them */
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

/* Rows of blocks, and whether there was room for all. */
struct listing {
    struct wj_bytes rows;
    int result;
};

static void
list_block(uintptr_t address, struct wj_block block, void *data)
{
    struct listing *all = data;
    uint64_t row[] = {address, block.size, block.context};
    if (all->result == 0 && block.context != 0) {
        all->result = wj_bytes_add(&all->rows, row, sizeof row);
    }
}

PyDoc_STRVAR(blocks_doc,
"blocks() -> bytes\n--\n\n"
"The blocks that were made since watching began and are live, where every block is\n"
"counted: of each three numbers of 64 bits, its address, its bytes and its context.\n"
"Raises RuntimeError where nothing is watched.");

static PyObject *
blocks(PyObject *module, PyObject *unused)
{
    struct listing all = {{NULL, 0, 0}, 0};
    (void)module;
    (void)unused;
    if (table.file < 0 || owner != getpid()) {
        PyErr_SetString(PyExc_RuntimeError, "no memory is watched");
        return NULL;
    }
    tracker->blocks(list_block, &all);
    PyObject *found =
        all.result != 0
            ? PyErr_NoMemory()
            : PyBytes_FromStringAndSize(all.rows.data, (Py_ssize_t)all.rows.size);
    wj_bytes_free(&all.rows);
    return found;
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

/* ---- the module ----------------------------------------------------------------- */

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS, start_doc},
    {"stop", stop, METH_NOARGS, stop_doc},
    {"blocks", blocks, METH_NOARGS, blocks_doc},
    {"overlook", overlook, METH_VARARGS, overlook_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, wj_table_type_add},
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
