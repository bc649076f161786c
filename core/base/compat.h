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
#if PY_VERSION_HEX < 0x030C0000
#include <internal/pycore_pylifecycle.h>
#endif
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

#define WJ_PYTHON (PY_VERSION_HEX >> 16) /* 0x30b for 3.11 */

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

/* What allocates the documentation of a heap type, since the type frees it. */
#define WJ_DOC_MALLOC (PY_VERSION_HEX < 0x030D0000 ? PyObject_Malloc : PyMem_Malloc)

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

/* Where these lie in a frame, for who reads another process. The code's address may
   have its lowest two bits set. */
#if PY_VERSION_HEX < 0x030D0000
#define WJ_FRAME_CODE offsetof(struct _PyInterpreterFrame, f_code)
#define WJ_FRAME_INSTRUCTION offsetof(struct _PyInterpreterFrame, prev_instr)
#else
#define WJ_FRAME_CODE offsetof(struct _PyInterpreterFrame, f_executable)
#define WJ_FRAME_INSTRUCTION offsetof(struct _PyInterpreterFrame, instr_ptr)
#endif

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

/* ---- interrupts ------------------------------------------------------------------ */

/* Where it is noted that an interrupt has ended the program: then it dies of the
 * signal. */
static inline int *
wj_interrupted(void)
{
#if PY_VERSION_HEX < 0x030C0000
    return &_Py_UnhandledKeyboardInterrupt;
#else
    return &_PyRuntime.signals.unhandled_keyboard_interrupt;
#endif
}

/* ---- audit events -----------------------------------------------------------------
 */

/* Hooks in C cannot be removed otherwise; to be called while there is one thread. */
static inline void
wj_forget_audit_hooks(void)
{
#if PY_VERSION_HEX < 0x030C0000
    _PyRuntime.audit_hook_head = NULL;
#else
    _PyRuntime.audit_hooks.head = NULL;
#endif
}

/* ---- the end -------------------------------------------------------------------- */

/* Tell of the exception that is set, as the interpreter does for a standard stream that
 * it cannot flush at its end. */
static inline void
wj_report_unflushed(PyObject *stream, const char *name)
{
#if PY_VERSION_HEX < 0x030D0000
    (void)name;
    PyErr_WriteUnraisable(stream);
#elif PY_VERSION_HEX < 0x030E0000
    (void)stream;
    PyErr_FormatUnraisable("Exception ignored on flushing sys.%s", name);
#else
    (void)stream;
    PyErr_FormatUnraisable("Exception ignored while flushing sys.%s", name);
#endif
}

/* ---- slots ---------------------------------------------------------------------- */

#if PY_VERSION_HEX >= 0x030C0000
#define WJ_MODULE_SLOTS                                                                \
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#else
#define WJ_MODULE_SLOTS
#endif

#endif
