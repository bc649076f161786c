/* What the shim adds by hand: macros of Python.h, and functions with formats.
 *
 * Comes behind ledger.h and before the functions that are generated. Each macro
 * evaluates its arguments once, and calls the real function by its name in parentheses.
 */
#define WJR_OBJECT_AT(s, call)                                                         \
    (__extension__({                                                                   \
        struct wjr_site *wjr_s_ = (s);                                                 \
        wjr_before(wjr_s_);                                                            \
        (PyObject *)wjr_new(wjr_s_, (call));                                           \
    }))

/* ---- counts ---- */

#undef Py_INCREF
#undef Py_XINCREF
#undef Py_DECREF
#undef Py_XDECREF
#undef Py_IncRef
#undef Py_DecRef
#undef Py_NewRef
#undef Py_XNewRef
#undef Py_CLEAR
#undef Py_SETREF
#undef Py_XSETREF
#undef Py_REFCNT
WJR_INLINE void
wjr_incref_maybe(struct wjr_site *s, void *o)
{
    if (o != NULL) {
        wjr_incref(s, o);
    }
}
WJR_INLINE void
wjr_decref_maybe(struct wjr_site *s, void *o)
{
    if (o != NULL) {
        wjr_decref(s, o);
    }
}
WJR_INLINE PyObject *
wjr_newref(struct wjr_site *s, void *o)
{
    wjr_incref(s, o);
    return (PyObject *)o;
}
WJR_INLINE PyObject *
wjr_newref_maybe(struct wjr_site *s, void *o)
{
    wjr_incref_maybe(s, o);
    return (PyObject *)o;
}
#define Py_INCREF(o) wjr_incref(WJR_AT("Py_INCREF", 0), (void *)(o))
#define Py_DECREF(o) wjr_decref(WJR_AT("Py_DECREF", 0), (void *)(o))
#define Py_XINCREF(o) wjr_incref_maybe(WJR_AT("Py_XINCREF", 0), (void *)(o))
#define Py_XDECREF(o) wjr_decref_maybe(WJR_AT("Py_XDECREF", 0), (void *)(o))
#define Py_IncRef(o) wjr_incref_maybe(WJR_AT("Py_IncRef", 0), (void *)(o))
#define Py_DecRef(o) wjr_decref_maybe(WJR_AT("Py_DecRef", 0), (void *)(o))
#define Py_NewRef(o) wjr_newref(WJR_AT("Py_NewRef", 0), (void *)(o))
#define Py_XNewRef(o) wjr_newref_maybe(WJR_AT("Py_XNewRef", 0), (void *)(o))
#define Py_REFCNT(o) wjr_count((void *)(o))
#define WJR_SET(name, op, value)                                                       \
    do {                                                                               \
        void **wjr_place_ = (void **)&(op);                                            \
        void *wjr_old_ = *wjr_place_;                                                  \
        *wjr_place_ = (void *)(value);                                                 \
        wjr_decref_maybe(WJR_AT(name, 0), wjr_old_);                                   \
    } while (0)
#define Py_CLEAR(op) WJR_SET("Py_CLEAR", op, NULL)
#define Py_XSETREF(op, value) WJR_SET("Py_XSETREF", op, value)
#define Py_SETREF(op, value) WJR_SET("Py_SETREF", op, value)
#undef Py_RETURN_NONE
#undef Py_RETURN_TRUE
#undef Py_RETURN_FALSE
#undef Py_RETURN_NOTIMPLEMENTED
#define Py_RETURN_NONE return Py_NewRef(Py_None)
#define Py_RETURN_TRUE return Py_NewRef(Py_True)
#define Py_RETURN_FALSE return Py_NewRef(Py_False)
#define Py_RETURN_NOTIMPLEMENTED return Py_NewRef(Py_NotImplemented)
#undef Py_RETURN_RICHCOMPARE
#define Py_RETURN_RICHCOMPARE(a, b, op)                                                \
    do {                                                                               \
        switch (op) {                                                                  \
        case Py_EQ:                                                                    \
            if ((a) == (b))                                                            \
                Py_RETURN_TRUE;                                                        \
            Py_RETURN_FALSE;                                                           \
        case Py_NE:                                                                    \
            if ((a) != (b))                                                            \
                Py_RETURN_TRUE;                                                        \
            Py_RETURN_FALSE;                                                           \
        case Py_LT:                                                                    \
            if ((a) < (b))                                                             \
                Py_RETURN_TRUE;                                                        \
            Py_RETURN_FALSE;                                                           \
        case Py_GT:                                                                    \
            if ((a) > (b))                                                             \
                Py_RETURN_TRUE;                                                        \
            Py_RETURN_FALSE;                                                           \
        case Py_LE:                                                                    \
            if ((a) <= (b))                                                            \
                Py_RETURN_TRUE;                                                        \
            Py_RETURN_FALSE;                                                           \
        case Py_GE:                                                                    \
            if ((a) >= (b))                                                            \
                Py_RETURN_TRUE;                                                        \
            Py_RETURN_FALSE;                                                           \
        default:                                                                       \
            Py_UNREACHABLE();                                                          \
        }                                                                              \
    } while (0)

/* ---- types ---- */

#undef Py_TYPE
#undef Py_IS_TYPE
WJR_INLINE PyTypeObject *
wjr_type_of(struct wjr_site *s, void *o)
{
    wjr_glance(s, o);
    return ((PyObject *)o)->ob_type;
}
#define Py_TYPE(o) wjr_type_of(WJR_AT("Py_TYPE", 0), (void *)(o))
#define Py_IS_TYPE(o, t) (Py_TYPE(o) == (t))

/* ---- items ---- */

#undef PyTuple_GET_ITEM
#undef PyTuple_SET_ITEM
#undef PyList_GET_ITEM
#undef PyList_SET_ITEM
#undef PySequence_Fast_GET_ITEM
#undef PySequence_ITEM

WJR_INLINE PyObject *
wjr_item(struct wjr_site *s, void *o, Py_ssize_t i, int list)
{
    PyObject *object = (PyObject *)o;
    wjr_before(s);
    wjr_use(s, o, 1, 0);
    return wjr_borrow(
        s, list ? ((PyListObject *)o)->ob_item[i] : ((PyTupleObject *)o)->ob_item[i],
        object);
}
WJR_INLINE void
wjr_set_item(struct wjr_site *s, void *o, Py_ssize_t i, PyObject *v, int list)
{
    wjr_before(s);
    wjr_use(s, o, 1, 0);
    wjr_use(s, v, 3, 1);
    wjr_steal(s, v);
    wjr_gain(s,
             list ? ((PyListObject *)o)->ob_item[i] : ((PyTupleObject *)o)->ob_item[i]);
    if (list) {
        ((PyListObject *)o)->ob_item[i] = v;
    } else {
        ((PyTupleObject *)o)->ob_item[i] = v;
    }
}
#define PyTuple_GET_ITEM(o, i)                                                         \
    wjr_item(WJR_AT("PyTuple_GET_ITEM", 0), (void *)(o), (i), 0)
#define PyList_GET_ITEM(o, i)                                                          \
    wjr_item(WJR_AT("PyList_GET_ITEM", 0), (void *)(o), (i), 1)
#define PyTuple_SET_ITEM(o, i, v)                                                      \
    wjr_set_item(WJR_AT("PyTuple_SET_ITEM", 0), (void *)(o), (i), (PyObject *)(v), 0)
#define PyList_SET_ITEM(o, i, v)                                                       \
    wjr_set_item(WJR_AT("PyList_SET_ITEM", 0), (void *)(o), (i), (PyObject *)(v), 1)
WJR_INLINE PyObject *
wjr_fast_item(struct wjr_site *s, PyObject *o, Py_ssize_t i)
{
    return wjr_item(s, o, i, PyList_Check(o));
}
#define PySequence_Fast_GET_ITEM(o, i)                                                 \
    wjr_fast_item(WJR_AT("PySequence_Fast_GET_ITEM", 0), (PyObject *)(o), (i))
#define PySequence_ITEM(o, i)                                                          \
    WJR_OBJECT_AT(WJR_AT("PySequence_ITEM", WJR_RUNS), (PySequence_GetItem)((o), (i)))

/* ---- threads ---- */

#undef Py_BEGIN_ALLOW_THREADS
#undef Py_END_ALLOW_THREADS
#undef Py_BLOCK_THREADS
#undef Py_UNBLOCK_THREADS
WJR_INLINE PyThreadState *
wjr_save(struct wjr_site *s)
{
    PyThreadState *state = (PyEval_SaveThread)();
    wjr_threads(s, 1);
    return state;
}
WJR_INLINE void
wjr_restore(struct wjr_site *s, PyThreadState *state)
{
    (PyEval_RestoreThread)(state);
    wjr_threads(s, 0);
}
WJR_INLINE PyGILState_STATE
wjr_ensure(struct wjr_site *s)
{
    PyGILState_STATE state = (PyGILState_Ensure)();
    wjr_threads(s, 0);
    return state;
}
WJR_INLINE void
wjr_release(struct wjr_site *s, PyGILState_STATE state)
{
    wjr_threads(s, state == PyGILState_UNLOCKED);
    (PyGILState_Release)(state);
}
#define PyEval_SaveThread() wjr_save(WJR_AT("PyEval_SaveThread", 0))
#define PyEval_RestoreThread(s) wjr_restore(WJR_AT("PyEval_RestoreThread", 0), (s))
#define PyGILState_Ensure() wjr_ensure(WJR_AT("PyGILState_Ensure", 0))
#define PyGILState_Release(s) wjr_release(WJR_AT("PyGILState_Release", 0), (s))
#define Py_BEGIN_ALLOW_THREADS                                                         \
    {                                                                                  \
        PyThreadState *_save = PyEval_SaveThread();
#define Py_END_ALLOW_THREADS                                                           \
    PyEval_RestoreThread(_save);                                                       \
    }
#define Py_BLOCK_THREADS PyEval_RestoreThread(_save);
#define Py_UNBLOCK_THREADS _save = PyEval_SaveThread();

/* ---- types and modules ---- */

WJR_INLINE int
wjr_add_type(struct wjr_site *s, PyObject *module, PyTypeObject *type)
{
    return wjr_ready(s, type) != 0 ? -1 : (PyModule_AddType)(module, type);
}
WJR_INLINE int
wjr_add_functions(struct wjr_site *s, PyObject *module, PyMethodDef *table)
{
    wjr_before(s);
    return (PyModule_AddFunctions)(module, wjr_methods(table));
}
WJR_INLINE PyObject *
wjr_module_init(struct wjr_site *s, struct PyModuleDef *def)
{
    wjr_before(s);
    wjr_module(def);
    return (PyModuleDef_Init)(def);
}
WJR_INLINE PyObject *
wjr_capsule(struct wjr_site *s, void *pointer, const char *name,
            PyCapsule_Destructor end)
{
    wjr_before(s);
    return wjr_new(s,
                   (PyCapsule_New)(pointer, name,
                                   (PyCapsule_Destructor)wjr_destructor((void *)end)));
}
#undef PyType_Ready
#undef PyModule_AddType
#undef PyModule_AddFunctions
#undef PyModuleDef_Init
#undef PyModule_Create
#undef PyModule_Create2
#undef PyCapsule_New
#undef PyCapsule_Import
#define PyCapsule_Import(n, b)                                                         \
    wjr_import(WJR_AT("PyCapsule_Import", WJR_RUNS), (n), (b))
#define PyType_Ready(t) wjr_ready(WJR_AT("PyType_Ready", 0), (t))
#define PyModule_AddType(m, t) wjr_add_type(WJR_AT("PyModule_AddType", 0), (m), (t))
#define PyModule_AddFunctions(m, t)                                                    \
    wjr_add_functions(WJR_AT("PyModule_AddFunctions", 0), (m), (t))
#define PyModuleDef_Init(d) wjr_module_init(WJR_AT("PyModuleDef_Init", 0), (d))
#define PyModule_Create2(d, v)                                                         \
    (__extension__({                                                                   \
        struct PyModuleDef *wjr_def_ = (d);                                            \
        wjr_module(wjr_def_);                                                          \
        wjr_init(WJR_AT("PyModule_Create", 0), (PyModule_Create2)(wjr_def_, v),        \
                 wjr_def_, __builtin_frame_address(0));                                \
    }))
#define PyModule_Create(d) PyModule_Create2(d, PYTHON_API_VERSION)
#define PyCapsule_New(p, n, d) wjr_capsule(WJR_AT("PyCapsule_New", 0), (p), (n), (d))
#undef PyType_FromSpec
#undef PyType_FromSpecWithBases
#undef PyType_FromModuleAndSpec
#undef PyType_FromMetaclass
#define WJR_TYPE_AT(name, call)                                                        \
    (__extension__({                                                                   \
        struct wjr_site *wjr_s_ = WJR_AT(name, 0);                                     \
        wjr_before(wjr_s_);                                                            \
        wjr_heap_type(wjr_s_, (call));                                                 \
    }))
#define PyType_FromSpec(s)                                                             \
    WJR_TYPE_AT("PyType_FromSpec", (PyType_FromSpec)(wjr_spec(s)))
#define PyType_FromSpecWithBases(s, b)                                                 \
    WJR_TYPE_AT("PyType_FromSpecWithBases",                                            \
                (PyType_FromSpecWithBases)(wjr_spec(s), (b)))
#define PyType_FromModuleAndSpec(m, s, b)                                              \
    WJR_TYPE_AT("PyType_FromModuleAndSpec",                                            \
                (PyType_FromModuleAndSpec)((m), wjr_spec(s), (b)))
#define PyType_FromMetaclass(k, m, s, b)                                               \
    WJR_TYPE_AT("PyType_FromMetaclass",                                                \
                (PyType_FromMetaclass)((k), (m), wjr_spec(s), (b)))

/* ---- instances ---- */

#undef PyObject_New
#undef PyObject_NEW
#undef PyObject_NewVar
#undef PyObject_NEW_VAR
#undef PyObject_GC_New
#undef PyObject_GC_NewVar
#define WJR_MADE(type, name, call)                                                     \
    ((type *)(__extension__({                                                          \
        struct wjr_site *wjr_s_ = WJR_AT(name, 0);                                     \
        wjr_before(wjr_s_);                                                            \
        wjr_made(wjr_s_, (void *)(call));                                              \
    })))
#define PyObject_New(type, t) WJR_MADE(type, "PyObject_New", (_PyObject_New)(t))
#define PyObject_NEW(type, t) PyObject_New(type, t)
#define PyObject_NewVar(type, t, n)                                                    \
    WJR_MADE(type, "PyObject_NewVar", (_PyObject_NewVar)((t), (n)))
#define PyObject_NEW_VAR(type, t, n) PyObject_NewVar(type, t, n)
#define PyObject_GC_New(type, t)                                                       \
    WJR_MADE(type, "PyObject_GC_New", (_PyObject_GC_New)(t))
#define PyObject_GC_NewVar(type, t, n)                                                 \
    WJR_MADE(type, "PyObject_GC_NewVar", (_PyObject_GC_NewVar)((t), (n)))
#define tp_alloc(t, n) tp_alloc(wjr_alloc(WJR_AT("tp_alloc", 0), (t)), (n))
#define WJR_SLOT(name, first) (wjr_slot(WJR_AT(name, WJR_RUNS)), (first))
#define tp_new(t, a, k) tp_new(WJR_SLOT("tp_new", t), (a), (k))
#define tp_iternext(o) tp_iternext(WJR_SLOT("tp_iternext", o))
#define tp_call(o, a, k) tp_call(WJR_SLOT("tp_call", o), (a), (k))
#define tp_getattro(o, n) tp_getattro(WJR_SLOT("tp_getattro", o), (n))
#define tp_richcompare(o, p, q) tp_richcompare(WJR_SLOT("tp_richcompare", o), (p), (q))
#define tp_repr(o) tp_repr(WJR_SLOT("tp_repr", o))
#define tp_str(o) tp_str(WJR_SLOT("tp_str", o))
#define tp_iter(o) tp_iter(WJR_SLOT("tp_iter", o))
#define mp_subscript(o, k) mp_subscript(WJR_SLOT("mp_subscript", o), (k))
#define sq_item(o, i) sq_item(WJR_SLOT("sq_item", o), (i))
#define tp_descr_get(o, p, q) tp_descr_get(WJR_SLOT("tp_descr_get", o), (p), (q))

/* ---- datetime's functions, which lie in a table ---- */

#define WJR_MAKER(name, first) (wjr_maker(WJR_AT(name, WJR_RUNS)), (first))
#define Date_FromDate(y, ...) Date_FromDate(WJR_MAKER("Date_FromDate", y), __VA_ARGS__)
#define DateTime_FromDateAndTime(y, ...)                                               \
    DateTime_FromDateAndTime(WJR_MAKER("DateTime_FromDateAndTime", y), __VA_ARGS__)
#define Time_FromTime(h, ...) Time_FromTime(WJR_MAKER("Time_FromTime", h), __VA_ARGS__)
#define Delta_FromDelta(d, ...)                                                        \
    Delta_FromDelta(WJR_MAKER("Delta_FromDelta", d), __VA_ARGS__)
#define TimeZone_FromTimeZone(o, n)                                                    \
    TimeZone_FromTimeZone(WJR_MAKER("TimeZone_FromTimeZone", o), (n))
#define DateTime_FromTimestamp(t, a, k)                                                \
    DateTime_FromTimestamp(WJR_MAKER("DateTime_FromTimestamp", t), (a), (k))
#define Date_FromTimestamp(t, a)                                                       \
    Date_FromTimestamp(WJR_MAKER("Date_FromTimestamp", t), (a))
#define DateTime_FromDateAndTimeAndFold(y, ...)                                        \
    DateTime_FromDateAndTimeAndFold(WJR_MAKER("DateTime_FromDateAndTimeAndFold", y),   \
                                    __VA_ARGS__)
#define Time_FromTimeAndFold(h, ...)                                                   \
    Time_FromTimeAndFold(WJR_MAKER("Time_FromTimeAndFold", h), __VA_ARGS__)

/* ---- formats ---- */

/* What a variable is whose address is given, as a letter. */
#ifdef __cplusplus
#define WJR_BOOL bool
#else
#define WJR_BOOL _Bool
#endif
#define WJR_LETTERS(each)                                                              \
    each(char *, 'c') each(signed char *, 'c') each(unsigned char *, 'B')              \
        each(WJR_BOOL *, '?') each(short *, 'h') each(unsigned short *, 'H')           \
            each(int *, 'i') each(unsigned *, 'I') each(long *, 'l')                   \
                each(unsigned long *, 'k') each(long long *, 'q')                      \
                    each(unsigned long long *, 'Q') each(float *, 'f')                 \
                        each(double *, 'd') each(char **, 'p')                         \
                            each(const char **, 'p') each(PyObject **, 'O')            \
                                each(Py_buffer *, 'v')

#ifdef __cplusplus
#define WJR_OVERLOAD(type, letter)                                                     \
    WJR_INLINE char wjr_letter(type)                                                   \
    {                                                                                  \
        return letter;                                                                 \
    }
WJR_LETTERS(WJR_OVERLOAD)
WJR_INLINE char
wjr_letter(...)
{
    return '*';
}
template <typename... T> struct wjr_letters {
    char text[sizeof...(T) + 1];
    wjr_letters(T... each) : text{wjr_letter(each)..., 0}
    {
    }
};
template <typename... T>
WJR_INLINE wjr_letters<T...>
wjr_types_of(T... each)
{
    return wjr_letters<T...>(each...);
}
#define WJR_TYPES(...) (wjr_types_of(__VA_ARGS__).text)
#else
#define WJR_CHOICE(type, letter)                                                       \
    type:                                                                              \
    letter,
#define WJR_LETTER(x) _Generic((x), WJR_LETTERS(WJR_CHOICE) default: '*')
#define WJR_0(...)
#define WJR_1(x) , WJR_LETTER(x)
#define WJR_2(x, ...) , WJR_LETTER(x) WJR_1(__VA_ARGS__)
#define WJR_3(x, ...) , WJR_LETTER(x) WJR_2(__VA_ARGS__)
#define WJR_4(x, ...) , WJR_LETTER(x) WJR_3(__VA_ARGS__)
#define WJR_5(x, ...) , WJR_LETTER(x) WJR_4(__VA_ARGS__)
#define WJR_6(x, ...) , WJR_LETTER(x) WJR_5(__VA_ARGS__)
#define WJR_7(x, ...) , WJR_LETTER(x) WJR_6(__VA_ARGS__)
#define WJR_8(x, ...) , WJR_LETTER(x) WJR_7(__VA_ARGS__)
#define WJR_9(x, ...) , WJR_LETTER(x) WJR_8(__VA_ARGS__)
#define WJR_10(x, ...) , WJR_LETTER(x) WJR_9(__VA_ARGS__)
#define WJR_11(x, ...) , WJR_LETTER(x) WJR_10(__VA_ARGS__)
#define WJR_12(x, ...) , WJR_LETTER(x) WJR_11(__VA_ARGS__)
#define WJR_13(x, ...) , WJR_LETTER(x) WJR_12(__VA_ARGS__)
#define WJR_14(x, ...) , WJR_LETTER(x) WJR_13(__VA_ARGS__)
#define WJR_15(x, ...) , WJR_LETTER(x) WJR_14(__VA_ARGS__)
#define WJR_16(x, ...) , WJR_LETTER(x) WJR_15(__VA_ARGS__)
#define WJR_17(x, ...) , WJR_LETTER(x) WJR_16(__VA_ARGS__)
#define WJR_18(x, ...) , WJR_LETTER(x) WJR_17(__VA_ARGS__)
#define WJR_19(x, ...) , WJR_LETTER(x) WJR_18(__VA_ARGS__)
#define WJR_20(x, ...) , WJR_LETTER(x) WJR_19(__VA_ARGS__)
#define WJR_21(x, ...) , WJR_LETTER(x) WJR_20(__VA_ARGS__)
#define WJR_22(x, ...) , WJR_LETTER(x) WJR_21(__VA_ARGS__)
#define WJR_23(x, ...) , WJR_LETTER(x) WJR_22(__VA_ARGS__)
#define WJR_24(x, ...) , WJR_LETTER(x) WJR_23(__VA_ARGS__)
#define WJR_25(x, ...) , WJR_LETTER(x) WJR_24(__VA_ARGS__)
#define WJR_26(x, ...) , WJR_LETTER(x) WJR_25(__VA_ARGS__)
#define WJR_27(x, ...) , WJR_LETTER(x) WJR_26(__VA_ARGS__)
#define WJR_28(x, ...) , WJR_LETTER(x) WJR_27(__VA_ARGS__)
#define WJR_29(x, ...) , WJR_LETTER(x) WJR_28(__VA_ARGS__)
#define WJR_30(x, ...) , WJR_LETTER(x) WJR_29(__VA_ARGS__)
#define WJR_31(x, ...) , WJR_LETTER(x) WJR_30(__VA_ARGS__)
#define WJR_32(x, ...) , WJR_LETTER(x) WJR_31(__VA_ARGS__)
#define WJR_33(x, ...) , WJR_LETTER(x) WJR_32(__VA_ARGS__)
#define WJR_34(x, ...) , WJR_LETTER(x) WJR_33(__VA_ARGS__)
#define WJR_35(x, ...) , WJR_LETTER(x) WJR_34(__VA_ARGS__)
#define WJR_36(x, ...) , WJR_LETTER(x) WJR_35(__VA_ARGS__)
#define WJR_37(x, ...) , WJR_LETTER(x) WJR_36(__VA_ARGS__)
#define WJR_38(x, ...) , WJR_LETTER(x) WJR_37(__VA_ARGS__)
#define WJR_39(x, ...) , WJR_LETTER(x) WJR_38(__VA_ARGS__)
#define WJR_40(x, ...) , WJR_LETTER(x) WJR_39(__VA_ARGS__)
#define WJR_41(x, ...) , WJR_LETTER(x) WJR_40(__VA_ARGS__)
#define WJR_42(x, ...) , WJR_LETTER(x) WJR_41(__VA_ARGS__)
#define WJR_43(x, ...) , WJR_LETTER(x) WJR_42(__VA_ARGS__)
#define WJR_44(x, ...) , WJR_LETTER(x) WJR_43(__VA_ARGS__)
#define WJR_45(x, ...) , WJR_LETTER(x) WJR_44(__VA_ARGS__)
#define WJR_46(x, ...) , WJR_LETTER(x) WJR_45(__VA_ARGS__)
#define WJR_47(x, ...) , WJR_LETTER(x) WJR_46(__VA_ARGS__)
#define WJR_48(x, ...) , WJR_LETTER(x) WJR_47(__VA_ARGS__)
#define WJR_COUNTED(z, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14,    \
                    a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27,   \
                    a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, a38, a39, a40,   \
                    a41, a42, a43, a44, a45, a46, a47, a48, n, ...)                    \
    n
#define WJR_COUNT(...)                                                                 \
    WJR_COUNTED(0, ##__VA_ARGS__, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36,  \
                35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19,    \
                18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WJR_GLUE_(a, b) a##b
#define WJR_GLUE(a, b) WJR_GLUE_(a, b)
#define WJR_TYPES(...)                                                                 \
    (&((char[]){' ' WJR_GLUE(WJR_, WJR_COUNT(__VA_ARGS__))(__VA_ARGS__), 0})[1])
#endif
#undef PyArg_ParseTuple
#undef PyArg_ParseTupleAndKeywords
#undef PyArg_UnpackTuple
#undef Py_BuildValue
#undef PyObject_CallFunction
#undef PyObject_CallMethod
#undef PyObject_CallFunctionObjArgs
#undef PyObject_CallMethodObjArgs
#undef PyUnicode_FromFormat
#define PyArg_ParseTuple(a, f, ...)                                                    \
    (__extension__({                                                                   \
        struct wjr_site *wjr_s_ = WJR_AT("PyArg_ParseTuple", 0);                       \
        const char *wjr_f_ = (f);                                                      \
        wjr_format(wjr_s_, wjr_f_, WJR_TYPES(__VA_ARGS__), -1);                        \
        wjr_parse(wjr_s_, (a), NULL, wjr_f_, NULL, ##__VA_ARGS__);                     \
    }))
#define PyArg_ParseTupleAndKeywords(a, k, f, n, ...)                                   \
    (__extension__({                                                                   \
        struct wjr_site *wjr_s_ = WJR_AT("PyArg_ParseTupleAndKeywords", 0);            \
        const char *wjr_f_ = (f);                                                      \
        char **wjr_n_ = (char **)(n);                                                  \
        wjr_format(wjr_s_, wjr_f_, WJR_TYPES(__VA_ARGS__),                             \
                   wjr_names((const char *const *)wjr_n_));                            \
        wjr_parse(wjr_s_, (a), (k), wjr_f_, wjr_n_, ##__VA_ARGS__);                    \
    }))
#define PyArg_UnpackTuple(a, n, l, m, ...)                                             \
    wjr_unpack(WJR_AT("PyArg_UnpackTuple", 0), (a), (n), (l), (m), ##__VA_ARGS__)
#define Py_BuildValue(...) wjr_build(WJR_AT("Py_BuildValue", 0), __VA_ARGS__)
#define PyObject_CallFunction(o, ...)                                                  \
    wjr_call(WJR_AT("PyObject_CallFunction", WJR_RUNS), (o), NULL, __VA_ARGS__)
#define PyObject_CallMethod(o, n, ...)                                                 \
    wjr_call(WJR_AT("PyObject_CallMethod", WJR_RUNS), (o), (n), __VA_ARGS__)
#define PyObject_CallFunctionObjArgs(o, ...)                                           \
    wjr_call_objects(WJR_AT("PyObject_CallFunctionObjArgs", WJR_RUNS), (o), NULL,      \
                     __VA_ARGS__)
#define PyObject_CallMethodObjArgs(o, ...)                                             \
    wjr_call_objects(WJR_AT("PyObject_CallMethodObjArgs", WJR_RUNS), (o), __VA_ARGS__)
#define PyUnicode_FromFormat(...)                                                      \
    wjr_text_from(WJR_AT("PyUnicode_FromFormat", WJR_RUNS), __VA_ARGS__)

/* ---- buffers and memory ---- */

#undef PyObject_GetBuffer
#undef PyBuffer_Release
#undef PyBuffer_FillInfo
#define PyBuffer_FillInfo(v, o, p, n, r, f)                                            \
    wjr_fill(WJR_AT("PyBuffer_FillInfo", 0), (v), (o), (p), (n), (r), (f))
#define PyObject_GetBuffer(o, v, f)                                                    \
    wjr_buffer(WJR_AT("PyObject_GetBuffer", 0), (o), (v), (f))
#define PyBuffer_Release(v) wjr_unbuffer(WJR_AT("PyBuffer_Release", 0), (v))

#define WJR_MEMORY(family, kind)                                                       \
    WJR_INLINE void *wjr_##family##Malloc(struct wjr_site *s, size_t n)                \
    {                                                                                  \
        return wjr_block(s, (family##Malloc)(n), n, kind);                             \
    }                                                                                  \
    WJR_INLINE void *wjr_##family##Calloc(struct wjr_site *s, size_t n, size_t m)      \
    {                                                                                  \
        return wjr_block(s, (family##Calloc)(n, m), n * m, kind);                      \
    }                                                                                  \
    WJR_INLINE void *wjr_##family##Realloc(struct wjr_site *s, void *p, size_t n)      \
    {                                                                                  \
        wjr_unblock(s, p, kind);                                                       \
        return wjr_block(s, (family##Realloc)(p, n), n, kind);                         \
    }                                                                                  \
    WJR_INLINE void wjr_##family##Free(struct wjr_site *s, void *p)                    \
    {                                                                                  \
        wjr_unblock(s, p, kind);                                                       \
        (family##Free)(p);                                                             \
    }
WJR_MEMORY(PyMem_Raw, WJR_RAW)
WJR_MEMORY(PyMem_, WJR_MEM)
WJR_MEMORY(PyObject_, WJR_OBJECT)
#undef PyMem_RawMalloc
#define PyMem_RawMalloc(n) wjr_PyMem_RawMalloc(WJR_AT("PyMem_RawMalloc", 0), n)
#undef PyMem_RawCalloc
#define PyMem_RawCalloc(n, m) wjr_PyMem_RawCalloc(WJR_AT("PyMem_RawCalloc", 0), n, m)
#undef PyMem_RawRealloc
#define PyMem_RawRealloc(p, n) wjr_PyMem_RawRealloc(WJR_AT("PyMem_RawRealloc", 0), p, n)
#undef PyMem_RawFree
#define PyMem_RawFree(p) wjr_PyMem_RawFree(WJR_AT("PyMem_RawFree", 0), p)
#undef PyMem_Malloc
#define PyMem_Malloc(n) wjr_PyMem_Malloc(WJR_AT("PyMem_Malloc", 0), n)
#undef PyMem_Calloc
#define PyMem_Calloc(n, m) wjr_PyMem_Calloc(WJR_AT("PyMem_Calloc", 0), n, m)
#undef PyMem_Realloc
#define PyMem_Realloc(p, n) wjr_PyMem_Realloc(WJR_AT("PyMem_Realloc", 0), p, n)
#undef PyMem_Free
#define PyMem_Free(p) wjr_PyMem_Free(WJR_AT("PyMem_Free", 0), p)
#undef PyObject_Malloc
#define PyObject_Malloc(n) wjr_PyObject_Malloc(WJR_AT("PyObject_Malloc", 0), n)
#undef PyObject_Calloc
#define PyObject_Calloc(n, m) wjr_PyObject_Calloc(WJR_AT("PyObject_Calloc", 0), n, m)
#undef PyObject_Realloc
#define PyObject_Realloc(p, n) wjr_PyObject_Realloc(WJR_AT("PyObject_Realloc", 0), p, n)
#undef PyObject_Free
#define PyObject_Free(p) wjr_PyObject_Free(WJR_AT("PyObject_Free", 0), p)
#undef PyMem_MALLOC
#undef PyMem_REALLOC
#undef PyMem_FREE
#undef PyMem_Del
#undef PyMem_DEL
#undef PyMem_New
#undef PyMem_NEW
#undef PyMem_Resize
#undef PyObject_MALLOC
#undef PyObject_REALLOC
#undef PyObject_FREE
#undef PyObject_Del
#undef PyObject_DEL
#define PyMem_MALLOC(n) PyMem_Malloc(n)
#define PyMem_REALLOC(p, n) PyMem_Realloc(p, n)
#define PyMem_FREE(p) PyMem_Free(p)
#define PyMem_Del PyMem_Free
#define PyMem_DEL PyMem_Free
#define PyMem_New(type, n)                                                             \
    ((size_t)(n) > PY_SSIZE_T_MAX / sizeof(type)                                       \
         ? NULL                                                                        \
         : (type *)PyMem_Malloc((size_t)(n) * sizeof(type)))
#define PyMem_NEW(type, n) PyMem_New(type, n)
#define PyMem_Resize(p, type, n)                                                       \
    ((p) = (size_t)(n) > PY_SSIZE_T_MAX / sizeof(type)                                 \
               ? NULL                                                                  \
               : (type *)PyMem_Realloc((p), (size_t)(n) * sizeof(type)))
#define PyObject_MALLOC(n) PyObject_Malloc(n)
#define PyObject_REALLOC(p, n) PyObject_Realloc(p, n)
#define PyObject_FREE(p) PyObject_Free(p)
#define PyObject_Del PyObject_Free
#define PyObject_DEL PyObject_Free
