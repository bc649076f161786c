/* Python stacks.
 *
 * A thread's frames lie one behind the other in its data stack, a list of chunks, but
 * for those of generators, which lie in the generator. Following the links of a running
 * thread tears: by the time the second link is read the frame it names belongs to
 * another function. Copying the chunk takes a few hundred nanoseconds, in which little
 * changes, and a copy that was torn nevertheless differs from the next one.
 *
 * Must not know: what a code object means, who asks, what becomes of the stack.
 */
#include "stack.h"

#include <string.h>

#include "codes.h"
#include "peek.h"

#define BUFFER (1u << 20) /* bytes of data stack copied at most */
#define CHUNKS 64
#define TRIES 16
#define CONFIRMED 4     /* frames that are looked at once more */
#define CONFIRMATIONS 2 /* how often */

#if WJ_TOP_FRAME_MAY_LIE

extern void *__libc_stack_end; /* of the process's first thread */

/* Where the C stack ends that ``inside`` lies on: glibc puts the thread's own block,
   which its handle points to, at the upper end. */
static uintptr_t
stack_end(const PyThreadState *thread, const void *inside)
{
    uintptr_t handle = (uintptr_t)thread->thread_id;
    return handle > (uintptr_t)inside && (uintptr_t)inside < (uintptr_t)__libc_stack_end
                   && handle < (uintptr_t)__libc_stack_end
                   && handle - (uintptr_t)inside < (1ull << 32)
               ? handle
               : (uintptr_t)__libc_stack_end;
}

/* The top frame of the evaluation below. 0, or -1 where it is not known yet. */
static int
frame_below(const PyThreadState *thread, const wj_frame **frame)
{
    const wj_evaluation *now = wj_evaluation_now(thread);
    const wj_evaluation *below = now->previous;
    *frame = NULL;
    if (below == NULL) {
        return 0;
    }
    if (below != wj_evaluation_first(thread)
        && (below <= now || (uintptr_t)below % sizeof(void *)
            || (uintptr_t)(below + 1) > stack_end(thread, now))) {
        return -1;
    }
    *frame = below->current_frame;
    return 0;
}

static int
on_data_stack(const PyThreadState *thread, const wj_frame *frame)
{
    const _PyStackChunk *chunk = thread->datastack_chunk;
    for (; chunk != NULL; chunk = chunk->previous) {
        const char *start = (const char *)chunk;
        const char *at = (const char *)frame;
        if (at > start && at + WJ_FRAME_HEAD <= start + chunk->size) {
            return 1;
        }
    }
    return 0;
}

/* True for a frame that can be followed: on this thread's stack, or a generator's. */
static int
is_frame(const PyThreadState *thread, const wj_frame *frame)
{
    struct _PyInterpreterFrame head;
    intptr_t distance = (intptr_t)frame - (intptr_t)wj_evaluation_now(thread);
    if (on_data_stack(thread, frame) || (distance > -1024 && distance < 1024)) {
        return 1;
    }
    return wj_peek(&head, frame, WJ_FRAME_HEAD) == 0 && wj_frame_is_generator(&head)
           && wj_codes_is_code(wj_frame_code(&head));
}

/* The frames of one evaluation end at the top frame of the evaluation below it. Those
   that end elsewhere were not filled in yet. */
static int
ends_rightly(const PyThreadState *thread, const wj_frame *frame)
{
    const wj_frame *below;
    return frame->previous == NULL
           || (frame_below(thread, &below) == 0 && frame->previous == below);
}

static int
is_true_top(const PyThreadState *thread, const wj_frame *frame)
{
    for (int i = 0; i < WJ_MAX_DEPTH; i++) {
        if (frame == NULL || !is_frame(thread, frame)) {
            return 0;
        }
        if (wj_frame_code(frame) == NULL || wj_frame_is_entry(frame)) {
            return ends_rightly(thread, frame);
        }
        frame = frame->previous;
    }
    return 1; /* so many frames in a row are no chance */
}

/* The top frame, or that of the evaluation below where the newest is not filled in yet.
   0, or -1 where neither is known. */
static int
true_top_frame(const PyThreadState *thread, const wj_frame **top)
{
    *top = wj_top_frame(thread);
    if (wj_evaluation_now(thread) == wj_evaluation_first(thread)
        || (*top != NULL && is_true_top(thread, *top))) {
        return 0;
    }
    if (frame_below(thread, top) != 0) {
        return -1;
    }
    return *top == NULL || is_frame(thread, *top) ? 0 : -1;
}

#else

static int
true_top_frame(const PyThreadState *thread, const wj_frame **top)
{
    *top = wj_top_frame(thread);
    return 0;
}

#endif

/* The C function that evaluates a frame was entered for it, and has a variable there.
 */
static void
mark_entry(struct wj_stack *stack, const void *variable)
{
    if (stack->depth > 0) {
        stack->frames[stack->depth - 1].entry = WJ_ENTRY;
        if (stack->entry_count < WJ_MAX_ENTRIES) {
            stack->entries[stack->entry_count++] = variable;
        }
    }
}

/* Add ``frame``, of which ``head`` is a copy or itself. */
static void
add_frame(struct wj_stack *stack, const wj_frame *frame, const wj_frame *head,
          const PyCodeObject *code)
{
    stack->frames[stack->depth++] =
        (struct wj_frame_seen){code, wj_frame_offset(head, code), 0};
    if (wj_frame_is_generator(head)) {
        stack->task = wj_frame_owner_object(frame);
        stack->task_frames = stack->depth;
    }
}

#if WJ_TOP_FRAME_MAY_LIE

/* The evaluation that the top frame belongs to. */
static const wj_evaluation *
evaluation_of(const PyThreadState *thread, const wj_frame *top)
{
    const wj_evaluation *now = wj_evaluation_now(thread);
    return now->current_frame == top ? now : now->previous;
}

static const wj_evaluation *
leave_evaluation(const wj_evaluation *evaluation, const wj_frame *frame,
                 struct wj_stack *stack)
{
    if (!wj_frame_is_entry(frame) || evaluation == NULL) {
        return evaluation;
    }
    mark_entry(stack, evaluation);
    return evaluation->previous;
}

#else

static const void *
evaluation_of(const PyThreadState *thread, const wj_frame *top)
{
    (void)thread, (void)top;
    return NULL;
}

static const void *
leave_evaluation(const void *evaluation, const wj_frame *frame, struct wj_stack *stack)
{
    (void)frame, (void)stack;
    return evaluation;
}

#endif

int
wj_stack_of_self(const PyThreadState *thread, struct wj_stack *stack)
{
    const wj_frame *frame;
    memset(stack, 0, offsetof(struct wj_stack, entries));
    stack->interpreter = thread->interp;
    stack->top = NULL;
    if (true_top_frame(thread, &frame) != 0) {
        return -1;
    }
    stack->top = frame;
    const void *evaluation = frame == NULL ? NULL : evaluation_of(thread, frame);
    for (; frame != NULL; frame = frame->previous) {
        const PyCodeObject *code = wj_frame_code(frame);
        if (code == NULL) {
            mark_entry(stack, frame);
            continue;
        }
        if (stack->depth == WJ_MAX_DEPTH) {
            stack->truncated = 1;
            break;
        }
        add_frame(stack, frame, frame, code);
        evaluation = leave_evaluation(evaluation, frame, stack);
    }
    return 0;
}

/* ---- another thread's ----------------------------------------------------------- */

struct copy {
    const char *start; /* where the chunk lay */
    size_t size;
    size_t whole;      /* of the chunk; beyond ``size`` lie frames that are done */
    const char *bytes; /* Borrowed: its copy in the buffer */
};

static char *buffer;               /* Owned, for the life of the process */
static struct wj_stack *second;    /* Owned, likewise */
static struct copy copies[CHUNKS]; /* newest chunk first */
static int copied;

int
wj_stack_init(void)
{
    if (buffer == NULL) {
        buffer = malloc(BUFFER);
    }
    if (second == NULL) {
        second = malloc(sizeof *second);
    }
    return buffer != NULL && second != NULL ? 0 : -1;
}

static int
copy_chunk(const _PyStackChunk *chunk, size_t size, size_t whole, size_t *room)
{
    if (size < offsetof(_PyStackChunk, data) || size > *room || copied == CHUNKS) {
        return -1;
    }
    char *to = buffer + (BUFFER - *room);
    memcpy(to, chunk, size);
    copies[copied++] = (struct copy){(const char *)chunk, size, whole, to};
    *room -= WJ_ROUND(size);
    return 0;
}

/* Copy the data stack, newest chunk first; older ones as far as there is room. */
static int
copy_chunks(const PyThreadState *thread)
{
    const _PyStackChunk *chunk = thread->datastack_chunk;
    const char *top = (const char *)thread->datastack_top;
    size_t room = BUFFER;
    copied = 0;
    if (chunk == NULL) {
        return 0; /* not a frame was pushed yet */
    }
    if (top < (const char *)chunk
        || copy_chunk(chunk, (size_t)(top - (const char *)chunk), chunk->size, &room)) {
        return -1;
    }
    for (;;) {
        const _PyStackChunk *older =
            ((const _PyStackChunk *)copies[copied - 1].bytes)->previous;
        if (older == NULL || copy_chunk(older, older->size, older->size, &room) != 0) {
            return 0;
        }
    }
}

/* The copy of a frame; ``*room`` serves for one that no chunk has: a generator's, or
   one too old to copy. NULL where it cannot be read. */
static const wj_frame *
find_frame(const wj_frame *frame, wj_frame *room)
{
    uintptr_t at = (uintptr_t)frame;
    for (int i = 0; i < copied; i++) {
        uintptr_t start = (uintptr_t)copies[i].start;
        if (at - start < copies[i].whole) {
            return at - start + WJ_FRAME_HEAD <= copies[i].size
                       ? (const wj_frame *)(copies[i].bytes + (at - start))
                       : NULL;
        }
    }
    return wj_peek(room, frame, WJ_FRAME_HEAD) == 0 ? room : NULL;
}

/* True where the frames of the topmost evaluation end rightly, or end later. */
static int
is_plausible(const PyThreadState *thread, const wj_frame *head, int *level)
{
#if WJ_TOP_FRAME_MAY_LIE
    if (*level == 0 && (wj_frame_code(head) == NULL || wj_frame_is_entry(head))) {
        *level = 1;
        return ends_rightly(thread, head);
    }
#else
    (void)thread, (void)head, (void)level;
#endif
    return 1;
}

static int
copy_stack(const PyThreadState *thread, struct wj_stack *stack)
{
    wj_frame room;
    const wj_frame *frame = wj_top_frame(thread), *head;
    int level = 0;
    int pushed = 0; /* the frame above was pushed by this one's evaluation */
    stack->top = frame;
    stack->depth = 0;
    stack->truncated = stack->task_frames = 0;
    stack->task = NULL;
    if (copy_chunks(thread) != 0) {
        return -1;
    }
    for (uint32_t steps = 0; frame != NULL; frame = head->previous) {
        head = find_frame(frame, &room);
        if (head == NULL || !is_plausible(thread, head, &level)) {
            return -1;
        }
        const PyCodeObject *code = wj_frame_code(head);
        /* A frame that is evaluated itself has none above it: what lies there is what
           was called last, and has returned. */
        if (pushed && code != NULL && !wj_frame_is_left(head)) {
            return -1;
        }
        pushed = code != NULL && !wj_frame_is_entry(head);
        if (++steps > 2 * WJ_MAX_DEPTH || stack->depth == WJ_MAX_DEPTH) {
            stack->truncated = 1;
            break;
        }
        if (code != NULL) {
            add_frame(stack, frame, head, code);
        }
    }
    return 0;
}

/* Compare who called whom, not where: an instruction lasts 20 ns, and to insist on it
   would throw good stacks away. */
static int
agree(const struct wj_stack *a, const struct wj_stack *b)
{
    if (a->depth != b->depth || a->top != b->top) {
        return 0;
    }
    for (uint32_t i = 0; i < a->depth; i++) {
        if (a->frames[i].code != b->frames[i].code) {
            return 0;
        }
    }
    return 1;
}

static int
is_copied(const wj_frame *frame)
{
    for (int i = 0; i < copied; i++) {
        uintptr_t offset = (uintptr_t)frame - (uintptr_t)copies[i].start;
        if (offset < copies[i].whole && offset + WJ_FRAME_HEAD <= copies[i].whole) {
            return 1;
        }
    }
    return 0;
}

static int
is_so_now(const PyThreadState *thread, const struct wj_stack *stack)
{
    const wj_frame *frame = wj_top_frame(thread);
    if (frame != stack->top) {
        return 0;
    }
    for (uint32_t i = 0; i < CONFIRMED && i < stack->depth && is_copied(frame); i++) {
        if (wj_frame_code(frame) != stack->frames[i].code) {
            return 0;
        }
        frame = frame->previous;
    }
    return 1;
}

/* Look at the topmost frames again where they lie. A loop that calls two functions in
   turn can be torn in the same place twice, once in a million stacks three times. */
static int
is_so_still(const PyThreadState *thread, const struct wj_stack *stack)
{
    for (int i = 0; i < CONFIRMATIONS; i++) {
        if (!is_so_now(thread, stack)) {
            return 0;
        }
    }
    return 1;
}

int
wj_stack_of_other(const PyThreadState *thread, struct wj_stack *stack)
{
    int known = copy_stack(thread, stack) == 0;
    for (int i = 0; i < TRIES; i++) {
        if (copy_stack(thread, second) != 0) {
            known = 0;
            continue;
        }
        if (known && agree(stack, second) && is_so_still(thread, stack)) {
            stack->interpreter = thread->interp;
            return 0;
        }
        size_t used = offsetof(struct wj_stack, frames)
                      + second->depth * sizeof second->frames[0];
        memcpy(stack, second, used);
        known = 1;
    }
    return -1;
}
