/* What is no object and yet holds objects: the process, the interpreter, its threads,
 * and the frames of running functions, which have no frame object unless one was asked
 * for.
 */
#include "walk.h"

#include <stdio.h>
#include <string.h>

enum { PROCESS, INTERPRETER, THREAD, FRAME };

static const char *const frame_fields[] = {"code", "function", "f_locals", "frame"};
static const char *const thread_fields[] = {
    "thread dict",      "context",        "exception on its way",   "exception handled",
    "profile function", "trace function", "asynchronous exception", "asyncgen hook"};

typedef int (*on_root)(struct wj_walk *, PyThreadState *, wj_frame *);

/* Frames that belong to a thread; those of generators belong to objects. */
static int
is_frame(const wj_frame *frame)
{
    return wj_frame_code(frame) != NULL && !wj_frame_is_generator(frame);
}

/* Call for each thread with frame NULL, and then for each of its frames. */
static int
each_root(struct wj_walk *walk, PyInterpreterState *interpreter, on_root call)
{
    int result = 0;
    if (!walk->alone) {
        wj_lock_threads();
    }
    PyThreadState *thread = wj_first_thread(interpreter);
    for (; thread != NULL && result == 0; thread = thread->next) {
        result = call(walk, thread, NULL);
        wj_frame *frame = wj_top_frame(thread);
        for (; frame != NULL && result == 0; frame = frame->previous) {
            result = is_frame(frame) ? call(walk, thread, frame) : 0;
        }
    }
    if (!walk->alone) {
        wj_unlock_threads();
    }
    return result;
}

static int
meet(struct wj_walk *walk, PyThreadState *thread, wj_frame *frame)
{
    const void *address = frame == NULL ? (void *)thread : (void *)frame;
    return wj_intern(walk, address) == 0 ? -1 : 0;
}

int
wj_walk_meet_roots(struct wj_walk *walk, PyInterpreterState *interpreter)
{
    return wj_intern(walk, interpreter) == 0 ? -1 : each_root(walk, interpreter, meet);
}

static int
add_text(struct wj_walk *walk, const char *text)
{
    struct wj_graph *graph = walk->graph;
    uint32_t number = (uint32_t)graph->flags.count;
    uint32_t start = (uint32_t)graph->text.count;
    return wj_column_append(&graph->text_object, &number, 1)
           | wj_column_append(&graph->text_first, &start, 1)
           | wj_column_append(&graph->text, text, strlen(text) + 1);
}

static const char *
ascii(PyObject *text)
{
    int plain = text != NULL && PyUnicode_IS_COMPACT_ASCII(text);
    return plain ? (const char *)PyUnicode_1BYTE_DATA(text) : "?";
}

static int
look_at_frame(struct wj_walk *walk, wj_frame *frame)
{
    PyCodeObject *code = wj_frame_code(frame);
    char text[512];
    int line = PyCode_Addr2Line(code, wj_frame_offset(frame, code));
    snprintf(text, sizeof text, "%s (%s:%d)", ascii(code->co_qualname),
             ascii(code->co_filename), line > 0 ? line : code->co_firstlineno);
    size_t words = (size_t)(code->co_nlocalsplus + code->co_stacksize);
    if (wj_begin_object(walk) != 0 || add_text(walk, text) != 0) {
        return -1;
    }
    wj_frame_references(walk, frame);
    return wj_record(walk, FRAME, WJ_FRAME_HEAD + words * sizeof(PyObject *), 0, 0);
}

static int
look_at_thread(struct wj_walk *walk, PyThreadState *thread)
{
    char text[64];
    PyObject *fields[] = {
        thread->dict,
        thread->context,
        wj_thread_exception(thread),
        thread->exc_state.exc_value,
        thread->c_profileobj,
        thread->c_traceobj,
        thread->async_exc,
        thread->async_gen_firstiter,
    };
    snprintf(text, sizeof text, "%lu", thread->thread_id);
    if (wj_begin_object(walk) != 0 || add_text(walk, text) != 0) {
        return -1;
    }
    for (size_t at = 0; at < sizeof fields / sizeof *fields; at++) {
        wj_emit(fields[at], walk);
    }
    for (wj_frame *frame = wj_top_frame(thread); frame != NULL;
         frame = frame->previous) {
        if (is_frame(frame)) {
            wj_emit((PyObject *)frame, walk);
        } else if (wj_frame_code(frame) != NULL) {
            wj_emit((PyObject *)wj_frame_owner_object(frame), walk);
        }
    }
    return wj_record(walk, THREAD, 0, 0, WJ_ROOT);
}

static int
look(struct wj_walk *walk, PyThreadState *thread, wj_frame *frame)
{
    return frame == NULL ? look_at_thread(walk, thread) : look_at_frame(walk, frame);
}

static int
look_at_interpreter(struct wj_walk *walk, PyInterpreterState *interpreter)
{
    const char *names[WJ_HOLDINGS];
    PyObject *objects[WJ_HOLDINGS], *holds[3];
    int count = wj_interpreter_holdings(interpreter, names, objects);
    if (wj_kind_unreal(walk, "process", NULL, 0, WJ_TAIL_OPAQUE) != PROCESS
        || wj_kind_unreal(walk, "interpreter", names, (size_t)count, WJ_TAIL_OPAQUE)
               != INTERPRETER
        || wj_kind_unreal(walk, "thread", thread_fields,
                          sizeof thread_fields / sizeof *thread_fields, WJ_TAIL_OPAQUE)
               != THREAD
        || wj_kind_unreal(walk, "frame", frame_fields, 4, WJ_TAIL_FRAME) != FRAME
        || wj_begin_object(walk) != 0 || wj_record(walk, PROCESS, 0, 0, 0) != 0
        || wj_begin_object(walk) != 0) {
        return -1;
    }
    for (int at = 0; at < count; at++) {
        wj_emit(objects[at], walk);
    }
    for (int at = 0; wj_atexit(interpreter, at, holds); at++) {
        for (int each = 0; each < 3; each++) {
            wj_emit(holds[each], walk);
        }
    }
    return wj_record(walk, INTERPRETER, 0, 0, WJ_ROOT);
}

int
wj_walk_look_at_roots(struct wj_walk *walk, PyInterpreterState *interpreter)
{
    return look_at_interpreter(walk, interpreter) != 0
                   || each_root(walk, interpreter, look) != 0 || walk->failed
               ? -1
               : 0;
}
