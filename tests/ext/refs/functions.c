/* clang-format off */
#include "cases.h"
#include <datetime.h>

/* ---- leaks ---- */
CASE(leak_local) {
    PyObject *x = FRESH; /* finds: leak */
    GOOD(Py_XDECREF(x);)
    (void)x;
    END;
}
CASE(leak_true) {
    PyObject *x = PyBool_FromLong(o != NULL); /* finds: leak */
    PyObject *pair = Py_BuildValue("OO", o, x);
    GOOD(Py_DECREF(x);)
    return pair;
}
CASE(leak_after_append) {
    PyObject *list = PyList_New(0);
    PyObject *x = FRESH; /* finds: leak */
    PyList_Append(list, x);
    GOOD(Py_DECREF(x);)
    return list;
}
CASE(leak_after_setitem) {
    PyObject *dict = PyDict_New();
    PyObject *x = FRESH; /* finds: leak */
    PyDict_SetItemString(dict, "x", x);
    GOOD(Py_DECREF(x);)
    return dict;
}
CASE(leak_getattr) {
    PyObject *x = PyObject_GetAttrString(o, "append"); /* finds: leak */
    GOOD(Py_DECREF(x);)
    (void)x;
    END;
}
CASE(leak_call) {
    PyObject *x = PyObject_CallMethod(o, "copy", NULL); /* finds: leak */
    GOOD(Py_DECREF(x);)
    (void)x;
    END;
}
static PyObject *made_by_a_helper(void) {
    return FRESH;
}
static int looked_at_by_a_helper(PyObject *x) {
    return PyObject_IsTrue(x);
}
static int passed_by_a_helper(PyObject *x) {
    int is = looked_at_by_a_helper(x); /* finds: leak */
    GOOD(Py_DECREF(x);)
    return is;
}
CASE(leak_in_a_helper) {
    passed_by_a_helper(made_by_a_helper());
    END;
}
CASE(leak_of_a_capsules_function) {
    PyObject *x = PyDelta_FromDSU(1, 2, 3); /* finds: leak */
    GOOD(Py_DECREF(x);)
    (void)x;
    END;
}
CASE(leak_in_a_datetime) {
    PyObject *name = PyUnicode_FromFormat("zone of %p", o);
    PyObject *step = PyDelta_FromDSU(0, 60, 0);
    PyObject *zone = PyTimeZone_FromOffsetAndName(step, name); /* finds: leak */
    PyObject *time = PyDateTimeAPI->DateTime_FromDateAndTime(2020, 1, 2, 3, 4, 5, 6, zone,
                                                             PyDateTimeAPI->DateTimeType);
    Py_DECREF(name);
    Py_DECREF(step);
    GOOD(Py_DECREF(zone);)
    return time;
}
CASE(leak_iterator) {
    PyObject *item, *it = PyObject_GetIter(o); /* finds: leak */
    while ((item = PyIter_Next(it)) != NULL) {
        Py_DECREF(item);
    }
    GOOD(Py_DECREF(it);)
    END;
}
CASE(leak_items_of_iterator) {
    PyObject *item, *copy = PyList_GetSlice(o, 0, 2), *it = PyObject_GetIter(copy);
    while ((item = PyIter_Next(it)) != NULL) { /* finds: leak */
        GOOD(Py_DECREF(item);)
    }
    Py_DECREF(it);
    Py_DECREF(copy);
    END;
}
CASE(leak_error_path) {
    PyObject *list = PyList_New(2); /* finds: leak */
    long value = PyLong_AsLong(ITEM(0));
    if (value == -1 && PyErr_Occurred()) {
        GOOD(Py_DECREF(list);)
        return NULL;
    }
    return list;
}
CASE(leak_second_error_path) {
    PyObject *first = FRESH; /* finds: leak */
    PyObject *second = PyObject_GetAttrString(o, "missing");
    if (second == NULL) {
        PyErr_Clear();
        GOOD(Py_DECREF(first);)
        END;
    }
    Py_DECREF(first);
    return second;
}
CASE(leak_early_return) {
    PyObject *x = PyUnicode_FromString("a text that is new"); /* finds: leak */
    if (PyUnicode_GetLength(x) > 3) {
        GOOD(Py_DECREF(x);)
        END;
    }
    Py_DECREF(x);
    END;
}
CASE(leak_overwritten) {
    PyObject *x = FRESH; /* finds: leak */
    GOOD(Py_DECREF(x);)
    x = PyLong_FromLong(987654321);
    return x;
}
CASE(leak_in_loop) {
    for (int i = 0; i < 3; i++) {
        PyObject *x = PyLong_FromLong(1234567 + i); /* finds: leak */
        GOOD(Py_DECREF(x);)
        (void)x;
    }
    END;
}
CASE(leak_incref) {
    PyObject *x = ITEM(0);
    Py_INCREF(x); /* finds: leak */
    GOOD(Py_DECREF(x);)
    END;
}
CASE(leak_newref) {
    PyObject *x = Py_NewRef(ITEM(1)); /* finds: leak */
    GOOD(Py_DECREF(x);)
    (void)x;
    END;
}
CASE(leak_build_value) {
    PyObject *x = FRESH; /* finds: leak */
    PyObject *made = Py_BuildValue("(O)", x);
    GOOD(Py_DECREF(x);)
    return made;
}
CASE(leak_pack) {
    PyObject *x = FRESH; /* finds: leak */
    PyObject *made = PyTuple_Pack(1, x);
    GOOD(Py_DECREF(x);)
    return made;
}
CASE(leak_fetched) {
    PyObject *type, *value, *traceback;
    PyErr_SetString(PyExc_ValueError, "fetched");
    PyErr_Fetch(&type, &value, &traceback); /* finds: leak */
    Py_XDECREF(type);
    GOOD(Py_XDECREF(value);)
    Py_XDECREF(traceback);
    END;
}
CASE(leak_sequence_fast) {
    PyObject *pair = PyTuple_Pack(2, o, o);
    PyObject *fast = PySequence_List(pair); /* finds: leak */
    Py_DECREF(pair);
    GOOD(Py_DECREF(fast);)
    (void)fast;
    END;
}
CASE(leak_interned_copy) {
    PyObject *x = PyUnicode_FromFormat("%d", 77); /* finds: leak */
    PyObject *y = PyUnicode_Concat(x, x);
    GOOD(Py_DECREF(x);)
    return y;
}
CASE(leak_richcompare) {
    PyObject *list = PyList_New(0), *same = PyList_New(0);
    PyObject *r = PyNumber_Add(list, same); /* finds: leak */
    Py_DECREF(list);
    Py_DECREF(same);
    GOOD(Py_DECREF(r);)
    (void)r;
    END;
}
CASE(leak_bytes_concat) {
    PyObject *x = PyBytes_FromString("left of it"), *y = PyBytes_FromString("right"); /* finds: leak */
    PyBytes_Concat(&x, y);
    GOOD(Py_DECREF(y);)
    return x;
}
CASE(leak_converted) {
    PyObject *path, *arguments = Py_BuildValue("(s)", "/tmp");
    int ok = PyArg_ParseTuple(arguments, "O&", PyUnicode_FSConverter, &path); /* finds: leak */
    Py_DECREF(arguments);
    if (!ok) {
        return NULL;
    }
    GOOD(Py_DECREF(path);)
    END;
}
CASE(leak_long_loop) {
    PyObject *total = PyLong_FromLong(0);
    for (int i = 0; i < 5; i++) {
        PyObject *one = PyLong_FromLong(100000 + i);
        PyObject *next = PyNumber_Add(total, one); /* finds: leak */
        Py_DECREF(one);
        GOOD(Py_DECREF(total);)
        total = next;
    }
    return total;
}

/* ---- too few references ---- */
CASE(over_decref_argument) {
    PyObject *x = ITEM(0);
    GOOD(Py_INCREF(x);)
    Py_DECREF(x); /* finds: over-decref */
    END;
}
CASE(over_decref_borrowed) {
    PyObject *x = PyList_GetItem(o, 1);
    GOOD(Py_XINCREF(x);)
    Py_XDECREF(x); /* finds: over-decref */
    END;
}
CASE(over_decref_dict_item) {
    PyObject *dict = PyDict_New(), *x = FRESH;
    PyDict_SetItemString(dict, "x", x);
    Py_DECREF(x);
    x = PyDict_GetItemString(dict, "x");
    GOOD(Py_XINCREF(x);)
    Py_XDECREF(x); /* finds: over-decref */
    return dict;
}
CASE(over_decref_twice) {
    PyObject *x = FRESH;
    Py_DECREF(x);
    BAD(Py_DECREF(x);) /* finds: over-decref */
    END;
}
CASE(over_decref_stolen) {
    PyObject *list = PyList_New(1), *x = FRESH;
    PyList_SET_ITEM(list, 0, x);
    BAD(Py_DECREF(x);) /* finds: over-decref */
    return list;
}
CASE(over_decref_after_n) {
    PyObject *x = FRESH;
    PyObject *made = Py_BuildValue("(N)", x);
    BAD(Py_DECREF(x);) /* finds: over-decref */
    return made;
}
CASE(over_decref_next) {
    PyObject *dict = PyDict_New(), *key, *value;
    Py_ssize_t at = 0;
    PyDict_SetItemString(dict, "key", o);
    while (PyDict_Next(dict, &at, &key, &value)) {
        BAD(Py_DECREF(value);) /* finds: over-decref */
    }
    return dict;
}
CASE(over_decref_self) {
    BAD(Py_DECREF(o);) /* finds: over-decref */
    END;
}
CASE(over_decref_parsed) {
    PyObject *x, *arguments = PyTuple_Pack(1, o);
    int ok = PyArg_ParseTuple(arguments, "O", &x);
    BAD(if (ok) Py_DECREF(x);) /* finds: over-decref */
    Py_DECREF(arguments);
    (void)ok;
    END;
}
CASE(over_decref_error_path) {
    PyObject *x = FRESH;
    if (PyObject_GetAttrString(x, "missing") == NULL) {
        PyErr_Clear();
        Py_DECREF(x);
    }
    BAD(Py_DECREF(x);) /* finds: over-decref */
    END;
}
CASE(stolen_tuple) {
    PyObject *tuple = PyTuple_New(1), *x = ITEM(0);
    GOOD(Py_INCREF(x);)
    PyTuple_SET_ITEM(tuple, 0, x); /* finds: stolen */
    return tuple;
}
CASE(stolen_list) {
    PyObject *list = PyList_New(1), *x = ITEM(0);
    GOOD(Py_INCREF(x);)
    PyList_SetItem(list, 0, x); /* finds: stolen */
    return list;
}
CASE(stolen_module) {
    PyObject *x = ITEM(0);
    GOOD(Py_INCREF(x);)
    PyModule_AddObject(module, "stolen", x); /* finds: stolen */
    END;
}
CASE(stolen_build) {
    PyObject *x = ITEM(1);
    GOOD(Py_INCREF(x);)
    return Py_BuildValue("(N)", x); /* finds: stolen */
}
CASE(stolen_twice) {
    PyObject *tuple = PyTuple_New(2), *x = FRESH;
    PyTuple_SET_ITEM(tuple, 0, x);
    GOOD(Py_INCREF(x);)
    PyTuple_SET_ITEM(tuple, 1, x); /* finds: stolen */
    return tuple;
}
CASE(stolen_cause) {
    PyObject *error = PyObject_CallNoArgs(PyExc_ValueError);
    PyObject *cause = PyObject_CallNoArgs(PyExc_KeyError);
    GOOD(Py_INCREF(cause);)
    PyException_SetCause(error, cause);
    Py_DECREF(cause); /* finds: over-decref */
    return error;
}
CASE(returned_argument) { /* finds: returned */
    GOOD(Py_INCREF(o);)
    return o;
}
CASE(returned_item) {
    PyObject *x = PyList_GetItem(o, 0); /* finds: returned */
    GOOD(Py_XINCREF(x);)
    return x;
}
CASE(returned_macro_item) {
    PyObject *x = PyList_GET_ITEM(o, 1); /* finds: returned */
    GOOD(Py_INCREF(x);)
    return x;
}
CASE(returned_dict_item) {
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *x = PyDict_GetItemString(modules, "sys"); /* finds: returned */
    GOOD(Py_XINCREF(x);)
    return x;
}
CASE(returned_released) {
    PyObject *x = FRESH;
    GOOD(Py_INCREF(x);)
    Py_DECREF(x); /* finds: returned */
    return x;
}
CASE(returned_given) {
    PyObject *list = PyList_New(1), *x = FRESH;
    GOOD(Py_INCREF(x);)
    PyList_SET_ITEM(list, 0, x); /* finds: returned */
    PyObject_SetAttrString(module, "given", list);
    Py_DECREF(list);
    return x;
}
static PyObject *cache;
CASE(returned_global) { /* finds: returned */
    if (cache == NULL) {
        cache = PyUnicode_FromString("kept for ever");
    }
    GOOD(Py_XINCREF(cache);)
    return cache;
}
static PyObject *slot;
CASE(stored_global) {
    PyObject *old = slot;
    slot = PyList_GetItem(o, 3); /* finds: over-decref */
    GOOD(Py_XINCREF(slot);)
    Py_XDECREF(old);
    END;
}
CASE(returned_module_dict) {
    PyObject *dict = PyModule_GetDict(module); /* finds: returned */
    GOOD(Py_INCREF(dict);)
    return dict;
}
#if PY_VERSION_HEX < 0x030F0000
CASE(returned_weak) {
    PyObject *set = PySet_New(NULL), *reference = PyWeakref_NewRef(set, NULL);
    PyObject *x = PyWeakref_GetObject(reference);
    GOOD(Py_INCREF(x);)
    Py_DECREF(reference);
    GOOD(Py_DECREF(set);)
    BAD(PyObject_SetAttrString(module, "set", set); Py_DECREF(set);) /* finds: returned */
    return x;
}
#endif

/* ---- used too late ---- */
CASE(used_after_decref) {
    PyObject *x = PyList_New(3);
    GOOD(Py_ssize_t size = PyList_Size(x);)
    Py_DECREF(x);
    BAD(Py_ssize_t size = PyList_Size(x);) /* finds: use-after-decref */
    return PyLong_FromSsize_t(size);
}
CASE(used_after_decref_repr) {
    PyObject *x = PyTuple_Pack(1, o), *text;
    GOOD(text = PyObject_Repr(x);)
    Py_DECREF(x);
    BAD(text = PyObject_Repr(x);) /* finds: use-after-decref */
    return text;
}
CASE(used_text_after_decref) {
    PyObject *x = PyUnicode_FromFormat("a text of %d", 12), *y;
    const char *text = PyUnicode_AsUTF8(x);
    GOOD(y = PyUnicode_FromString(text);)
    Py_DECREF(x);
    BAD(y = PyUnicode_FromString(text);) /* finds: use-after-decref */
    return y;
}
CASE(incref_after_decref) {
    PyObject *x = PySet_New(NULL);
    GOOD(Py_INCREF(x);)
    Py_DECREF(x);
    BAD(Py_INCREF(x);) /* finds: use-after-decref */
    return x;
}
CASE(used_after_clear) {
    PyObject *x = PyDict_New(), *same = x;
    GOOD(Py_INCREF(same);)
    Py_CLEAR(x);
    PyDict_Clear(same); /* finds: use-after-decref */
    GOOD(Py_DECREF(same);)
    END;
}
CASE(borrowed_after_owner) {
    PyObject *list = PyList_New(1);
    PyList_SET_ITEM(list, 0, PyUnicode_FromFormat("%d", 4711));
    PyObject *x = PyList_GetItem(list, 0);
    GOOD(Py_INCREF(x);)
    Py_DECREF(list);
    Py_ssize_t size = PyUnicode_GetLength(x); /* finds: borrowed-after-owner use-after-decref */
    GOOD(Py_DECREF(x);)
    return PyLong_FromSsize_t(size);
}
CASE(borrowed_after_delete) {
    PyObject *dict = PyDict_New(), *value = PyUnicode_FromFormat("%d", 4712);
    PyDict_SetItemString(dict, "key", value);
    Py_DECREF(value);
    PyObject *x = PyDict_GetItemString(dict, "key");
    GOOD(Py_INCREF(x);)
    PyDict_DelItemString(dict, "key");
    Py_DECREF(dict);
    Py_ssize_t size = PyUnicode_GetLength(x); /* finds: borrowed-after-owner */
    GOOD(Py_DECREF(x);)
    return PyLong_FromSsize_t(size);
}
CASE(borrowed_after_set) {
    PyObject *list = PyList_New(1);
    PyList_SET_ITEM(list, 0, PyUnicode_FromFormat("%d", 4713));
    PyObject *x = PyList_GET_ITEM(list, 0);
    GOOD(Py_INCREF(x);)
    PyList_SetItem(list, 0, PyLong_FromLong(1));
    PyObject *text = PyObject_Repr(x); /* finds: borrowed-after-owner */
    GOOD(Py_DECREF(x);)
    Py_DECREF(list);
    return text;
}
CASE(borrowed_after_clear) {
    PyObject *list = PyList_New(0), *one = PyUnicode_FromFormat("%d", 4714);
    PyList_Append(list, one);
    Py_DECREF(one);
    PyObject *x = PyList_GetItem(list, 0);
    GOOD(Py_INCREF(x);)
    PyList_SetSlice(list, 0, 1, NULL);
    int same = PyUnicode_CompareWithASCIIString(x, "4714"); /* finds: borrowed-after-owner */
    GOOD(Py_DECREF(x);)
    Py_DECREF(list);
    return PyLong_FromLong(same);
}

/* ---- NULL and exceptions ---- */
CASE(null_unchecked) {
    PyObject *x = PyObject_GetAttrString(o, "missing");
    GOOD(if (x == NULL) return NULL;)
    PyObject *text = PyObject_GetAttrString(x ? x : NULL, "real"); /* finds: null */
    Py_XDECREF(x);
    return text;
}
CASE(null_decref) {
    PyObject *x = PyDict_GetItemString(PyModule_GetDict(module), "no such thing");
    GOOD(Py_XINCREF(x); Py_XDECREF(x);)
    BAD(Py_INCREF(x);) /* finds: null */
    END;
}
CASE(null_item) {
    PyObject *tuple = PyTuple_New(2); /* finds: null-item */
    PyTuple_SET_ITEM(tuple, 0, FRESH);
    GOOD(PyTuple_SET_ITEM(tuple, 1, FRESH);)
    return tuple;
}
CASE(no_exception) {
    Py_ssize_t size = PyList_Size(o); /* finds: no-exception */
    if (size > 0) {
        GOOD(PyErr_SetString(PyExc_ValueError, "full");)
        return NULL;
    }
    END;
}
CASE(result_and_exception) {
    long value = PyLong_AsLong(ITEM(1)); /* finds: result-and-exception */
    GOOD(if (value == -1 && PyErr_Occurred()) return NULL;)
    (void)value;
    return Py_NewRef(Py_None);
}
CASE(exception_set) {
    PyObject *x = PyObject_GetAttrString(o, "missing");
    GOOD(PyErr_Clear();)
    PyObject *text = PyObject_Repr(o); /* finds: exception-set */
    BAD(PyErr_Clear();)
    Py_XDECREF(x);
    return text;
}
CASE(exception_in_loop) {
    PyObject *item, *it = PyObject_GetIter(o);
    while ((item = PyIter_Next(it)) != NULL) { /* finds: exception-set */
        double value = PyFloat_AsDouble(item);
        GOOD(if (value == -1 && PyErr_Occurred()) PyErr_Clear();)
        (void)value;
        Py_DECREF(item);
    }
    Py_DECREF(it);
    PyErr_Clear();
    END;
}

/* ---- the GIL ---- */
CASE(no_gil_incref) {
    Py_BEGIN_ALLOW_THREADS
    BAD(Py_INCREF(o);) /* finds: no-gil */
    Py_END_ALLOW_THREADS
    END;
}
CASE(no_gil_decref) {
    Py_INCREF(o);
    PyThreadState *state = PyEval_SaveThread();
    BAD(Py_DECREF(o);) /* finds: no-gil */
    PyEval_RestoreThread(state);
    GOOD(Py_DECREF(o);)
    BAD(Py_DECREF(o);)
    END;
}
CASE(no_gil_call) {
    Py_ssize_t size;
    GOOD(size = PyList_Size(o);)
    Py_BEGIN_ALLOW_THREADS
    BAD(size = PyList_Size(o);) /* finds: no-gil */
    Py_END_ALLOW_THREADS
    return PyLong_FromSsize_t(size);
}

/* ---- formats ---- */
#define PARSED(format, type, bad)                                                                \
    GOOD(type x = 0;) BAD(bad x = 0;) long space[4] = {0};                                           \
    PyObject *arguments = PyTuple_Pack(1, PyList_GET_ITEM(o, 2)); (void)space;
#define PARSE(format) int ok = PyArg_ParseTuple(arguments, format, &x);
CASE(format_n) {
    PARSED("n", Py_ssize_t, int) PARSE("n") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyLong_FromLong((long)x) : NULL;
}
CASE(format_l) {
    PARSED("l", long, int) PARSE("l") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyLong_FromLong((long)x) : NULL;
}
CASE(format_i) {
    PARSED("i", int, long) PARSE("i") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyLong_FromLong((long)x) : NULL;
}
CASE(format_L) {
    PARSED("L", long long, int) PARSE("L") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyLong_FromLong((long)x) : NULL;
}
CASE(format_d) {
    PARSED("d", double, float) PARSE("d") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyFloat_FromDouble((double)x) : NULL;
}
CASE(format_f) {
    PARSED("f", float, double) PARSE("f") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyFloat_FromDouble((double)x) : NULL;
}
CASE(format_h) {
    PARSED("h", short, int) PyTuple_SetItem(arguments, 0, PyLong_FromLong(5));
    PARSE("h") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyLong_FromLong((long)x) : NULL;
}
CASE(format_b) {
    PARSED("b", unsigned char, int) PyTuple_SetItem(arguments, 0, PyLong_FromLong(5));
    PARSE("b") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyLong_FromLong((long)x) : NULL;
}
CASE(format_p) {
    PARSED("p", int, char) PARSE("p") /* finds: format */
    Py_DECREF(arguments);
    return ok ? PyLong_FromLong((long)x) : NULL;
}
CASE(format_length) {
    const char *text;
    GOOD(Py_ssize_t size;) BAD(int size;)
    long room[2] = {0};
    PyObject *arguments = Py_BuildValue("(s)", "text");
    int ok = PyArg_ParseTuple(arguments, "s#", &text, &size); /* finds: format */
    Py_DECREF(arguments);
    (void)room;
    return ok ? PyLong_FromLong((long)size) : NULL;
}
CASE(keywords_short) {
    static char *names[] = {"first", "second", NULL};
    static char *fewer[] = {"first", NULL};
    PyObject *first = NULL, *second = NULL, *arguments = PyTuple_Pack(1, o);
    int ok = PyArg_ParseTupleAndKeywords( /* finds: keywords */
        arguments, NULL, "O|O", GOOD(names) BAD(fewer), &first, &second);
    Py_DECREF(arguments);
    PyErr_Clear();
    (void)ok, (void)names, (void)fewer;
    END;
}
CASE(keywords_long) {
    static char *names[] = {"first", NULL};
    static char *more[] = {"first", "second", NULL};
    PyObject *first = NULL, *arguments = PyTuple_Pack(1, o);
    int ok = PyArg_ParseTupleAndKeywords( /* finds: keywords */
        arguments, NULL, "O", GOOD(names) BAD(more), &first);
    Py_DECREF(arguments);
    PyErr_Clear();
    (void)ok, (void)names, (void)more;
    END;
}

/* ---- buffers and memory ---- */
CASE(buffer_kept) {
    Py_buffer view;
    PyObject *bytes = PyByteArray_FromStringAndSize("12345678", 8);
    if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE) == 0) { /* finds: buffer */
        GOOD(PyBuffer_Release(&view);)
    }
    Py_DECREF(bytes);
    END;
}
CASE(buffer_error_path) {
    Py_buffer view;
    PyObject *bytes = PyBytes_FromString("12345678");
    if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE) == 0) { /* finds: buffer */
        if (view.len != 4) {
            GOOD(PyBuffer_Release(&view);)
            Py_DECREF(bytes);
            END;
        }
        PyBuffer_Release(&view);
    }
    Py_DECREF(bytes);
    END;
}
CASE(buffer_parsed) {
    Py_buffer view;
    PyObject *arguments = Py_BuildValue("(y)", "12345678");
    if (PyArg_ParseTuple(arguments, "y*", &view)) { /* finds: buffer */
        GOOD(PyBuffer_Release(&view);)
    }
    Py_DECREF(arguments);
    END;
}
CASE(allocator_malloc) {
    char *memory = PyMem_Malloc(100);
    GOOD(PyMem_Free(memory);)
    BAD(PyObject_Free(memory);) /* finds: allocator */
    END;
}
CASE(allocator_raw) {
    char *memory = PyMem_RawMalloc(1000);
    GOOD(PyMem_RawFree(memory);)
    BAD(PyMem_Free(memory);) /* finds: allocator */
    END;
}
CASE(allocator_realloc) {
    char *memory = PyObject_Malloc(100);
    memory = PyObject_Realloc(memory, 200);
    GOOD(PyObject_Free(memory);)
    BAD(PyMem_Free(memory);) /* finds: allocator */
    END;
}
CASE(uninitialised_returned) { /* finds: uninitialised */
    PyObject *x BAD(;) GOOD(= NULL;)
    if (PyList_Size(o) == 0) {
        x = FRESH;
    }
    GOOD(if (x == NULL) { x = Py_NewRef(Py_None); })
    return x;
}
CASE(uninitialised_released) {
    PyObject *x BAD(;) GOOD(= NULL;)
    if (PyList_Size(o) == 0) {
        x = FRESH;
    }
    Py_XDECREF(x); /* finds: uninitialised */
    END;
}
#if PY_VERSION_HEX < 0x030C0000
CASE(returned_none) { /* finds: returned */
    BAD(return Py_None;)
    END;
}
CASE(returned_true_after_a_slot) {
    PyObject *same = Py_TYPE(o)->tp_richcompare(o, o, Py_EQ);
    Py_XDECREF(same); /* finds: over-decref */
    GOOD(Py_INCREF(Py_True);)
    return Py_True;
}
CASE(returned_utc) { /* finds: returned */
    PyObject *zone = PyDateTime_TimeZone_UTC;
    GOOD(Py_INCREF(zone);)
    return zone;
}
#endif

static PyMethodDef methods[] = {
    {"leak_true", leak_true, METH_O, NULL},
    {"leak_local", leak_local, METH_O, NULL},
    {"leak_after_append", leak_after_append, METH_O, NULL},
    {"leak_after_setitem", leak_after_setitem, METH_O, NULL},
    {"leak_getattr", leak_getattr, METH_O, NULL},
    {"leak_call", leak_call, METH_O, NULL},
    {"leak_in_a_helper", leak_in_a_helper, METH_O, NULL},
    {"leak_of_a_capsules_function", leak_of_a_capsules_function, METH_O, NULL},
    {"leak_in_a_datetime", leak_in_a_datetime, METH_O, NULL},
    {"leak_iterator", leak_iterator, METH_O, NULL},
    {"leak_items_of_iterator", leak_items_of_iterator, METH_O, NULL},
    {"leak_error_path", leak_error_path, METH_O, NULL},
    {"leak_second_error_path", leak_second_error_path, METH_O, NULL},
    {"leak_early_return", leak_early_return, METH_O, NULL},
    {"leak_overwritten", leak_overwritten, METH_O, NULL},
    {"leak_in_loop", leak_in_loop, METH_O, NULL},
    {"leak_incref", leak_incref, METH_O, NULL},
    {"leak_newref", leak_newref, METH_O, NULL},
    {"leak_build_value", leak_build_value, METH_O, NULL},
    {"leak_pack", leak_pack, METH_O, NULL},
    {"leak_fetched", leak_fetched, METH_O, NULL},
    {"leak_sequence_fast", leak_sequence_fast, METH_O, NULL},
    {"leak_interned_copy", leak_interned_copy, METH_O, NULL},
    {"leak_richcompare", leak_richcompare, METH_O, NULL},
    {"leak_bytes_concat", leak_bytes_concat, METH_O, NULL},
    {"leak_converted", leak_converted, METH_O, NULL},
    {"leak_long_loop", leak_long_loop, METH_O, NULL},
    {"over_decref_argument", over_decref_argument, METH_O, NULL},
    {"over_decref_borrowed", over_decref_borrowed, METH_O, NULL},
    {"over_decref_dict_item", over_decref_dict_item, METH_O, NULL},
    {"over_decref_twice", over_decref_twice, METH_O, NULL},
    {"over_decref_stolen", over_decref_stolen, METH_O, NULL},
    {"over_decref_after_n", over_decref_after_n, METH_O, NULL},
    {"over_decref_next", over_decref_next, METH_O, NULL},
    {"over_decref_self", over_decref_self, METH_O, NULL},
    {"over_decref_parsed", over_decref_parsed, METH_O, NULL},
    {"over_decref_error_path", over_decref_error_path, METH_O, NULL},
    {"stolen_tuple", stolen_tuple, METH_O, NULL},
    {"stolen_list", stolen_list, METH_O, NULL},
    {"stolen_module", stolen_module, METH_O, NULL},
    {"stolen_build", stolen_build, METH_O, NULL},
    {"stolen_twice", stolen_twice, METH_O, NULL},
    {"stolen_cause", stolen_cause, METH_O, NULL},
    {"returned_argument", returned_argument, METH_O, NULL},
    {"returned_item", returned_item, METH_O, NULL},
    {"returned_macro_item", returned_macro_item, METH_O, NULL},
    {"returned_dict_item", returned_dict_item, METH_O, NULL},
    {"returned_released", returned_released, METH_O, NULL},
    {"returned_given", returned_given, METH_O, NULL},
    {"returned_global", returned_global, METH_O, NULL},
    {"stored_global", stored_global, METH_O, NULL},
    {"returned_module_dict", returned_module_dict, METH_O, NULL},
#if PY_VERSION_HEX < 0x030F0000
    {"returned_weak", returned_weak, METH_O, NULL},
#endif
    {"used_after_decref", used_after_decref, METH_O, NULL},
    {"used_after_decref_repr", used_after_decref_repr, METH_O, NULL},
    {"used_text_after_decref", used_text_after_decref, METH_O, NULL},
    {"incref_after_decref", incref_after_decref, METH_O, NULL},
    {"used_after_clear", used_after_clear, METH_O, NULL},
    {"borrowed_after_owner", borrowed_after_owner, METH_O, NULL},
    {"borrowed_after_delete", borrowed_after_delete, METH_O, NULL},
    {"borrowed_after_set", borrowed_after_set, METH_O, NULL},
    {"borrowed_after_clear", borrowed_after_clear, METH_O, NULL},
    {"null_unchecked", null_unchecked, METH_O, NULL},
    {"null_decref", null_decref, METH_O, NULL},
    {"null_item", null_item, METH_O, NULL},
    {"no_exception", no_exception, METH_O, NULL},
    {"result_and_exception", result_and_exception, METH_O, NULL},
    {"exception_set", exception_set, METH_O, NULL},
    {"exception_in_loop", exception_in_loop, METH_O, NULL},
    {"no_gil_incref", no_gil_incref, METH_O, NULL},
    {"no_gil_decref", no_gil_decref, METH_O, NULL},
    {"no_gil_call", no_gil_call, METH_O, NULL},
    {"format_n", format_n, METH_O, NULL},
    {"format_l", format_l, METH_O, NULL},
    {"format_i", format_i, METH_O, NULL},
    {"format_L", format_L, METH_O, NULL},
    {"format_d", format_d, METH_O, NULL},
    {"format_f", format_f, METH_O, NULL},
    {"format_h", format_h, METH_O, NULL},
    {"format_b", format_b, METH_O, NULL},
    {"format_p", format_p, METH_O, NULL},
    {"format_length", format_length, METH_O, NULL},
    {"keywords_short", keywords_short, METH_O, NULL},
    {"keywords_long", keywords_long, METH_O, NULL},
    {"buffer_kept", buffer_kept, METH_O, NULL},
    {"buffer_error_path", buffer_error_path, METH_O, NULL},
    {"buffer_parsed", buffer_parsed, METH_O, NULL},
    {"allocator_malloc", allocator_malloc, METH_O, NULL},
    {"allocator_raw", allocator_raw, METH_O, NULL},
    {"allocator_realloc", allocator_realloc, METH_O, NULL},
    {"uninitialised_returned", uninitialised_returned, METH_O, NULL},
    {"uninitialised_released", uninitialised_released, METH_O, NULL},
#if PY_VERSION_HEX < 0x030C0000
    {"returned_none", returned_none, METH_O, NULL},
    {"returned_utc", returned_utc, METH_O, NULL},
    {"returned_true_after_a_slot", returned_true_after_a_slot, METH_O, NULL},
#endif
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, MODULE, NULL, 0, methods};
PyMODINIT_FUNC INIT(void) {
    PyDateTime_IMPORT;
    return PyModule_Create(&definition);
}
