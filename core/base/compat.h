/* What differs between CPython 3.11 and 3.15, behind one set of names.
 *
 * The only home of PY_VERSION_HEX and of CPython's internal headers. Everything here is
 * an inline accessor that reads memory and calls no Python API, so that it may be used
 * in a signal handler, without the GIL, and on copies of structures.
 */
#ifndef WJ_COMPAT_H
#define WJ_COMPAT_H

#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wredundant-decls"
#include <Python.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_object.h>
#include <internal/pycore_moduleobject.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_gil.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#if PY_VERSION_HEX >= 0x030E0000
#include <internal/pycore_interpframe_structs.h>
#include <internal/pycore_interp_structs.h>
#include <internal/pycore_runtime_structs.h>
#include <internal/pycore_structs.h>
#endif
#pragma GCC diagnostic pop

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x03100000
#error "Wadjet's core knows CPython 3.11 to 3.15"
#endif
#ifdef Py_GIL_DISABLED
#error "Wadjet's core does not support free-threaded builds yet"
#endif

typedef struct _PyInterpreterFrame wj_frame;
typedef struct _gil_runtime_state wj_gil;

/* Bytes of a frame that hold its linkage; the locals follow. */
#define WJ_FRAME_HEAD offsetof(struct _PyInterpreterFrame, localsplus)

/* ---- objects -------------------------------------------------------------------- */

/* True unless the object is dead, by the copy of its head. A dead one's count is 0, or
   the first word is the allocator's link to another block. */
static inline int
wj_is_referred_to(const PyObject *head)
{
#if PY_VERSION_HEX < 0x030E0000
    return head->ob_refcnt > 0 && head->ob_refcnt <= (Py_ssize_t)UINT32_MAX;
#else
    return head->ob_refcnt > 0 && head->ob_overflow == 0;
#endif
}

/* ---- thread states -------------------------------------------------------------- */

/* The frame on top of the thread's Python stack, NULL for none. */
static inline wj_frame *
wj_top_frame(const PyThreadState *thread)
{
#if PY_VERSION_HEX < 0x030D0000
    const _PyCFrame *cframe = thread->cframe;
    return cframe == NULL ? NULL : cframe->current_frame;
#else
    return thread->current_frame;
#endif
}

/* 3.11 and 3.12 find the top frame through a variable of the C function that evaluates
   it, and that variable is published before it is filled in: for an instant the top
   frame and the evaluation below are whatever lay on the C stack. From 3.13 on the
   thread state has the frame itself. */
#if PY_VERSION_HEX < 0x030D0000
#define WJ_TOP_FRAME_MAY_LIE 1
typedef _PyCFrame wj_evaluation;

/* The evaluation of Python that is under way, and the thread's first, which is no
   variable of a function. */
static inline const wj_evaluation *
wj_evaluation_now(const PyThreadState *thread)
{
    return thread->cframe;
}

static inline const wj_evaluation *
wj_evaluation_first(const PyThreadState *thread)
{
    return &thread->root_cframe;
}
#else
#define WJ_TOP_FRAME_MAY_LIE 0
#endif

static inline unsigned long
wj_native_id(const PyThreadState *thread)
{
    return thread->native_thread_id;
}

/* ---- frames --------------------------------------------------------------------- */

/* Borrowed: the frame's code, NULL for a frame that the interpreter pushes between C
   and Python and that belongs to no function. */
static inline PyCodeObject *
wj_frame_code(const wj_frame *frame)
{
#if PY_VERSION_HEX < 0x030C0000
    return frame->f_code;
#elif PY_VERSION_HEX < 0x030D0000
    return frame->owner == FRAME_OWNED_BY_CSTACK ? NULL : frame->f_code;
#elif PY_VERSION_HEX < 0x030E0000
    return frame->owner == FRAME_OWNED_BY_CSTACK ? NULL
                                                 : (PyCodeObject *)frame->f_executable;
#else
    if (frame->owner >= FRAME_OWNED_BY_INTERPRETER) {
        return NULL;
    }
    return (PyCodeObject *)(frame->f_executable.bits & ~(uintptr_t)3);
#endif
}

/* True when the C function that evaluates this frame was entered for it. */
static inline int
wj_frame_is_entry(const wj_frame *frame)
{
#if PY_VERSION_HEX < 0x030C0000
    /* As a byte: in a copy that was torn it may be neither true nor false. */
    return *(const unsigned char *)&frame->is_entry != 0;
#else
    (void)frame;
    return 0; /* a frame without code marks the border instead */
#endif
}

/* A variable of the C function that does the innermost evaluation of Python: its frame
   on the C stack lies around it. NULL for none; may lie elsewhere for the thread's
   first. */
static inline const void *
wj_evaluation_mark(const PyThreadState *thread)
{
#if PY_VERSION_HEX < 0x030D0000
    return wj_evaluation_now(thread);
#else
    const wj_frame *frame = wj_top_frame(thread);
    while (frame != NULL && wj_frame_code(frame) != NULL) {
        frame = frame->previous;
    }
    return frame;
#endif
}

static inline int
wj_frame_is_generator(const wj_frame *frame)
{
    return frame->owner == FRAME_OWNED_BY_GENERATOR;
}

/* True for a frame that has called another by pushing its frame, and for one that waits
   to be resumed; false while the frame itself is evaluated. */
static inline int
wj_frame_is_left(const wj_frame *frame)
{
#if PY_VERSION_HEX < 0x030E0000
    return frame->stacktop >= 0;
#else
    return frame->stackpointer != NULL;
#endif
}

/* Where the frame is in its code. */
static inline const void *
wj_frame_instruction(const wj_frame *frame)
{
#if PY_VERSION_HEX < 0x030D0000
    return frame->prev_instr;
#else
    return frame->instr_ptr;
#endif
}

/* Byte offset of the instruction in its code; negative before the first one. */
static inline int
wj_frame_offset(const wj_frame *frame, const PyCodeObject *code)
{
    const char *at = wj_frame_instruction(frame);
    return (int)(at - ((const char *)code + offsetof(PyCodeObject, co_code_adaptive)));
}

/* The generator or coroutine object that embeds a frame it owns. */
static inline const PyObject *
wj_frame_owner_object(const wj_frame *frame)
{
#if PY_VERSION_HEX < 0x030E0000
    return (const PyObject *)((const char *)frame - offsetof(PyGenObject, gi_iframe));
#else
    return (const PyObject *)((const char *)frame
                              - offsetof(struct _PyGenObject, gi_iframe));
#endif
}

/* ---- the GIL -------------------------------------------------------------------- */

static inline const wj_gil *
wj_interpreter_gil(const PyInterpreterState *interpreter)
{
#if PY_VERSION_HEX < 0x030C0000
    (void)interpreter;
    return &_PyRuntime.ceval.gil;
#else
    return interpreter->ceval.gil;
#endif
}

/* Borrowed: the thread that holds the GIL now, NULL for none. An interpreter that is
   not ready yet, or no longer, has no GIL. */
static inline const PyThreadState *
wj_gil_holder(const wj_gil *gil)
{
    if (gil == NULL) {
        return NULL;
    }
#if PY_VERSION_HEX < 0x030D0000
    if (!__atomic_load_n((const int *)&gil->locked._value, __ATOMIC_ACQUIRE)) {
        return NULL;
    }
    return (const PyThreadState *)__atomic_load_n(
        (const uintptr_t *)&gil->last_holder._value, __ATOMIC_ACQUIRE);
#else
    if (!__atomic_load_n(&gil->locked, __ATOMIC_ACQUIRE)) {
        return NULL;
    }
    return __atomic_load_n(&gil->last_holder, __ATOMIC_ACQUIRE);
#endif
}

/* ---- the lists of interpreters and threads -------------------------------------- */

/* While the lists are locked no thread state is freed. Needs no GIL and no thread
   state; never take the GIL between the two. */
static inline void
wj_lock_threads(void)
{
#if PY_VERSION_HEX < 0x030D0000
    PyThread_acquire_lock(_PyRuntime.interpreters.mutex, WAIT_LOCK);
#else
    PyMutex_Lock(&_PyRuntime.interpreters.mutex);
#endif
}

/* Since 3.12 audit hooks are told of each thread before it is started. */
#define WJ_THREADS_ANNOUNCED (PY_VERSION_HEX >= 0x030C0000)

/* Since 3.13 the interpreter locks the lists itself before it forks. */
#define WJ_FORK_LOCKS_THREADS (PY_VERSION_HEX >= 0x030D0000)

static inline void
wj_unlock_threads(void)
{
#if PY_VERSION_HEX < 0x030D0000
    PyThread_release_lock(_PyRuntime.interpreters.mutex);
#else
    PyMutex_Unlock(&_PyRuntime.interpreters.mutex);
#endif
}

static inline PyInterpreterState *
wj_first_interpreter(void)
{
    return _PyRuntime.interpreters.head;
}

static inline PyInterpreterState *
wj_next_interpreter(const PyInterpreterState *interpreter)
{
    return interpreter->next;
}

static inline PyThreadState *
wj_first_thread(const PyInterpreterState *interpreter)
{
    return interpreter->threads.head;
}

/* ---- the collector -------------------------------------------------------------- */

/* True for 3.14.0 to 3.14.4, which collect bit by bit: their lists mean other things.
   Asked of the interpreter that runs, whose patch release may not be the headers'. */
static inline int
wj_gc_is_incremental(void)
{
#if PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x030E0500
    return 1;
#elif PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x030F0000
    return Py_Version < 0x030E0500;
#else
    return 0;
#endif
}

/* Borrowed: the list of functions that the collector calls, ``gc.callbacks``. */
static inline PyObject *
wj_gc_callbacks(const PyInterpreterState *interpreter)
{
    return interpreter->gc.callbacks;
}

static inline int
wj_gc_is_enabled(const PyInterpreterState *interpreter)
{
    return interpreter->gc.enabled;
}

/* True while a collection is under way: its lists are in pieces, and Python may run. */
static inline int
wj_gc_is_collecting(const PyInterpreterState *interpreter)
{
    return interpreter->gc.collecting;
}

/* Borrowed: generation 0 to 2, never of an incremental collector. */
static inline struct gc_generation *
wj_gc_generation(PyInterpreterState *interpreter, int number)
{
#if PY_VERSION_HEX >= 0x030E0000 && PY_VERSION_HEX < 0x030E0500
    return number == 0 ? &interpreter->gc.young : &interpreter->gc.old[number - 1];
#else
    return &interpreter->gc.generations[number];
#endif
}

/* Objects in the oldest generation after its last collection, and those that have come
   since: a full collection is due when these are a quarter of those. */
static inline Py_ssize_t *
wj_gc_long_lived(PyInterpreterState *interpreter)
{
    return &interpreter->gc.long_lived_total;
}

static inline Py_ssize_t *
wj_gc_pending(PyInterpreterState *interpreter)
{
    return &interpreter->gc.long_lived_pending;
}

static inline PyGC_Head *
wj_gc_head(const PyObject *each)
{
    return (PyGC_Head *)each - 1;
}

static inline PyObject *
wj_gc_object(const PyGC_Head *head)
{
    return (PyObject *)(head + 1);
}

/* Bytes of an object's block before the object itself. */
static inline size_t
wj_gc_preheader(const PyTypeObject *type)
{
#if PY_VERSION_HEX < 0x030C0000
    int has_more = (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
#else
    int has_more = (type->tp_flags & Py_TPFLAGS_PREHEADER) != 0;
#endif
    return sizeof(PyGC_Head) + (has_more ? 2 * sizeof(PyObject *) : 0);
}

static inline PyGC_Head *
wj_gc_next(const PyGC_Head *head)
{
    return (PyGC_Head *)(head->_gc_next & ~(uintptr_t)1);
}

static inline PyGC_Head *
wj_gc_previous(const PyGC_Head *head)
{
    return (PyGC_Head *)(head->_gc_prev & ~(uintptr_t)3);
}

/* ---- the heap: what the walk over all objects reads, under the GIL ----------------
 */

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

/* ---- small objects -------------------------------------------------------------- */

/* The head of a pool, behind which its blocks lie (the same in all versions on 64
 * bits). */
struct wj_pool {
    uint64_t blocks; /* live ones; 0 where the pool was never used, too */
    void *free, *next, *previous;
    uint32_t arena, size_class, next_offset, last_offset;
};
#define WJ_POOL_SIZE (1ull << 14) /* and the alignment */
#define WJ_POOL_GRAIN 16          /* bytes from one size class to the next */
#define WJ_POOL_CLASSES 32

/* ---- slots ---------------------------------------------------------------------- */

#if PY_VERSION_HEX >= 0x030C0000
#define WJ_MODULE_SLOTS                                                                \
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#else
#define WJ_MODULE_SLOTS
#endif

#endif
