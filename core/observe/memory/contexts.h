/* The places from which memory is asked for: call chains, each known by a number. */
#ifndef WJ_CONTEXTS_H
#define WJ_CONTEXTS_H

#include "compat.h"
#include "table.h"

/* Frames kept of a chain; those nearest the root are left out beyond it. */
#define WJ_CHAIN 512

/* A frame that was seen in the last chain, and the context that it stands for. */
struct wj_link {
    const wj_frame *frame;    /* Borrowed, maybe dead: compared only */
    const PyCodeObject *code; /* likewise */
    const void *instruction;  /* likewise */
    uint32_t context;
};

/* A context and the C code that asked for memory in it, of late. */
struct wj_call {
    uint32_t context;
    uint32_t child;
    const void *caller;
};

#define WJ_CALLS 64

/* A frame that was called in a context, of late, and the context that it made. */
struct wj_turn {
    uint32_t context;
    uint32_t child;
    const PyCodeObject *code; /* Borrowed, alive since the cache was last emptied */
    const void *instruction;
};

#define WJ_TURNS 256

/* The last chain of a thread: most of the next one is the same. */
struct wj_chain {
    uint32_t thread; /* its number in the table */
    uint32_t depth;
    struct wj_call calls[WJ_CALLS];
    uint32_t deaths; /* of code objects, when ``turns`` was last emptied */
    struct wj_turn turns[WJ_TURNS];
    struct wj_link links[WJ_CHAIN]; /* the root first */
};

/* Begin with an empty table. 0, or -1 for want of memory. */
int wj_contexts_begin(struct wj_table *table);

/* The context of the calling thread, whose interpreter state is ``state``, NULL where
   it has none; ``caller`` is the C code that asks, NULL where that says nothing. 0
   where there is no room. The frames are the thread's own, which stands still
   meanwhile. */
uint32_t wj_context_of(struct wj_chain *chain, const PyThreadState *state,
                       const void *caller);

/* The context of C code that is called, or asks, in another one; 0 where there is no
 * room. */
uint32_t wj_context_native(struct wj_chain *chain, uint32_t parent, const void *caller);

/* The same context, for blocks of a class of sizes alone: it has no function of its
 * own. */
uint32_t wj_context_sized(const struct wj_chain *chain, uint32_t parent,
                          int32_t size_class);

/* A number for the calling thread. */
uint32_t wj_contexts_thread(void);

/* Bytes in memory of what is remembered itself. */
uint64_t wj_contexts_resident(void);

/* The code object at this address is no more. */
void wj_contexts_forget_code(const void *code);

#endif
