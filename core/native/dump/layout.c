/* Where a debugger finds things: offsets in the interpreter that this was built for. */
#include <string.h>

#include "dump.h"

#if WJ_TOP_FRAME_MAY_LIE
#define TOP_FRAME offsetof(PyThreadState, cframe)
#define TOP_FRAME_INNER ((Py_ssize_t)offsetof(wj_evaluation, current_frame))
#else
#define TOP_FRAME offsetof(PyThreadState, current_frame)
#define TOP_FRAME_INNER (-1)
#endif

static const struct {
    const char *name;
    Py_ssize_t offset;
} rows[] = {
    {"runtime_interpreters", offsetof(_PyRuntimeState, interpreters.head)},
    {"interpreter_next", offsetof(PyInterpreterState, next)},
    {"interpreter_threads", offsetof(PyInterpreterState, threads.head)},
    {"gc_enabled", offsetof(PyInterpreterState, gc.enabled)},
    {"gc_collecting", offsetof(PyInterpreterState, gc.collecting)},
    {"gc_permanent", offsetof(PyInterpreterState, gc.permanent_generation.head)},
    {"generation_threshold", offsetof(struct gc_generation, threshold)},
    {"generation_count", offsetof(struct gc_generation, count)},
    {"gc_head", sizeof(PyGC_Head)},
    {"thread_next", offsetof(PyThreadState, next)},
    {"thread_native_id", offsetof(PyThreadState, native_thread_id)},
    {"thread_frame", TOP_FRAME},
    {"thread_frame_inner", TOP_FRAME_INNER},
    {"frame_previous", offsetof(struct _PyInterpreterFrame, previous)},
    {"frame_code", WJ_FRAME_CODE},
    {"frame_instruction", WJ_FRAME_INSTRUCTION},
    {"code_file", offsetof(PyCodeObject, co_filename)},
    {"code_name", offsetof(PyCodeObject, co_qualname)},
    {"code_first_line", offsetof(PyCodeObject, co_firstlineno)},
    {"code_lines", offsetof(PyCodeObject, co_linetable)},
    {"code_start", offsetof(PyCodeObject, co_code_adaptive)},
    {"object_type", offsetof(PyObject, ob_type)},
    {"object_size", offsetof(PyVarObject, ob_size)},
    {"bytes_data", offsetof(PyBytesObject, ob_sval)},
    {"str_length", offsetof(PyASCIIObject, length)},
    {"str_state", offsetof(PyASCIIObject, state)},
    {"str_ascii_data", sizeof(PyASCIIObject)},
    {"str_data", sizeof(PyCompactUnicodeObject)},
    {"type_name", offsetof(PyTypeObject, tp_name)},
    {"type_basic", offsetof(PyTypeObject, tp_basicsize)},
    {"type_item", offsetof(PyTypeObject, tp_itemsize)},
};

static int
set(PyObject *layout, const char *name, unsigned long long number)
{
    PyObject *value = PyLong_FromLongLong((long long)number);
    int result = value == NULL ? -1 : PyDict_SetItemString(layout, name, value);
    Py_XDECREF(value);
    return result;
}

/* The bits of a str's state, of which only the compiler knows where they are. */
static int
set_bits(PyObject *layout)
{
    PyASCIIObject kind, ascii;
    unsigned long long kind_bits = 0, ascii_bits = 0;
    memset(&kind, 0, sizeof kind);
    memset(&ascii, 0, sizeof ascii);
    kind.state.kind = 7;
    ascii.state.ascii = 1;
    memcpy(&kind_bits, &kind.state, 4);
    memcpy(&ascii_bits, &ascii.state, 4);
    return set(layout, "str_kind_bits", kind_bits) == 0
                   && set(layout, "str_ascii_bits", ascii_bits) == 0
               ? 0
               : -1;
}

static int
set_generations(PyObject *layout)
{
    char name[] = "gc_generation_0";
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    for (int i = 0; i < 3; i++) {
        name[sizeof name - 2] = (char)('0' + i);
        const char *at = (const char *)wj_gc_generation(interpreter, i);
        if (set(layout, name, (size_t)(at - (const char *)interpreter)) != 0) {
            return -1;
        }
    }
    return 0;
}

PyObject *
wj_layout(PyObject *module, PyObject *ignored)
{
    (void)module, (void)ignored;
    PyObject *layout = PyDict_New();
    int good = layout != NULL && set(layout, "version", WJ_PYTHON) == 0
               && set_bits(layout) == 0 && set_generations(layout) == 0;
    for (size_t i = 0; good && i < sizeof rows / sizeof rows[0]; i++) {
        good = set(layout, rows[i].name, (unsigned long long)rows[i].offset) == 0;
    }
    if (!good) {
        Py_CLEAR(layout);
    }
    return layout;
}
