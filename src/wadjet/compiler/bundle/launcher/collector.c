/* collector.c: the collector of garbage waits while modules are imported.
 *
 * What an import makes is there to stay; the collector would look at all of it several
 * times. At the end of an import it is given what has been made as if it had survived.
 * It does not wait without end: an import may be what runs the program.
 */
#include "launcher.h"

/* Containers that are made before it looks; no usual number, so that one who sets
 * another while this one counts is noticed, and is obeyed. */
#define PATIENCE 99991

static PyObject *collector; /* Owned, for as long as the process is there */
static bool sleeps;         /* since before the interpreter was ready */
static long depth;          /* imports within imports */
static long usual;          /* the number that was there before */

PyObject *
wadjet_collector(void)
{
    if (!collector) {
        PyObject *modules = PyImport_GetModuleDict(); /* Borrowed */
        bool was_there = PyDict_GetItemString(modules, "gc") != NULL;
        collector = PyImport_ImportModule("gc");
        if (collector && !was_there && PyDict_DelItemString(modules, "gc") < 0) {
            Py_CLEAR(collector);
        }
    }
    return collector;
}

/* Call a function for its number; -1 with an exception set. */
static long
ask(const char *function)
{
    PyObject *told = PyObject_CallMethod(collector, function, NULL);
    PyObject *number = told && PyTuple_Check(told) ? PyTuple_GetItem(told, 0) : told;
    long found = number ? PyLong_AsLong(number) : -1;
    Py_XDECREF(told);
    return found;
}

static int
tell(const char *function)
{
    PyObject *done = PyObject_CallMethod(collector, function, NULL);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static int
set_threshold(long number)
{
    PyObject *done = PyObject_CallMethod(collector, "set_threshold", "l", number);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* Take all that there is for what has survived. What was frozen by the program is not
 * thawed. */
static int
age(void)
{
    long frozen = ask("get_freeze_count");
    if (frozen != 0) {
        return frozen < 0 ? -1 : 0;
    }
    return tell("freeze") < 0 || tell("unfreeze") < 0 ? -1 : 0;
}

void
wadjet_lull_collector(void)
{
    sleeps = PyGC_Disable() != 0;
}

int
wadjet_wake_collector(void)
{
    int done = wadjet_collector() ? age() : -1;
    if (sleeps) {
        PyGC_Enable();
    }
    return done;
}

static int
begin_import(void)
{
    if (depth++ > 0) {
        return 0;
    }
    usual = wadjet_collector() ? ask("get_threshold") : -1;
    return usual < 0 || (usual > 0 && usual < PATIENCE && set_threshold(PATIENCE) < 0)
               ? -1
               : 0;
}

static int
end_import(void)
{
    if (--depth > 0 || usual <= 0 || usual >= PATIENCE) {
        return 0;
    }
    long now = ask("get_threshold");
    if (now != PATIENCE) {
        return now < 0 ? -1 : 0;
    }
    return age() < 0 || set_threshold(usual) < 0 ? -1 : 0;
}

PyObject *
wadjet_import(PyObject *base, PyObject *loader, PyObject *module)
{
    PyObject *done = NULL;
    if (begin_import() == 0) {
        done = PyObject_CallMethod(base, "exec_module", "OO", loader, module);
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (end_import() < 0) {
        PyErr_WriteUnraisable(module);
    }
    PyErr_Restore(type, value, traceback);
    return done;
}
