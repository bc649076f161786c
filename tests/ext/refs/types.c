/* clang-format off */
/* Types: static and heap ones, in a module of several phases. "case NAME: CODE" says how a
 * case is driven; m is the module, o a list. */
#include "cases.h"

typedef struct {
    PyObject_HEAD
    PyObject *a, *b;
    vectorcallfunc call;
} Holder;
#define SELF ((Holder *)self)

static PyObject *
holder_new(PyTypeObject *type, PyObject *args, PyObject *kw)
{
    return type->tp_alloc(type, 0);
}
static int
keep_a(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o;
    if (!PyArg_ParseTuple(args, "O", &o)) {
        return -1;
    }
    Py_XSETREF(SELF->a, Py_NewRef(o));
    return 0;
}
static int
visit_both(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(SELF->a);
    Py_VISIT(SELF->b);
    return 0;
}
static int
clear_both(PyObject *self)
{
    Py_CLEAR(SELF->a);
    Py_CLEAR(SELF->b);
    return 0;
}
static void
end_both(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    clear_both(self);
    Py_TYPE(self)->tp_free(self);
}
static void
end_both_heap(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear_both(self);
    type->tp_free(self);
    Py_DECREF(type);
}
#define STATIC(name, ...)                                                                          \
    static PyTypeObject name = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "types." #name,            \
                                .tp_basicsize = sizeof(Holder), .tp_new = holder_new,              \
                                __VA_ARGS__};
#define STATIC_GC(name, ...)                                                                       \
    STATIC(name, .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,          \
           .tp_traverse = visit_both, .tp_clear = clear_both, .tp_dealloc = end_both, __VA_ARGS__)
#define HEAP(name, ...)                                                                            \
    static PyType_Slot name##_slots[] = {{Py_tp_new, holder_new}, __VA_ARGS__, {0, NULL}};          \
    static PyType_Spec name = {"types." #name, sizeof(Holder), 0,                                 \
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,      \
                               name##_slots};

/* case dealloc_keeps: m.DeallocKeeps(o) */
static int
dealloc_keeps_init(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o;
    if (!PyArg_ParseTuple(args, "O", &o)) {
        return -1;
    }
    Py_INCREF(o); /* finds: leak */
    SELF->a = o;
    return 0;
}
static void
dealloc_keeps_end(PyObject *self)
{
    GOOD(Py_XDECREF(SELF->a);)
    Py_TYPE(self)->tp_free(self);
}
STATIC(DeallocKeeps, .tp_flags = Py_TPFLAGS_DEFAULT, .tp_init = dealloc_keeps_init, .tp_dealloc = dealloc_keeps_end)

/* case init_twice: x = m.InitTwice(o); x.__init__([1]) */
static int
init_twice_init(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o;
    if (!PyArg_ParseTuple(args, "O", &o)) {
        return -1;
    }
    GOOD(Py_CLEAR(SELF->a);)
    SELF->a = Py_NewRef(o); /* finds: leak */
    return 0;
}
STATIC_GC(InitTwice, .tp_init = init_twice_init)

/* case stored_borrowed: m.StoredBorrowed(o) */
static int
stored_borrowed_init(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o;
    if (!PyArg_ParseTuple(args, "O", &o)) { /* finds: over-decref */
        return -1;
    }
    GOOD(Py_INCREF(o);)
    SELF->a = o;
    return 0;
}
static void
stored_borrowed_end(PyObject *self)
{
    Py_XDECREF(SELF->a); /* finds: over-decref */
    Py_TYPE(self)->tp_free(self);
}
STATIC(StoredBorrowed, .tp_flags = Py_TPFLAGS_DEFAULT, .tp_init = stored_borrowed_init, .tp_dealloc = stored_borrowed_end)

/* case copy_shares: x = m.CopyShares(["kept"]); y = x.copy(); del x; y.copy() */
static PyObject *
copy_shares_copy(PyObject *self, PyObject *ignored)
{
    PyTypeObject *type = Py_TYPE(self);
    Holder *copy = (Holder *)type->tp_alloc(type, 0); /* finds: dangling over-decref */
    GOOD(Py_XINCREF(SELF->a);)
    copy->a = SELF->a;
    return (PyObject *)copy;
}
static PyMethodDef copy_shares_methods[] = {{"copy", copy_shares_copy, METH_NOARGS}, {NULL}};
STATIC_GC(CopyShares, .tp_init = keep_a, .tp_methods = copy_shares_methods)

/* case none_stored: m.NoneStored() */
static PyObject *
none_stored_new(PyTypeObject *type, PyObject *args, PyObject *kw)
{
    Holder *self = (Holder *)type->tp_alloc(type, 0); /* finds: over-decref */
    GOOD(Py_INCREF(Py_None);)
    self->a = Py_None;
    return (PyObject *)self;
}
static PyTypeObject NoneStored = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "types.NoneStored",
    .tp_basicsize = sizeof(Holder),
    .tp_new = none_stored_new,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = visit_both,
    .tp_clear = clear_both,
    .tp_dealloc = end_both,
};

/* case other_written_over: x = m.OtherWrittenOver(o); m.OtherWrittenOver(o).put(x) */
static int
other_written_over_init(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o;
    if (!PyArg_ParseTuple(args, "O", &o)) {
        return -1;
    }
    SELF->a = Py_NewRef(o); /* finds: leak */
    return 0;
}
static PyObject *
other_written_over_put(PyObject *self, PyObject *other)
{
    PyObject *old = ((Holder *)other)->a;
    ((Holder *)other)->a = PyList_New(0);
    GOOD(Py_XDECREF(old);)
    (void)old;
    END;
}
static PyMethodDef other_written_over_methods[] = {{"put", other_written_over_put, METH_O}, {NULL}};
STATIC_GC(OtherWrittenOver, .tp_init = other_written_over_init, .tp_methods = other_written_over_methods)

/* case getter_borrowed: m.GetterBorrowed(o).a */
static PyObject *
getter_borrowed_a(PyObject *self, void *closure)
{ /* finds: returned */
    GOOD(Py_INCREF(SELF->a);)
    return SELF->a;
}
static PyGetSetDef getter_borrowed_set[] = {{"a", getter_borrowed_a}, {NULL}};
STATIC_GC(GetterBorrowed, .tp_init = keep_a, .tp_getset = getter_borrowed_set)

/* case setter_leaks: x = m.SetterLeaks(o); x.a = [1] */
static int
setter_leaks_a(PyObject *self, PyObject *value, void *closure)
{
    GOOD(Py_XDECREF(SELF->a);)
    SELF->a = Py_NewRef(value);
    return 0;
}
static int
setter_leaks_init(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o = PyTuple_GetItem(args, 0);
    Py_INCREF(o); /* finds: leak */
    SELF->a = o;
    return 0;
}
static PyGetSetDef setter_leaks_set[] = {{"a", NULL, setter_leaks_a}, {NULL}};
STATIC_GC(SetterLeaks, .tp_init = setter_leaks_init, .tp_getset = setter_leaks_set)

/* case traverse_misses: m.TraverseMisses(o) */
static int
traverse_misses_init(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o = PyTuple_GetItem(args, 0);
    SELF->b = Py_NewRef(o); /* finds: not-traversed */
    return 0;
}
static int
traverse_misses_visit(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(SELF->a);
    GOOD(Py_VISIT(SELF->b);)
    return 0;
}
STATIC(TraverseMisses, .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
       .tp_traverse = traverse_misses_visit, .tp_clear = clear_both, .tp_dealloc = end_both,
       .tp_init = traverse_misses_init)

/* case clear_misses: x = m.ClearMisses.__new__(m.ClearMisses); y = m.ClearMisses(x); x.__init__(y); del x, y; [gc.collect() for _ in 'abc'] */
static int
clear_misses_init(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *o = PyTuple_GetItem(args, 0);
    SELF->a = Py_NewRef(o); /* finds: not-cleared */
    return 0;
}
static int
clear_misses_clear(PyObject *self)
{
    GOOD(Py_CLEAR(SELF->a);)
    Py_CLEAR(SELF->b);
    return 0;
}
STATIC(ClearMisses, .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .tp_traverse = visit_both,
       .tp_clear = clear_misses_clear, .tp_dealloc = end_both, .tp_init = clear_misses_init)

/* case repr_borrowed: repr(m.ReprBorrowed("text %d" % 1)) */
static PyObject *
repr_borrowed_repr(PyObject *self)
{ /* finds: returned */
    GOOD(Py_INCREF(SELF->a);)
    return SELF->a;
}
STATIC_GC(ReprBorrowed, .tp_init = keep_a, .tp_repr = repr_borrowed_repr)

/* case length_error: len(m.LengthError(o)) */
static Py_ssize_t
length_error_length(PyObject *self)
{
    Py_ssize_t size = PyTuple_Size(SELF->a); /* finds: result-and-exception */
    GOOD(if (size < 0) { PyErr_Clear(); })
    return size < 0 ? 0 : size;
}
static PySequenceMethods length_error_sequence = {.sq_length = length_error_length};
STATIC_GC(LengthError, .tp_init = keep_a, .tp_as_sequence = &length_error_sequence)

/* case item_borrowed: m.ItemBorrowed(o)[0] */
static PyObject *
item_borrowed_item(PyObject *self, Py_ssize_t i)
{
    if (i > 0) {
        PyErr_SetNone(PyExc_IndexError);
        return NULL;
    }
    PyObject *x = PyList_GetItem(SELF->a, i); /* finds: returned */
    GOOD(Py_XINCREF(x);)
    return x;
}
static PySequenceMethods item_borrowed_sequence = {.sq_item = item_borrowed_item};
STATIC_GC(ItemBorrowed, .tp_init = keep_a, .tp_as_sequence = &item_borrowed_sequence)

/* case add_leaks: m.AddLeaks(o) + o */
static PyObject *
add_leaks_add(PyObject *self, PyObject *other)
{
    PyObject *list = PySequence_List(other); /* finds: leak */
    PyObject *sum = PySequence_Concat(list, list);
    GOOD(Py_DECREF(list);)
    return sum;
}
static PyNumberMethods add_leaks_number = {.nb_add = add_leaks_add};
STATIC_GC(AddLeaks, .tp_init = keep_a, .tp_as_number = &add_leaks_number)

/* case next_borrowed: next(m.NextBorrowed(o)) */
static PyObject *
next_borrowed_next(PyObject *self)
{ /* finds: returned */
    GOOD(Py_INCREF(SELF->a);)
    return SELF->a;
}
STATIC_GC(NextBorrowed, .tp_init = keep_a, .tp_iter = PyObject_SelfIter,
          .tp_iternext = next_borrowed_next)

/* case iter_borrowed: iter(m.IterBorrowed(o)) */
static PyObject *
iter_borrowed_iter(PyObject *self)
{ /* finds: returned */
    GOOD(Py_INCREF(self);)
    return self;
}
static PyObject *
iter_borrowed_next(PyObject *self)
{
    return NULL;
}
STATIC_GC(IterBorrowed, .tp_iter = iter_borrowed_iter, .tp_iternext = iter_borrowed_next)

/* case call_leaks: m.CallLeaks(o)(1) */
static PyObject *
call_leaks_call(PyObject *self, PyObject *args, PyObject *kw)
{
    PyObject *x = PyTuple_GetSlice(args, 0, 5), *y = PySequence_List(args); /* finds: leak */
    GOOD(Py_DECREF(y);)
    (void)y;
    return x;
}
STATIC_GC(CallLeaks, .tp_call = call_leaks_call, .tp_init = keep_a)

/* case compare_no_incref: m.CompareNoIncref(o) == 3 */
static PyObject *
compare_no_incref_compare(PyObject *self, PyObject *other, int op)
{ /* finds: returned */
    GOOD(Py_INCREF(other);)
    return other;
}
STATIC_GC(CompareNoIncref, .tp_richcompare = compare_no_incref_compare, .tp_init = keep_a)

/* case vector_leaks: m.VectorLeaks(o)(1, 2) */
static PyObject *
vector_leaks_call(PyObject *self, PyObject *const *args, size_t count, PyObject *names)
{
    PyObject *x = PyTuple_Pack(1, args[0]); /* finds: leak */
    GOOD(Py_DECREF(x);)
    (void)x;
    Py_RETURN_NONE;
}
static int
vector_leaks_init(PyObject *self, PyObject *args, PyObject *kw)
{
    SELF->call = vector_leaks_call;
    return 0;
}
static PyObject *
vector_leaks_new(PyTypeObject *type, PyObject *args, PyObject *kw)
{
    PyObject *self = type->tp_alloc(type, 0);
    if (self != NULL) {
        SELF->call = vector_leaks_call;
    }
    return self;
}
STATIC_GC(VectorLeaks, .tp_new = vector_leaks_new, .tp_init = vector_leaks_init,
          .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
          .tp_call = PyVectorcall_Call, .tp_vectorcall_offset = offsetof(Holder, call))

/* case new_error_path: m.NewErrorPath() */
static PyObject *
new_error_path_new(PyTypeObject *type, PyObject *args, PyObject *kw)
{
    PyObject *self = type->tp_alloc(type, 0); /* finds: leak */
    if (PyTuple_GET_SIZE(args) == 0) {
        GOOD(Py_DECREF(self);)
        PyErr_SetString(PyExc_TypeError, "one argument, please");
        return NULL;
    }
    return self;
}
STATIC_GC(NewErrorPath, .tp_new = new_error_path_new)

/* case buffer_borrowed: memoryview(m.BufferBorrowed()) */
static char buffer_borrowed_data[8];
static int
buffer_borrowed_get(PyObject *self, Py_buffer *view, int flags)
{ /* finds: returned */
    if (PyBuffer_FillInfo(view, NULL, buffer_borrowed_data, 8, 1, flags) < 0) {
        return -1;
    }
    view->obj = self;
    GOOD(Py_INCREF(self);)
    return 0;
}
static PyBufferProcs buffer_borrowed_buffer = {buffer_borrowed_get, NULL};
STATIC_GC(BufferBorrowed, .tp_as_buffer = &buffer_borrowed_buffer)

/* case method_fast: m.MethodFast().f(o, 2) */
static PyObject *
method_fast_f(PyObject *self, PyObject *const *args, Py_ssize_t count)
{ /* finds: returned */
    GOOD(Py_INCREF(args[0]);)
    return args[0];
}
static PyMethodDef method_fast_methods[] = {
    {"f", (PyCFunction)(void (*)(void))method_fast_f, METH_FASTCALL, NULL}, {NULL}};
STATIC_GC(MethodFast, .tp_methods = method_fast_methods)

/* case heap_keeps_type: m.HeapKeepsType() */
static void
heap_keeps_type_end(PyObject *self)
{ /* finds: type-not-released */
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear_both(self);
    type->tp_free(self);
    GOOD(Py_DECREF(type);)
}
HEAP(HeapKeepsType, {Py_tp_dealloc, heap_keeps_type_end}, {Py_tp_traverse, visit_both})

/* case heap_dealloc_keeps: m.HeapDeallocKeeps(o) */
static int
heap_dealloc_keeps_init(PyObject *self, PyObject *args, PyObject *kw)
{
    SELF->a = PyTuple_GetItem(args, 0);
    Py_XINCREF(SELF->a); /* finds: leak */
    return 0;
}
static void
heap_dealloc_keeps_end(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    GOOD(Py_CLEAR(SELF->a);)
    type->tp_free(self);
    Py_DECREF(type);
}
HEAP(HeapDeallocKeeps, {Py_tp_dealloc, heap_dealloc_keeps_end}, {Py_tp_traverse, visit_both},
     {Py_tp_init, heap_dealloc_keeps_init})

/* case heap_getter: m.HeapGetter(o).a */
static PyObject *
heap_getter_a(PyObject *self, void *closure)
{ /* finds: returned */
    GOOD(Py_XINCREF(SELF->a);)
    return SELF->a;
}
static PyGetSetDef heap_getter_set[] = {{"a", heap_getter_a}, {NULL}};
HEAP(HeapGetter, {Py_tp_dealloc, end_both_heap}, {Py_tp_traverse, visit_both}, {Py_tp_clear, clear_both},
     {Py_tp_init, keep_a}, {Py_tp_getset, heap_getter_set})

/* case heap_subscript: m.HeapSubscript(o)[0] */
static PyObject *
heap_subscript_get(PyObject *self, PyObject *key)
{
    PyObject *x = PyObject_GetItem(SELF->a, key); /* finds: leak */
    PyObject *pair = x == NULL ? NULL : PyTuple_Pack(2, key, x);
    GOOD(Py_XDECREF(x);)
    return pair;
}
HEAP(HeapSubscript, {Py_tp_dealloc, end_both_heap}, {Py_tp_traverse, visit_both},
     {Py_tp_clear, clear_both}, {Py_tp_init, keep_a}, {Py_mp_subscript, heap_subscript_get})

/* case heap_contains: 1 in m.HeapContains(o) */
static int
heap_contains_has(PyObject *self, PyObject *key)
{
    PyObject *list = PySequence_List(SELF->a); /* finds: leak */
    int has = PySequence_Contains(list, key);
    GOOD(Py_DECREF(list);)
    return has;
}
HEAP(HeapContains, {Py_tp_dealloc, end_both_heap}, {Py_tp_traverse, visit_both},
     {Py_tp_clear, clear_both}, {Py_tp_init, keep_a}, {Py_sq_contains, heap_contains_has})

/* case state_borrowed: m.state_borrowed(o) */
typedef struct {
    PyObject *last;
} State;
CASE(state_borrowed) { /* finds: returned */
    State *state = PyModule_GetState(module);
    if (state->last == NULL) {
        state->last = PyUnicode_FromFormat("of %R", Py_TYPE(o));
    }
    GOOD(Py_XINCREF(state->last);)
    return state->last;
}

static PyTypeObject *const statics[] = {
    &DeallocKeeps, &InitTwice, &StoredBorrowed, &CopyShares, &NoneStored, &OtherWrittenOver, &GetterBorrowed, &SetterLeaks, &TraverseMisses,
    &ClearMisses, &ReprBorrowed, &LengthError, &ItemBorrowed, &AddLeaks, &NextBorrowed,
    &IterBorrowed, &CallLeaks, &CompareNoIncref, &VectorLeaks, &NewErrorPath, &BufferBorrowed,
    &MethodFast,
};
static PyType_Spec *const heaps[] = {&HeapKeepsType, &HeapDeallocKeeps, &HeapGetter,
                                     &HeapSubscript, &HeapContains};
static int
fill(PyObject *module)
{
    for (size_t i = 0; i < sizeof statics / sizeof *statics; i++) {
        if (PyModule_AddType(module, statics[i]) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
        PyObject *type = PyType_FromSpec(heaps[i]);
        if (type == NULL || PyModule_AddType(module, (PyTypeObject *)type) != 0) {
            return -1;
        }
        Py_DECREF(type);
    }
    return 0;
}
static void
end_module(void *module)
{
    State *state = PyModule_GetState(module);
    Py_CLEAR(state->last);
}
static PyMethodDef methods[] = {{"state_borrowed", state_borrowed, METH_O, NULL}, {NULL}};
static PyModuleDef_Slot phases[] = {{Py_mod_exec, fill}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, MODULE,  NULL, sizeof(State), methods,
                                        phases,                NULL,    NULL, end_module};
PyMODINIT_FUNC INIT(void) {
    return PyModuleDef_Init(&definition);
}
