/* main.c: an executable that is one Python program.
 *
 * What a plain interpreter finds out at each start was found out when this was built,
 * and stands in recorded.h: paths, what the site adds to them, where modules are. The
 * interpreter itself is the one of that Python, and gets the command line that would
 * have started the program there, so that options, the environment and the locale count
 * as they do there.
 *
 * Whatever the record does not cover is left to that Python: it is executed instead.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launcher.h"

#include "recorded.h"

/* Variables by which a start is another one than was recorded. */
static const char *const TELLING[] = {
    "PYTHONHOME",       "PYTHONPATH",        "PYTHONPLATLIBDIR",      "PYTHONSAFEPATH",
    "PYTHONNOUSERSITE", "PYTHONUSERBASE",    "PYTHONOPTIMIZE",        "PYTHONINSPECT",
    "PYTHONEXECUTABLE", "PYTHON_PRESITE",    "PYTHON_FROZEN_MODULES", "PYTHONCASEOK",
    "PYTHONDUMPREFS",   "PYTHON_BASIC_REPL",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char **
command_line(int count, char **words)
{
    size_t fixed = COUNT(COMMAND);
    /* With room enough below its last block the heap grows once for all of a start. */
    void *volatile room[] = {malloc(127 << 10), malloc(127 << 10)};
    char **line = calloc(fixed + count + 1, sizeof *line);
    free(room[0]);
    free(room[1]);
    if (!line) {
        abort();
    }
    for (size_t i = 0; i < fixed; i++) {
        line[i] = (char *)COMMAND[i];
    }
    for (int i = 1; i < count; i++) {
        line[fixed + i - 1] = words[i];
    }
    return line;
}

/* Become the plain interpreter; return only if that cannot be. */
static int
run_plainly(const char *name, char **line, const char *why)
{
    if (why) {
        fprintf(stderr, "%s: %s; running %s instead\n", name, why, COMMAND[0]);
    }
    if (!SCRIPT || access(SCRIPT, R_OK) == 0) {
        execv(COMMAND[0], line);
    }
    fprintf(stderr, "%s: cannot run %s %s (%s); build it again with wadjet launcher\n",
            name, COMMAND[0], SCRIPT ? SCRIPT : "", strerror(errno));
    return 70;
}

static bool
is_told_otherwise(void)
{
    for (size_t i = 0; ENVIRONMENT_COUNTS && i < COUNT(TELLING); i++) {
        const char *value = getenv(TELLING[i]);
        if (value && *value) {
            return true;
        }
    }
    return false;
}

/* Say what of the Python that this was made for is not as it was; NULL if all is. */
static const char *
changed(void)
{
    struct stat now;
    if (stat(LANDMARK_FILE, &now) < 0) {
        return "the standard library in " STDLIB " is gone";
    }
    int64_t modified = now.st_mtim.tv_sec * INT64_C(1000000000) + now.st_mtim.tv_nsec;
    if (modified != LANDMARK_MODIFIED || now.st_size != LANDMARK_BYTES) {
        return "the standard library in " STDLIB " has changed";
    }
    return NULL;
}

static void
check(PyStatus status)
{
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
}

static void
set_paths(PyConfig *config)
{
    struct {
        wchar_t **field;
        const char *value;
    } paths[] = {
        {&config->program_name, COMMAND[0]},
        {&config->executable, EXECUTABLE},
        {&config->base_executable, BASE_EXECUTABLE},
        {&config->home, BASE_PREFIX},
        {&config->prefix, PREFIX},
        {&config->exec_prefix, EXEC_PREFIX},
        {&config->base_prefix, BASE_PREFIX},
        {&config->base_exec_prefix, BASE_EXEC_PREFIX},
        {&config->platlibdir, PLATLIBDIR},
        {&config->stdlib_dir, STDLIB},
    };
    for (size_t i = 0; i < COUNT(paths); i++) {
        check(PyConfig_SetBytesString(config, paths[i].field, paths[i].value));
    }
    for (size_t i = 0; i < COUNT(SEARCH_PATH); i++) {
        wchar_t *path = Py_DecodeLocale(SEARCH_PATH[i], NULL);
        check(path ? PyWideStringList_Append(&config->module_search_paths, path)
                   : PyStatus_NoMemory());
        PyMem_RawFree(path);
    }
    config->module_search_paths_set = 1;
}

/* Some Pythons can stop between the core and the rest of a start; of the others this is
 * NULL. */
extern PyStatus _Py_InitializeMain(void) __attribute__((weak));

/* Start the interpreter, but leave zipimport, and the clock that it asks for, until
 * boot.py's stand-in for it is called. */
static void
initialize(PyConfig *config)
{
    config->_init_main = &_Py_InitializeMain ? 0 : 1;
    check(Py_InitializeFromConfig(config));
    if (&_Py_InitializeMain) {
        PyObject *modules = PyImport_GetModuleDict(); /* Borrowed */
        bool left = PyDict_SetItemString(modules, "zipimport", Py_None) == 0;
        wadjet_lull_collector();
        check(_Py_InitializeMain());
        if (!left || PyDict_DelItemString(modules, "zipimport") < 0) {
            PyErr_Clear();
        }
    }
}

static void
start(int count, char **line)
{
    PyPreConfig before;
    PyPreConfig_InitPythonConfig(&before);
    check(Py_PreInitializeFromBytesArgs(&before, count, line));
    check(PyImport_AppendInittab("_wadjet_launcher", wadjet_init_bundle) < 0
              ? PyStatus_NoMemory()
              : PyStatus_Ok());
    PyImport_FrozenModules = AT_START;
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    check(PyConfig_SetBytesArgv(&config, count, line));
    set_paths(&config);
    wadjet_know_dispositions();
    initialize(&config);
    wadjet_forget_dispositions();
    PyConfig_Clear(&config);
}

/* Have boot.py, which stands where the site would, prepare the program's module. */
static int
begin(PyObject *names)
{
    PyObject *boot = PyImport_ImportModule("site");
    PyObject *done = boot ? PyObject_CallMethod(boot, "begin", "O", names) : NULL;
    PyImport_FrozenModules = AFTERWARDS;
    Py_XDECREF(boot);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* Take a SystemExit with a number or None, and return its exit code; return -1 and
 * leave all else to the interpreter, for which SystemExit is the end. */
static int
asked_to_exit(void)
{
    if (!PyErr_ExceptionMatches(PyExc_SystemExit)) {
        return -1;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *code = PyObject_GetAttrString(value, "code");
    int status = -1;
    if (code == Py_None) {
        status = 0;
    } else if (code && PyLong_CheckExact(code)) {
        status = (int)PyLong_AsLong(code) & 0xff;
    }
    PyErr_Clear();
    Py_XDECREF(code);
    if (status < 0) {
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return status;
}

/* Run the script's code as the interpreter runs a file; say in `interrupted` whether an
 * unhandled KeyboardInterrupt ended it. */
static int
run_script(PyObject *names, bool *interrupted)
{
    if (PySys_Audit("cpython.run_file", "s", SCRIPT) < 0) {
        PyErr_Print();
        return 1;
    }
    PyObject *code = wadjet_code(SCRIPT_OFFSET, SCRIPT_SIZE);
    PyObject *result = code ? PyEval_EvalCode(code, names, names) : NULL;
    Py_XDECREF(code);
    wadjet_flush();
    *interrupted = !result && PyErr_Occurred() == PyExc_KeyboardInterrupt;
    int status = result ? 0 : asked_to_exit();
    if (status < 0) {
        PyErr_Print();
        status = 1;
    }
    Py_XDECREF(result);
    PyObject *left = Py_BuildValue("(ss)", "__file__", "__cached__");
    for (Py_ssize_t i = 0; left && i < 2; i++) {
        if (PyDict_DelItem(names, PyTuple_GET_ITEM(left, i)) < 0) {
            PyErr_Clear();
        }
    }
    Py_XDECREF(left);
    return status;
}

/* An interrupt that nobody handled is how a shell knows to stop its loop. */
static int
end_by_interrupt(void)
{
    signal(SIGINT, SIG_DFL);
    kill(getpid(), SIGINT);
    return 128 + SIGINT;
}

int
main(int count, char **words)
{
    const char *name = count > 0 ? words[0] : SCRIPT ? SCRIPT : "launcher";
    char **line = command_line(count, words);
    const char *why = changed();
    if (why || is_told_otherwise()) {
        return run_plainly(name, line, why);
    }
    start((int)COUNT(COMMAND) + (count > 0 ? count - 1 : 0), line);
    free(line);
    PyObject *names = PyModule_GetDict(PyImport_AddModule("__main__")); /* Borrowed */
    if (begin(names) < 0) {
        PyErr_Print();
        return 1;
    }
    if (!SCRIPT) {
        return Py_RunMain();
    }
    bool interrupted = false;
    int status = run_script(names, &interrupted);
    if (wadjet_end() < 0) {
        status = 120;
    }
    return interrupted ? end_by_interrupt() : status;
}
