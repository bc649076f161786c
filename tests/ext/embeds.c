/* A program that embeds Python, gets stuck in it, and tells of itself from a signal
 * handler. */
#include <Python.h>
#include <signal.h>
#include <unistd.h>
#include <wadjet/embed.h>

static void
tell(int number)
{
    (void)number;
    if (wadjet_dump_threads(1) != 0 || wadjet_dump_collector(1) != 0
        || wadjet_dump_heap(1) != 0) {
        _exit(3);
    }
    _exit(7);
}

/* Hold the GIL for ever. */
static PyObject *
stick(PyObject *module, PyObject *ignored)
{
    (void)module, (void)ignored;
    raise(SIGUSR1);
    for (;;) {
        pause();
    }
    return NULL;
}

static PyMethodDef method = {"stick", stick, METH_NOARGS, NULL};

int
main(int count, char **words)
{
    Py_Initialize();
    int early = wadjet_dump_threads(1);
    PyObject *main_module = PyImport_AddModule("__main__");
    if (count < 2 || early != -1 || wadjet_embed_init() != 0
        || PyModule_AddObject(main_module, "stick", PyCFunction_New(&method, NULL))
               != 0) {
        PyErr_Print();
        return 4;
    }
    signal(SIGUSR1, tell);
    PyRun_SimpleString(words[1]);
    return 5;
}
