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

#include "peek.h"

#define BUFFER (1u << 20) /* bytes of data stack copied at most */
#define CHUNKS 64
#define TRIES 8

void
wj_stack_of_self(const PyThreadState *thread, struct wj_stack *stack)
{
    const wj_frame *frame = wj_top_frame(thread);
    uint32_t depth = 0;
    uint32_t entry = 0;
    stack->top = frame;
    stack->truncated = 0;
    for (; frame != NULL; frame = frame->previous) {
        const PyCodeObject *code = wj_frame_code(frame);
        if (code == NULL) {
            if (depth > 0) {
                stack->frames[depth - 1].entry = WJ_ENTRY;
            }
            continue;
        }
        if (depth == WJ_MAX_DEPTH) {
            stack->truncated = 1;
            break;
        }
        entry = wj_frame_is_entry(frame) ? WJ_ENTRY : 0;
        stack->frames[depth++] =
            (struct wj_frame_seen){code, wj_frame_offset(frame, code), entry};
    }
    stack->depth = depth;
}

/* ---- another thread's ---------------------------------------------------------- */

struct copy {
    const char *start; /* where the chunk lay */
    size_t size;
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
copy_chunk(const _PyStackChunk *chunk, size_t size, size_t *room)
{
    if (size < offsetof(_PyStackChunk, data) || size > *room || copied == CHUNKS) {
        return -1;
    }
    char *to = buffer + (BUFFER - *room);
    memcpy(to, chunk, size);
    copies[copied++] = (struct copy){(const char *)chunk, size, to};
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
    if (top < (const char *)chunk || copy_chunk(chunk, (size_t)(top - (const char *)chunk), &room)) {
        return -1;
    }
    for (;;) {
        const _PyStackChunk *older = ((const _PyStackChunk *)copies[copied - 1].bytes)->previous;
        if (older == NULL || copy_chunk(older, older->size, &room) != 0) {
            return 0;
        }
    }
}

static int
read_frame(const wj_frame *frame, struct _PyInterpreterFrame *head)
{
    const char *at = (const char *)frame;
    for (int i = 0; i < copied; i++) {
        if (at >= copies[i].start && at + WJ_FRAME_HEAD <= copies[i].start + copies[i].size) {
            memcpy(head, copies[i].bytes + (at - copies[i].start), WJ_FRAME_HEAD);
            return 0;
        }
    }
    return wj_peek(head, frame, WJ_FRAME_HEAD); /* a generator's, or too old to copy */
}

static int
copy_stack(const PyThreadState *thread, struct wj_stack *stack)
{
    struct _PyInterpreterFrame head;
    const wj_frame *frame = wj_top_frame(thread);
    stack->top = frame;
    stack->depth = 0;
    stack->truncated = 0;
    if (copy_chunks(thread) != 0) {
        return -1;
    }
    for (uint32_t steps = 0; frame != NULL; frame = head.previous) {
        if (read_frame(frame, &head) != 0) {
            return -1;
        }
        const PyCodeObject *code = wj_frame_code(&head);
        if (++steps > 2 * WJ_MAX_DEPTH || stack->depth == WJ_MAX_DEPTH) {
            stack->truncated = 1;
            break;
        }
        if (code != NULL) {
            stack->frames[stack->depth++] =
                (struct wj_frame_seen){code, wj_frame_offset(&head, code), 0};
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

int
wj_stack_of_other(const PyThreadState *thread, struct wj_stack *stack)
{
    int known = copy_stack(thread, stack) == 0;
    for (int i = 0; i < TRIES; i++) {
        if (copy_stack(thread, second) != 0) {
            known = 0;
            continue;
        }
        if (known && agree(stack, second)) {
            return 0;
        }
        size_t used = offsetof(struct wj_stack, frames) + second->depth * sizeof second->frames[0];
        memcpy(stack, second, used);
        known = 1;
    }
    return -1;
}
