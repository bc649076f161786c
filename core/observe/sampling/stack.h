/* Python stacks, read without the GIL and without calling Python. */
#ifndef WJ_STACK_H
#define WJ_STACK_H

#include "compat.h"
#include "records.h"

/* Frames kept of one stack; those nearest the root are left out beyond it. */
#define WJ_MAX_DEPTH 8192

/* A frame as it was found: who, and where in it. */
struct wj_frame_seen {
    const PyCodeObject *code; /* Borrowed, maybe dead: an address, not to be followed */
    int32_t offset;
    uint32_t entry; /* WJ_ENTRY or 0 */
};

/* Evaluations of Python whose place on the C stack is kept. */
#define WJ_MAX_ENTRIES 512

struct wj_stack {
    uint32_t depth;
    uint32_t truncated;
    uint32_t task_frames; /* frames, from the leaf, of ``task`` and its callees */
    const void
        *task; /* Borrowed: the outermost generator or coroutine, NULL for none */
    uint32_t entry_count;
    const void
        *entries[WJ_MAX_ENTRIES]; /* a variable of each evaluating C function, for
                                     each frame with WJ_ENTRY, of one's own stack */
    const PyInterpreterState *interpreter; /* Borrowed: whose objects they are */
    const wj_frame *top;
    struct wj_frame_seen frames[WJ_MAX_DEPTH]; /* leaf first */
};

/* The stack of the calling thread, in a signal handler: nobody changes it meanwhile. 0,
   or -1 in the instant in which the interpreter itself does not know it. */
int wj_stack_of_self(const PyThreadState *thread, struct wj_stack *stack);

/* Reserve the buffers of wj_stack_of_other. 0, or -1 for want of memory. */
int wj_stack_init(void);

/* The stack of another thread while it may be running. Copies its data stack in one go
   and believes the copy only when a second one agrees. 0, or -1 where no two of several
   tries agreed. The thread's state must not be freed meanwhile (wj_lock_threads), and
   memory that its interpreter frees must stay mapped (wj_hold_memory). One user. */
int wj_stack_of_other(const PyThreadState *thread, struct wj_stack *stack);

#endif
