/* The interpreter, run as its own main function would run it.
 *
 * Code is evaluated from here and not from Python, so that tracebacks are those of the
 * plain interpreter: no frame of ours is in them.
 */
#define _GNU_SOURCE
#include "compat.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "glue.h"
#include "running.h"
#include "snapshot.h"

#define UNFLUSHED 120 /* the interpreter's own code for that */

/* An audit hook: note the files that are opened to be read. */
static int
note_opened(const char *event, PyObject *arguments, void *unused)
{
    const char *path;
    PyObject *name, *mode;
    int flags;
    (void)unused;
    if (!wj_asking || strcmp(event, "open") != 0) {
        return 0;
    }
    if (PyArg_ParseTuple(arguments, "OOi", &name, &mode, &flags)
        && PyUnicode_Check(name) && (flags & (O_WRONLY | O_RDWR | O_CREAT)) == 0
        && (path = PyUnicode_AsUTF8(name)) != NULL) {
        wj_note_opened(path);
    }
    PyErr_Clear();
    return 0;
}

/* 0, or -1; what is wrong with the options ends the process. */
static int
start_interpreter(int argc, char **argv)
{
    PyConfig config;
    if (PySys_AddAuditHook(note_opened, NULL) < 0) {
        return -1;
    }
    PyConfig_InitPythonConfig(&config);
    PyStatus status = PyConfig_SetBytesArgv(&config, argc, argv);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    return 0;
}

/* What a start looks up. To make the texts anew would cost it more than to find them.
 */
enum name {
    BOOT,
    PREPARE,
    ENDING,
    EXIT_CODE,
    FINISH_THREADS,
    LET_GO,
    STDOUT,
    STDERR,
    CLOSED,
    FLUSH,
    NAMES
};
static const char *const texts[NAMES] = {
    [BOOT] = WJ_BOOT,     [PREPARE] = "prepare",
    [ENDING] = WJ_ENDING, [EXIT_CODE] = "exit_code",
    [LET_GO] = "let_go",  [FINISH_THREADS] = "finish_threads",
    [STDOUT] = "stdout",  [STDERR] = "stderr",
    [CLOSED] = "closed",  [FLUSH] = "flush",
};
static PyObject *names[NAMES], *modules, *streams;

/* 0, or -1 with an exception set. */
static int
make_names(void)
{
    for (int i = 0; i < NAMES; i++) {
        names[i] = PyUnicode_InternFromString(texts[i]);
        if (names[i] == NULL) {
            return -1;
        }
    }
    PyObject *system = PyImport_ImportModule("sys");
    modules = PyImport_GetModuleDict();
    streams = system ? PyModule_GetDict(system) : NULL;
    return streams ? 0 : -1; /* the interpreter keeps it, as the names are kept */
}

/* Call a function of ours. To import a module that is there already would cost a start
   more than all else here. Owned; NULL with an exception set. */
static PyObject *
ours(enum name module, enum name function, PyObject *argument)
{
    PyObject *made = PyDict_GetItemWithError(modules, names[module]);
    made = made ? Py_NewRef(made) : PyImport_Import(names[module]);
    PyObject *called = made ? PyObject_GetAttr(made, names[function]) : NULL;
    PyObject *result =
        called ? PyObject_CallFunctionObjArgs(called, argument, NULL) : NULL;
    Py_XDECREF(called);
    Py_XDECREF(made);
    return result;
}

/* Write what a standard stream still holds. 0, or -1. */
static int
flush(enum name which, int tells)
{
    PyObject *stream = PyDict_GetItemWithError(streams, names[which]), *done = NULL;
    if (stream == NULL || stream == Py_None) {
        return 0;
    }
    Py_INCREF(stream);
    PyObject *closed = PyObject_GetAttr(stream, names[CLOSED]);
    int is_closed = closed != NULL && PyObject_IsTrue(closed) > 0;
    Py_XDECREF(closed);
    PyErr_Clear();
    int failed = 0;
    if (!is_closed) {
        done = PyObject_CallMethodNoArgs(stream, names[FLUSH]);
        failed = done == NULL && tells ? -1 : 0;
    }
    if (failed) {
        wj_report_unflushed(stream, texts[which]);
    }
    PyErr_Clear();
    Py_XDECREF(done);
    Py_DECREF(stream);
    return failed;
}

/* After a file the interpreter writes what its streams hold, before any function for
   the end is called, and says nothing of a stream that cannot be written. */
static void
flush_after(PyObject *code)
{
    PyObject *name = ((PyCodeObject *)code)->co_filename;
    if (PyUnicode_CompareWithASCIIString(name, "<string>") == 0) {
        return; /* a command is no file */
    }
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    flush(STDERR, 0);
    flush(STDOUT, 0);
    PyErr_Restore(type, value, trace);
}

/* Run what was planned: code, or a function that may return code, for the globals. */
static PyObject *
carry_out(PyObject *plan)
{
    PyObject *what, *arguments, *globals;
    if (!PyArg_ParseTuple(plan, "OO!O", &what, &PyTuple_Type, &arguments, &globals)) {
        return NULL;
    }
    PyObject *result =
        PyCode_Check(what) ? Py_NewRef(what) : PyObject_CallObject(what, arguments);
    if (result == NULL || globals == Py_None) {
        return result;
    }
    PyObject *done = PyEval_EvalCode(result, globals, globals);
    flush_after(result);
    Py_DECREF(result);
    return done;
}

static int
flush_both(void)
{
    int failed = flush(STDOUT, 1);
    flush(STDERR, 0);
    return failed;
}

/* The exit code of the exception that is set, as the interpreter has it. */
static int
report(int *interrupted)
{
    if (PyErr_ExceptionMatches(PyExc_SystemExit)) {
        PyObject *type, *value, *trace;
        PyErr_Fetch(&type, &value, &trace);
        PyErr_NormalizeException(&type, &value, &trace);
        PyObject *code = ours(ENDING, EXIT_CODE, value);
        int status = code == NULL ? -1 : (int)PyLong_AsLong(code);
        if (PyErr_Occurred()) {
            PyErr_Print();
        }
        Py_XDECREF(code);
        return status;
    }
    *interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
    PyErr_Print();
    return 1;
}

/* End the process as the interpreter does, but for objects that were frozen: they are
   not taken apart. */
__attribute__((noreturn)) static void
end(int code, int interrupted)
{
    PyObject *done = ours(ENDING, FINISH_THREADS, NULL);
    if (done == NULL) {
        PyErr_Print();
    }
    Py_XDECREF(done);
    int failed = flush_both();
    done = ours(ENDING, LET_GO, NULL);
    int libraries = done != Py_False;
    if (done == NULL) {
        PyErr_Print();
    }
    Py_XDECREF(done);
    failed = failed ? failed : flush_both(); /* what is broken is told of once */
    if (interrupted) {
        PyOS_setsig(SIGINT, SIG_DFL);
        kill(getpid(), SIGINT);
    }
    code = failed < 0 ? UNFLUSHED : code;
    if (libraries) {
        exit(code);
    }
    fflush(NULL);
    _exit(code);
}

void
wj_run(int argc, char **argv)
{
    int code = 0, interrupted = 0;
    if (PyImport_AppendInittab(WJ_MODULE, wj_make_module) < 0
        || start_interpreter(argc, argv) < 0) {
        exit(1);
    }
    PyObject *plan = make_names() < 0 ? NULL : ours(BOOT, PREPARE, NULL);
    PyObject *result = plan ? carry_out(plan) : NULL;
    if (result == NULL) {
        code = report(&interrupted);
    }
    Py_XDECREF(plan);
    Py_XDECREF(result);
    end(code, interrupted);
}

void
wj_forget_audits(void)
{
    wj_forget_audit_hooks();
}
