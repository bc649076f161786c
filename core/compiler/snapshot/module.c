/* `_wadjet_snapshot`: built into the process that is frozen, and what wakes from it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "chance.h"
#include "glue.h"
#include "running.h"
#include "snapshot.h"

extern void
    *__curbrk; /* where the C library believes that the heap of the kernel ends */

/* A signal's disposition that is not the kernel's. */
struct disposition {
    int number;
    struct sigaction action;
};

struct dispositions {
    struct disposition each[WJ_SIGNALS];
    size_t count;
};

static void
note_signals(struct dispositions *kept)
{
    kept->count = 0;
    for (int i = 1; i < WJ_SIGNALS; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL) {
            kept->each[kept->count++] = (struct disposition){i, action};
        }
    }
}

/* The signals that whoever started us wants to be ignored: bit n - 1 is signal n. */
static uint64_t
ignored_signals(void)
{
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0) {
        close(file);
    }
    text[size > 0 ? size : 0] = '\0';
    const char *found = strstr(text, "\nSigIgn:\t");
    return found ? strtoull(found + strlen("\nSigIgn:\t"), NULL, 16) : 0;
}

/* Install the handlers again. One who starts us with a signal ignored, as `nohup` does
   and a shell in the background, means it: returns those of which the image does not
   know. */
static uint64_t
renew_signals(const struct dispositions *kept)
{
    uint64_t ignored = ignored_signals();
    for (size_t i = 0; i < kept->count; i++) {
        int number = kept->each[i].number;
        uint64_t bit = UINT64_C(1) << (number - 1);
        if (number != SIGINT || !(ignored & bit)) {
            sigaction(number, &kept->each[i].action, NULL);
            ignored &= ~bit;
        }
    }
    return ignored;
}

/* ---- what the image is told
 * ----------------------------------------------------------- */

/* Memory, all zero, for what each start reads: side by side, so that it is in few
   pages. NULL with an exception set. */
static void *
room_for(size_t size)
{
    static _Alignas(16) char room[1 << 16];
    static size_t used;
    size = (size + 15) & ~(size_t)15;
    if (size <= sizeof room - used) {
        used += size;
        return room + used - size;
    }
    void *made = calloc(1, size);
    return made ? made : PyErr_NoMemory();
}

/* Owned; NULL with an exception set. */
static char *
copy_bytes(PyObject *bytes)
{
    const char *text = PyBytes_AsString(bytes);
    char *made = text ? room_for(strlen(text) + 1) : NULL;
    return made ? strcpy(made, text) : NULL;
}

/* Copies of a list of bytes objects. Owned; NULL with an exception set. */
static char **
copy_list(PyObject *list, size_t *count)
{
    Py_ssize_t size = PyList_Size(list);
    char **made = size < 0 ? NULL : room_for(((size_t)size + 1) * sizeof *made);
    for (Py_ssize_t i = 0; made != NULL && i < size; i++) {
        made[i] = copy_bytes(PyList_GET_ITEM(list, i));
        if (made[i] == NULL) {
            return NULL; /* the process ends with it */
        }
    }
    *count = (size_t)(size < 0 ? 0 : size);
    return made;
}

static int
describe(PyObject *python, PyObject *words, PyObject *variables, PyObject *paths,
         PyObject *images)
{
    size_t count;
    char **names;
    if ((wj_frozen.python = copy_bytes(python)) == NULL
        || (wj_frozen.words = copy_list(words, &wj_frozen.word_count)) == NULL
        || (wj_frozen.variables = copy_list(variables, &wj_frozen.variable_count))
               == NULL
        || (wj_frozen.images = copy_list(images, &wj_frozen.image_count)) == NULL
        || (names = copy_list(paths, &count)) == NULL
        || (wj_frozen.files = room_for(count * sizeof *wj_frozen.files)) == NULL) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        wj_frozen.files[i].path = names[i];
        wj_describe_file(wj_frozen.files + i);
    }
    wj_frozen.file_count = count;
    return 0;
}

/* ---- freezing, and waking
 * ------------------------------------------------------------- */

/* What the new process was started with: its words, and its variables. */
static PyObject *
strings(char **each)
{
    PyObject *list = PyList_New(0);
    for (; list != NULL && each != NULL && *each != NULL; each++) {
        PyObject *text = PyBytes_FromString(*each);
        if (text == NULL || PyList_Append(list, text) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(text);
    }
    return list;
}

/* The variables as `os.environ` keeps them. Owned; NULL with an exception set. */
static PyObject *
variables_of(char **each)
{
    PyObject *made = PyDict_New();
    for (; made != NULL && *each != NULL; each++) {
        const char *sign = strchr(*each + (**each != '\0'), '=');
        if (sign == NULL) {
            continue;
        }
        PyObject *name = PyBytes_FromStringAndSize(*each, sign - *each);
        PyObject *value = PyBytes_FromString(sign + 1);
        if (name == NULL || value == NULL
            || PyDict_SetDefault(made, name, value) == NULL) {
            Py_CLEAR(made);
        }
        Py_XDECREF(name);
        Py_XDECREF(value);
    }
    return made;
}

/* What the standard streams are: a letter for each. */
static void
look_at_streams(char kinds[4])
{
    for (int i = 0; i < 3; i++) {
        struct stat found;
        int is_open = fstat(i, &found) == 0;
        int is_null =
            is_open && S_ISCHR(found.st_mode) && found.st_rdev == makedev(1, 3);
        int is_pipe = is_open && (S_ISFIFO(found.st_mode) || S_ISSOCK(found.st_mode));
        kinds[i] = !is_open ? 'c' : is_null || is_pipe ? 'p' : isatty(i) ? 't' : 'f';
    }
    kinds[3] = '\0';
}

/* Open what libraries hold under the numbers that they know. */
static int
open_held(void)
{
    for (size_t i = 0; i < wj_frozen.held_count; i++) {
        const struct wj_held *each = wj_frozen.held + i;
        int file = open(each->path, O_RDONLY | O_CLOEXEC);
        if (file >= 0 && file != each->number) {
            int moved = fcntl(each->number, F_GETFD) < 0
                            ? dup3(file, each->number, O_CLOEXEC)
                            : -1; /* somebody gave us that number */
            close(file);
            file = moved;
        }
        if (file < 0) {
            PyErr_SetFromErrnoWithFilename(PyExc_OSError, each->path);
            return -1;
        }
    }
    return 0;
}

static PyObject *
wake(const struct dispositions *signals)
{
    char **words = (char **)(wj_frozen.started + 1), kinds[4];
    environ = words + wj_frozen.started[0] + 1;
    __curbrk = NULL; /* the C library asks the kernel when it needs to know */
    unsigned long long ignored = renew_signals(signals);
    look_at_streams(kinds);
    PyOS_AfterFork_Child();
    if (wj_draw_states() < 0 || open_held() < 0) {
        return NULL;
    }
    return Py_BuildValue("(NNsKii)", strings(words), variables_of(environ), kinds,
                         ignored, *wj_frozen.tid, wj_frozen.former);
}

PyDoc_STRVAR(freeze_doc,
             "freeze(file, python, words, variables, paths, images) -> None or a tuple\n\n"
             "Write this process into a file. Returns None here, and in each process that\n"
             "the file is run as its arguments, its environment, what its streams are (c\n"
             "closed, p a pipe or nothing, t a terminal, f other), the set of signals\n"
             "that it is to ignore, its number, and that of the first process.");

static PyObject *
snapshot_freeze(PyObject *module, PyObject *args)
{
    static struct dispositions signals;
    PyObject *python, *words, *variables, *paths, *images;
    const char *why = NULL;
    int file;
    (void)module;
    if (!PyArg_ParseTuple(args, "iSO!O!O!O!", &file, &python, &PyList_Type, &words,
                          &PyList_Type, &variables, &PyList_Type, &paths, &PyList_Type,
                          &images)
        || describe(python, words, variables, paths, images) < 0) {
        return NULL;
    }
    if (wj_describe_thread(&why) < 0) {
        return PyErr_Format(PyExc_RuntimeError, "%s", why);
    }
    note_signals(&signals);
    PyOS_BeforeFork();
    if (wj_save(&wj_frozen.registers) != 0) {
        return wake(&signals);
    }
    int failed = wj_write_image(file, &why), error = errno;
    PyOS_AfterFork_Parent();
    if (failed && why != NULL) {
        return PyErr_Format(PyExc_RuntimeError, "%s", why);
    }
    errno = error;
    return failed ? PyErr_SetFromErrno(PyExc_OSError) : Py_NewRef(Py_None);
}

PyDoc_STRVAR(refusals_doc, "refusals(descriptors) -> list of str\n\n"
                           "Say what of this process cannot be written into a file.");

static PyObject *
snapshot_refusals(PyObject *module, PyObject *args)
{
    char text[4096];
    int ours[2];
    (void)module;
    if (!PyArg_ParseTuple(args, "(ii)", ours, ours + 1)) {
        return NULL;
    }
    wj_refusals(ours, 2, text, sizeof text);
    PyObject *whole = PyUnicode_DecodeFSDefault(text);
    PyObject *lines = whole ? PyUnicode_Splitlines(whole, 0) : NULL;
    Py_XDECREF(whole);
    return lines;
}

static PyObject *
snapshot_specification(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return PyUnicode_DecodeFSDefault(wj_specification());
}

static PyObject *
snapshot_listen(PyObject *module, PyObject *flag)
{
    (void)module;
    wj_asking = PyObject_IsTrue(flag) > 0;
    if (!wj_asking) {
        wj_forget_audits();
    }
    return Py_NewRef(Py_None);
}

static PyObject *
snapshot_asked(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return strings(wj_asked);
}

static PyObject *
snapshot_needed(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return PyLong_FromVoidPtr(&wj_needed);
}

static PyObject *
snapshot_is_read_by_all(PyObject *module, PyObject *entry)
{
    const char *text = PyBytes_AsString(entry);
    (void)module;
    return text ? PyBool_FromLong(wj_is_read_by_all(text)) : NULL;
}

static PyObject *
snapshot_opened(PyObject *module, PyObject *args)
{
    (void)module, (void)args;
    return strings(wj_opened);
}

/* An entry of a folder, as the kernel writes it. */
struct entry {
    uint64_t inode, offset;
    uint16_t size;
    uint8_t kind;
    char name[];
};

static int
append_names(PyObject *list, const char *entries, ssize_t size)
{
    for (ssize_t at = 0; at < size;) {
        const struct entry *each = (const struct entry *)(const void *)(entries + at);
        PyObject *name = PyUnicode_DecodeFSDefault(each->name);
        int failed = name == NULL || PyList_Append(list, name) < 0;
        Py_XDECREF(name);
        if (failed) {
            return -1;
        }
        at += each->size;
    }
    return 0;
}

PyDoc_STRVAR(names_doc, "names(folder) -> list of str\n\n"
                        "What a folder has, in as few system calls as can be; nothing for\n"
                        "one that cannot be read.");

static PyObject *
snapshot_names(PyObject *module, PyObject *folder)
{
    _Alignas(struct entry) char room[1 << 15];
    const char *path = PyBytes_AsString(folder);
    PyObject *list = path ? PyList_New(0) : NULL;
    (void)module;
    if (list == NULL) {
        return NULL;
    }
    int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ssize_t size = 0;
    while (list != NULL && file >= 0
           && (size = syscall(SYS_getdents64, file, room, sizeof room)) > 0) {
        if (append_names(list, room, size) < 0) {
            Py_CLEAR(list);
        }
    }
    if (file >= 0) {
        close(file);
    }
    return list;
}

static PyMethodDef methods[] = {
    {"freeze", snapshot_freeze, METH_VARARGS, freeze_doc},
    {"refusals", snapshot_refusals, METH_VARARGS, refusals_doc},
    {"specification", snapshot_specification, METH_NOARGS,
     "What the parent asked for."},
    {"listen", snapshot_listen, METH_O,
     "Note the variables that C code asks for, or no more."},
    {"asked", snapshot_asked, METH_NOARGS, "The variables that C code has asked for."},
    {"is_read_by_all", snapshot_is_read_by_all, METH_O,
     "Whether NAME=VALUE is read by the interpreter or the C library, whoever is imported."},
    {"names", snapshot_names, METH_O, names_doc},
    {"renews", wj_renews, METH_VARARGS,
     "renews(holder, words): whether each process that comes back will draw them anew."},
    {"needed", snapshot_needed, METH_NOARGS,
     "Where the image keeps which pages its starts need."},
    {"opened", snapshot_opened, METH_NOARGS, "The files that were opened meanwhile."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "_wadjet_snapshot",
    NULL,
    -1,
    methods,
    NULL,
    NULL,
    NULL,
    NULL,
};

PyObject *
wj_make_module(void)
{
    return PyModule_Create(&definition);
}
