/* A call from the interpreter into the extension: its arguments, and what it gives. */
#include "state.h"

#include <string.h>

#include "pointers.h"

enum { LOOKS = 64 }; /* through all memory, for one function */

typedef void *(*function)(void *, void *, void *, void *, void *);

static struct wj_pointers known; /* from functions to callees, and from trampolines */
static struct wj_pointers ours;  /* trampolines that are in use */
static int used;

void *
wj_trampoline(void *target, const char *name, const char *shape, int flags)
{
    void **place = target == NULL ? NULL : wj_pointers_at(&known, target);
    if (place == NULL || !wj_in_libraries(target)) {
        return target;
    }
    struct wj_callee *callee = *place;
    if (callee != NULL && callee->shape == shape && callee->flags == flags) {
        return (void *)wj_trampolines[callee - wj_callees];
    }
    if (used == WJ_TRAMPOLINES) {
        return target;
    }
    callee = &wj_callees[used];
    *callee = (struct wj_callee){target, name, shape, flags, 0, 0};
    *place = callee;
    wj_pointers_at(&ours, (const void *)wj_trampolines[used]);
    return (void *)wj_trampolines[used++];
}

/* A row of the table that no trampoline leads to; NULL where it is full. */
struct wj_callee *
wj_callee_of(const void *target, const char *name)
{
    if (used == WJ_TRAMPOLINES) {
        return NULL;
    }
    wj_callees[used] =
        (struct wj_callee){(void *)(uintptr_t)target, name, "o", 0, 0, 0};
    return &wj_callees[used++];
}

int
wj_is_trampoline(const void *target)
{
    return wj_pointers_find(&ours, target) != NULL;
}

/* ---- arguments ---- */

static void
mark_vector(struct wj_frame *frame, PyObject *const *vector, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; vector != NULL && i < count; i++) {
        wj_mark_argument(frame, vector[i]);
    }
}

static void
mark_tuple(struct wj_frame *frame, PyObject *tuple)
{
    wj_mark_argument(frame, tuple);
    if (tuple != NULL && PyTuple_CheckExact(tuple)) {
        mark_vector(frame, ((PyTupleObject *)tuple)->ob_item, PyTuple_GET_SIZE(tuple));
    }
}

static void
mark_method(struct wj_frame *frame, int flags, void **arguments)
{
    if (flags & METH_METHOD) { /* self, class, vector, count, names */
        wj_mark_argument(frame, arguments[1]);
        arguments++;
    }
    if (flags & METH_FASTCALL) {
        Py_ssize_t count = (Py_ssize_t)(uintptr_t)arguments[2];
        if ((flags & METH_KEYWORDS) && arguments[3] != NULL) {
            mark_tuple(frame, arguments[3]);
            count += PyTuple_GET_SIZE((PyObject *)arguments[3]);
        }
        mark_vector(frame, arguments[1], count);
    } else if (flags & METH_O) {
        wj_mark_argument(frame, arguments[1]);
    } else if (flags & METH_VARARGS) {
        mark_tuple(frame, arguments[1]);
        if (flags & METH_KEYWORDS) {
            wj_mark_argument(frame, arguments[2]);
        }
    }
}

static void
mark_slot(struct wj_frame *frame, const char *shape, void **arguments)
{
    for (int i = 1; shape[i]; i++) {
        if (shape[i] == 'o') {
            wj_mark_argument(frame, arguments[i - 1]);
        } else if (shape[i] == 't') {
            mark_tuple(frame, arguments[i - 1]);
        } else if (shape[i] == 'p') { /* vector, count, names */
            Py_ssize_t count =
                (Py_ssize_t)PyVectorcall_NARGS((size_t)(uintptr_t)arguments[i]);
            PyObject *names = arguments[i + 1];
            count += names == NULL ? 0 : PyTuple_GET_SIZE(names);
            mark_vector(frame, arguments[i - 1], count);
            mark_tuple(frame, names);
            break;
        }
    }
}

/* ---- results ---- */

/* Whether what the extension has of an object, less one, is less than the pointers that
 * it keeps: then the one that is returned was not its own. */
static int
is_kept(struct wj_frame *frame, PyObject *object)
{
    int spent = wj_account_spend(object, 1);
    struct wj_account *account = wj_account(object, 0);
    int pointers = wj_found_in(frame, object, NULL, &(size_t){0});
    int left = account == NULL ? 0 : account->total;
    return pointers > left || (pointers && !spent)
           || (pointers && frame->callee->looks++ < LOOKS
               && wj_count_everywhere(object) > left);
}

static void
not_owned(struct wj_frame *frame, struct wj_entry *entry, PyObject *object,
          const char *what)
{
    struct wjr_site *site = entry == NULL ? NULL
                            : entry->gave ? entry->gave
                                          : entry->lent;
    wj_report_of(entry == NULL ? NULL : &entry->used, "returned", site,
                 entry == NULL ? NULL : entry->got.site, frame->callee, "%s returns %s",
                 frame->callee->name, what);
    Py_INCREF(object);
}

/* None and its like: only where nothing unseen can have given it is it wrong at once.
 */
static void
give_single(struct wj_frame *frame, struct wj_entry *entry, PyObject *object)
{
    int was_kept = entry != NULL && entry->gave != NULL; /* and is taken out, now */
    if (wj_singles_count() && !frame->slots && !was_kept) {
        not_owned(frame, entry, object, "an object that it keeps, without Py_INCREF");
    } else if ((entry = wj_entry(frame, object)) != NULL) {
        entry->own--;
    }
}

static void
give(struct wj_frame *frame, PyObject *object)
{
    struct wj_entry *entry = wj_find(frame, object);
    if (wj_tracing) {
        wj_trace(frame->last, object, "returned", -1, wjr_count(object));
    }
    if (entry == NULL || (entry->origin == WJ_UNKNOWN && entry->own == 0)) {
        if (frame->slot != NULL) {
            return;
        }
        if (wj_single(object) >= 0) {
            give_single(frame, entry, object);
        } else if (is_kept(frame, object)) {
            not_owned(frame, entry, object,
                      "an object that it keeps, without Py_INCREF");
        }
    } else if (entry->dead) {
        not_owned(frame, entry, object, "an object whose last reference was released");
    } else if (entry->own > 0) {
        entry->own--;
    } else if (entry->origin == WJ_ARGUMENT || entry->origin == WJ_BORROWED) {
        if (entry->own < 0 || is_kept(frame, object) || !entry->spent) {
            not_owned(frame, entry, object, "a borrowed reference, without Py_INCREF");
        }
    } else if (entry->own == 0 && entry->gave != NULL) {
        not_owned(frame, entry, object, "a reference that was given away before");
    }
}

static void
fill_tuple(struct wj_frame *frame, PyObject *tuple)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        if (PyTuple_GET_ITEM(tuple, i) == NULL) {
            struct wj_entry *entry = wj_find(frame, tuple);
            wj_report("null-item", entry ? entry->got.site : frame->last, NULL,
                      frame->callee, "%s returns a tuple whose item %zd is NULL",
                      frame->callee->name, i);
            Py_INCREF(Py_None);
            PyTuple_SET_ITEM(tuple, i, Py_None);
        }
    }
}

static PyObject *
give_object(struct wj_frame *frame, PyObject *object)
{
    if ((uintptr_t)object == 0xFEFEFEFEFEFEFEFEu
        || (uintptr_t)object == 0xAAAAAAAAAAAAAAAAu) {
        wj_report("uninitialised", frame->last, NULL, frame->callee,
                  "%s returns an uninitialised variable", frame->callee->name);
        PyErr_SetString(PyExc_SystemError, "an uninitialised variable was returned");
        return NULL;
    }
    if (object != NULL) {
        give(frame, object);
        if (PyTuple_CheckExact(object)) {
            fill_tuple(frame, object);
        }
    }
    return object;
}

static void
check_agreement(struct wj_frame *frame, char gives, uintptr_t result)
{
    int error = PyErr_Occurred() != NULL;
    int bad = gives == 'o'   ? result == 0
              : gives == 'i' ? (int)result == -1
                             : (Py_ssize_t)result == -1;
    if (frame->began_with_error || strchr("vdcrn", gives) != NULL) {
        if (!(gives == 'n' && result != 0 && error && !frame->began_with_error)) {
            return;
        }
    }
    if (bad && !error) {
        wj_report("no-exception", frame->last, NULL, frame->callee,
                  "%s returns an error without an exception set", frame->callee->name);
    }
    if (!bad && error) {
        wj_report("result-and-exception", frame->failed, NULL, frame->callee,
                  "%s returns a result while an exception is set", frame->callee->name);
    }
}

/* ---- the call ---- */

static void
before(struct wj_frame *frame, char gives, void **arguments)
{
    PyObject *self = arguments[0];
    if (frame->callee->shape == NULL) {
        mark_method(frame, frame->callee->flags, arguments);
    } else {
        mark_slot(frame, frame->callee->shape, arguments);
    }
    if (gives != 'v' && self != NULL) {
        wj_hold_members(frame, self);
    }
}

static PyObject *
after(struct wj_frame *frame, char gives, PyTypeObject *type, void **arguments,
      void *result)
{
    switch (gives) {
    case 'o':
    case 'n':
        result = give_object(frame, result);
        break;
    case 'd':
        wj_instance_remove(frame->self);
        frame->entries[0].origin = WJ_UNKNOWN; /* it is gone */
        frame->self = NULL;
        wj_check_type_released(frame, frame->callee, type);
        wj_check_members(frame);
        return NULL;
    case 'c':
        wj_check_clear(frame, frame->self);
        return NULL;
    case 'b': {
        Py_buffer *view = arguments[1];
        if ((int)(uintptr_t)result == 0 && view != NULL && view->obj != NULL) {
            give(frame, view->obj);
        }
        break;
    }
    default:
        break;
    }
    return result;
}

/* What is returned may be an instance that was made where we do not see. */
static void
adopt_new(struct wj_frame *frame, PyObject *object)
{
    int was_known = wj_is_instance(object);
    wj_adopt(object);
    struct wj_entry *entry =
        was_known || !wj_is_instance(object) ? NULL : wj_entry(frame, object);
    if (entry != NULL) {
        wj_stores_forget(entry);
        wj_stores_begin(entry);
        wj_stores_none(entry);
    }
}

/* An instance goes for want of a reference, and a pointer to it stays. It is kept,
 * unless it has gone too far for that, as one of a class in Python has. */
static int
is_kept_alive(PyObject *object)
{
    if (wj_current != NULL || !wj_dangles(object)) {
        return 0;
    }
    wj_report_dangling(object, NULL);
    if (Py_REFCNT(object) != 0
        || !wj_is_trampoline((void *)(uintptr_t)Py_TYPE(object)->tp_dealloc)) {
        return 0;
    }
    Py_SET_REFCNT(object, 1);
    return 1;
}

void *
wj_called(struct wj_callee *callee, void **arguments)
{
    struct wj_frame frame;
    function target = (function)callee->function;
    char gives = callee->shape == NULL ? 'o' : callee->shape[0];
    PyTypeObject *type = gives == 'd' ? Py_TYPE((PyObject *)arguments[0]) : NULL;
    wj_end_inits();
    if (gives == 'd' && is_kept_alive(arguments[0])) {
        return NULL;
    }
    if (gives == 'd') {
        wj_forget(arguments[0]);
    }
    wj_enter(&frame, callee,
             gives == 'v' && callee->shape[1] == 'i' ? NULL : arguments[0]);
    frame.base = (const char *)&frame;
    before(&frame, gives, arguments);
    void *result =
        target(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]);
    frame.threads = 0;
    wj_check_buffers(&frame);
    void *given = after(&frame, gives, type, arguments, result);
    check_agreement(&frame, gives == 'b' ? 'i' : gives, (uintptr_t)given);
    if (gives == 'o' && given != NULL) {
        adopt_new(&frame, given);
    }
    if (gives != 'd' && frame.self != NULL && wj_is_instance(frame.self)) {
        wj_check_overwritten(&frame, given);
        wj_adopt(frame.self);
    }
    wj_leave(&frame, gives == 'o' || gives == 'n' ? given : NULL);
    return gives == 'c' ? result : given;
}
