/* What differs between CPython 3.11 and 3.15 for the walk over all objects.
 *
 * As compat.h, which it goes on from: inline accessors that read memory. Those here run
 * under the GIL.
 */
#ifndef WJ_COMPAT_HEAP_H
#define WJ_COMPAT_HEAP_H

#include "compat.h"

/* True for an object whose count says nothing, because the interpreter never frees it.
 */
static inline int
wj_is_immortal(PyObject *object)
{
#if PY_VERSION_HEX < 0x030C0000
    (void)object;
    return 0;
#else
    return _Py_IsImmortal(object);
#endif
}

/* Call ``visit`` for each object that the collector tracks; makes no object. */
static inline void
wj_visit_list(PyGC_Head *head, int (*visit)(PyObject *, void *), void *context)
{
    PyGC_Head *each = (PyGC_Head *)(head->_gc_next & ~(uintptr_t)3);
    while (each != head && each != NULL) {
        visit((PyObject *)(each + 1), context);
        each = (PyGC_Head *)(each->_gc_next & ~(uintptr_t)3);
    }
}

static inline void
wj_visit_tracked(PyInterpreterState *interpreter, int (*visit)(PyObject *, void *),
                 void *context)
{
#if PY_VERSION_HEX < 0x030C0000
    for (int i = 0; i < NUM_GENERATIONS; i++) {
        wj_visit_list(&interpreter->gc.generations[i].head, visit, context);
    }
#else
    PyUnstable_GC_VisitObjects(visit, context);
#endif
    wj_visit_list(&interpreter->gc.permanent_generation.head, visit, context);
}

/* Bytes before an object: the collector's head, and the pointers of a managed dict. */
static inline size_t
wj_bytes_before(PyTypeObject *type, int tracked)
{
    size_t bytes = tracked ? sizeof(PyGC_Head) : 0;
#if PY_VERSION_HEX < 0x030C0000
    int pointers = (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
#else
    int pointers = (type->tp_flags & Py_TPFLAGS_PREHEADER) != 0;
#endif
    return bytes + (pointers ? 2 * sizeof(PyObject *) : 0);
}

static inline size_t
wj_int_digits(PyObject *number)
{
#if PY_VERSION_HEX < 0x030C0000
    Py_ssize_t size = Py_SIZE(number);
    return (size_t)(size < 0 ? -size : size);
#else
    return ((PyLongObject *)number)->long_value.lv_tag >> 3;
#endif
}

static inline PyObject **
wj_values_of(PyDictValues *values)
{
    return values->values;
}

/* Slots that the separately allocated values of an instance have. */
static inline size_t
wj_shared_room(const PyDictKeysObject *keys)
{
    return (size_t)(keys->dk_nentries + keys->dk_usable);
}

/* Borrowed: the attribute values that an instance holds outside of any dict, in the
   order of its type's shared keys; NULL for none. Never makes a dict. Adds to ``bytes``
   what they take beside ``tp_basicsize``. */
static inline PyObject **
wj_instance_values(PyObject *object, PyTypeObject *type, size_t *bytes)
{
#if PY_VERSION_HEX < 0x030D0000
    PyDictValues *values = NULL;
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return NULL;
    }
#if PY_VERSION_HEX < 0x030C0000
    values = *_PyObject_ValuesPointer(object);
#else
    PyDictOrValues either = *_PyObject_DictOrValuesPointer(object);
    values =
        _PyDictOrValues_IsValues(either) ? _PyDictOrValues_GetValues(either) : NULL;
#endif
    const PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    if (values == NULL || keys == NULL) {
        return NULL;
    }
    *bytes += ((const uint8_t *)values)[-1] + wj_shared_room(keys) * sizeof(PyObject *);
    return values->values;
#else
    if (!(type->tp_flags & Py_TPFLAGS_INLINE_VALUES)) {
        return NULL;
    }
    PyDictValues *values = _PyObject_InlineValues(object);
    *bytes += _PyInlineValuesSize(type);
    return values->valid ? values->values : NULL;
#endif
}

/* Borrowed: the instance's dict if it has one already, NULL otherwise. */
static inline PyObject *
wj_instance_dict(PyObject *object, PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
#if PY_VERSION_HEX < 0x030C0000
        return *_PyObject_ManagedDictPointer(object);
#elif PY_VERSION_HEX < 0x030D0000
        PyDictOrValues either = *_PyObject_DictOrValuesPointer(object);
        return _PyDictOrValues_IsValues(either) ? NULL
                                                : _PyDictOrValues_GetDict(either);
#else
        return (PyObject *)_PyObject_ManagedDictPointer(object)->dict;
#endif
    }
    Py_ssize_t offset = type->tp_dictoffset;
    if (offset < 0) {
        Py_ssize_t items = Py_SIZE(object);
        offset += (Py_ssize_t)_PyObject_VAR_SIZE(type, items < 0 ? -items : items);
    }
    return offset > 0 ? *(PyObject **)((char *)object + offset) : NULL;
}

/* Attribute names that instances of a type share: entries of its cached keys. */
static inline size_t
wj_shared_names(PyTypeObject *type)
{
    const PyDictKeysObject *keys = NULL;
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE) {
        keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    }
    return keys == NULL || !DK_IS_UNICODE(keys) ? 0 : (size_t)keys->dk_nentries;
}

/* Borrowed: the n-th of them. */
static inline PyObject *
wj_shared_name(PyTypeObject *type, size_t number)
{
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    return DK_UNICODE_ENTRIES(keys)[number].me_key;
}

/* True where the values of a dict lie in the instance it belongs to. */
static inline int
wj_dict_is_borrowed(const PyDictObject *dict)
{
#if PY_VERSION_HEX < 0x030D0000
    (void)dict;
    return 0;
#else
    return dict->ma_values != NULL && dict->ma_values->embedded;
#endif
}

/* Bytes of a dict's values that were allocated for it alone. */
static inline size_t
wj_dict_values_bytes(const PyDictObject *dict)
{
    if (dict->ma_values == NULL || wj_dict_is_borrowed(dict)) {
        return 0;
    }
#if PY_VERSION_HEX < 0x030D0000
    size_t prefix = ((const uint8_t *)dict->ma_values)[-1];
    return prefix + wj_shared_room(dict->ma_keys) * sizeof(PyObject *);
#else
    size_t room = dict->ma_values->capacity;
    return (room + 7) / 8 * 8 + (room + 1) * sizeof(PyObject *);
#endif
}

static inline size_t
wj_keys_bytes(PyDictKeysObject *keys)
{
    if (keys == NULL || keys->dk_log2_size == 0) {
        return 0; /* the keys of every empty dict */
    }
    size_t entry =
        DK_IS_UNICODE(keys) ? sizeof(PyDictUnicodeEntry) : sizeof(PyDictKeyEntry);
    size_t entries = ((size_t)1 << keys->dk_log2_size) * 2 / 3;
    return sizeof(PyDictKeysObject) + ((size_t)1 << keys->dk_log2_index_bytes)
           + entries * entry;
}

/* The entry of a dict, borrowed; 0 where it is empty. */
static inline int
wj_dict_entry(PyDictObject *dict, Py_ssize_t number, PyObject **key, PyObject **value)
{
    PyDictKeysObject *keys = dict->ma_keys;
    if (DK_IS_UNICODE(keys)) {
        PyDictUnicodeEntry *entry = &DK_UNICODE_ENTRIES(keys)[number];
        *key = entry->me_key;
        *value =
            dict->ma_values == NULL ? entry->me_value : dict->ma_values->values[number];
    } else {
        PyDictKeyEntry *entry = &DK_ENTRIES(keys)[number];
        *key = entry->me_key;
        *value = entry->me_value;
    }
    return *key != NULL && *value != NULL;
}

static inline Py_ssize_t
wj_dict_entries(const PyDictObject *dict)
{
    return wj_dict_is_borrowed(dict) ? 0 : dict->ma_keys->dk_nentries;
}

/* Borrowed: what functions hold beside the fields that they have had since 3.11. */
static inline int
wj_function_more(const PyFunctionObject *function, PyObject **more)
{
#if PY_VERSION_HEX < 0x030C0000
    (void)function;
    (void)more;
    return 0;
#elif PY_VERSION_HEX < 0x030E0000
    more[0] = function->func_typeparams;
    return 1;
#else
    more[0] = function->func_typeparams;
    more[1] = function->func_annotate;
    return 2;
#endif
}

/* Bytes of a bytearray's buffer; since 3.15 it is a bytes object that nobody else sees.
 */
static inline size_t
wj_bytearray_bytes(PyObject *object)
{
    size_t room = (size_t)((PyByteArrayObject *)object)->ob_alloc;
#if PY_VERSION_HEX >= 0x030F0000
    room += room ? offsetof(PyBytesObject, ob_sval) + 1 : 0;
#endif
    return room;
}

/* New reference: a type's dict. */
static inline PyObject *
wj_type_dict(PyTypeObject *type)
{
#if PY_VERSION_HEX < 0x030C0000
    return Py_XNewRef(type->tp_dict);
#else
    return PyType_GetDict(type);
#endif
}

/* Borrowed: what a slot of a frame owns; NULL for nothing, and for a reference that
   some other place keeps alive. */
#if PY_VERSION_HEX < 0x030E0000
static inline PyObject *
wj_owned(PyObject *slot)
{
    return slot;
}
#else
static inline PyObject *
wj_owned(_PyStackRef slot)
{
    return slot.bits & 3 ? NULL : (PyObject *)slot.bits;
}
#endif

/* Borrowed: the function that a frame runs. */
static inline PyObject *
wj_frame_function(const wj_frame *frame)
{
#if PY_VERSION_HEX < 0x030C0000
    return (PyObject *)frame->f_func;
#else
    return wj_owned(frame->f_funcobj);
#endif
}

/* Slots of the frame that are filled: locals, cells, and the stack where it is known.
 */
static inline Py_ssize_t
wj_frame_slots(const wj_frame *frame, const PyCodeObject *code)
{
    Py_ssize_t locals = code->co_nlocalsplus;
    if (!wj_frame_is_left(frame)) {
        return locals;
    }
#if PY_VERSION_HEX < 0x030E0000
    Py_ssize_t top = frame->stacktop;
#else
    Py_ssize_t top = frame->stackpointer - frame->localsplus;
#endif
    return top < locals || top > locals + code->co_stacksize ? locals : top;
}

/* The frame of a generator or coroutine, NULL when it has run to its end. */
static inline wj_frame *
wj_generator_frame(PyObject *generator)
{
    PyGenObject *self = (PyGenObject *)generator;
    return self->gi_frame_state >= FRAME_CLEARED ? NULL : (wj_frame *)&self->gi_iframe;
}

static inline PyObject *
wj_thread_exception(const PyThreadState *thread)
{
#if PY_VERSION_HEX < 0x030C0000
    return thread->curexc_value;
#else
    return thread->current_exception;
#endif
}

/* Borrowed: what the interpreter itself holds, by name. Returns how many were given. */
#define WJ_HOLDINGS 16
static inline int
wj_interpreter_holdings(PyInterpreterState *is, const char **names, PyObject **objects)
{
    int count = 0;
#define WJ_HOLD(name, object) (names[count] = name, objects[count++] = (object))
#if PY_VERSION_HEX < 0x030C0000
    WJ_HOLD("sys.modules", is->modules);
    WJ_HOLD("modules by index", is->modules_by_index);
    WJ_HOLD("importlib", is->importlib);
    WJ_HOLD("import function", is->import_func);
#else
    WJ_HOLD("sys.modules", is->imports.modules);
    WJ_HOLD("modules by index", is->imports.modules_by_index);
    WJ_HOLD("importlib", is->imports.importlib);
    WJ_HOLD("import function", is->imports.import_func);
#endif
#if PY_VERSION_HEX < 0x030D0000
    WJ_HOLD("codec search path", is->codec_search_path);
    WJ_HOLD("codec cache", is->codec_search_cache);
    WJ_HOLD("codec errors", is->codec_error_registry);
#else
    WJ_HOLD("codec search path", is->codecs.search_path);
    WJ_HOLD("codec cache", is->codecs.search_cache);
    WJ_HOLD("codec errors", is->codecs.error_registry);
#endif
    WJ_HOLD("sys", is->sysdict);
    WJ_HOLD("builtins", is->builtins);
    WJ_HOLD("interpreter dict", is->dict);
    WJ_HOLD("builtins copy", is->builtins_copy);
    WJ_HOLD("before fork", is->before_forkers);
    WJ_HOLD("after fork in parent", is->after_forkers_parent);
    WJ_HOLD("after fork in child", is->after_forkers_child);
    WJ_HOLD("audit hooks", is->audit_hooks);
#undef WJ_HOLD
    return count;
}

/* Borrowed: the n-th function that atexit calls, with its arguments; 0 past the last.
 */
static inline int
wj_atexit(PyInterpreterState *is, int number, PyObject **holds)
{
#if PY_VERSION_HEX < 0x030E0000
    if (number >= is->atexit.ncallbacks) {
        return 0;
    }
    holds[0] = holds[1] = holds[2] = NULL;
    if (is->atexit.callbacks[number] != NULL) {
        holds[0] = is->atexit.callbacks[number]->func;
        holds[1] = is->atexit.callbacks[number]->args;
        holds[2] = is->atexit.callbacks[number]->kwargs;
    }
    return 1;
#else
    holds[0] = is->atexit.callbacks; /* a list of (function, arguments, keywords) */
    holds[1] = holds[2] = NULL;
    return number == 0;
#endif
}

#endif
