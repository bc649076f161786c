/* The C functions between a Python function and a request for memory. */
#ifndef WJ_NATIVES_H
#define WJ_NATIVES_H

#include "contexts.h"

#define WJ_PATHS 512
#define WJ_PATH 28 /* frames, of which a longer one is unwound each time */

/* Return addresses as they lay on the C stack, and what they stood for. */
struct wj_path {
    uint32_t parent, child; /* contexts; 0 for an empty entry */
    uint32_t distance;      /* from the request up to the evaluation, bytes */
    uint32_t count;
    uint32_t places[WJ_PATH]; /* of the addresses, bytes below the evaluation */
    uintptr_t addresses[WJ_PATH];
};

struct wj_natives {
    struct wj_path paths[WJ_PATHS];
};

/* Once, before the first request; ``inside`` is a function of the interpreter. */
void wj_natives_begin(const void *inside);

/* The context of the C functions that ``parent``, that of the Python function at the
   top of
   ``state``, has called down to here; ``parent`` where there are none. */
uint32_t wj_natives_context(struct wj_natives *natives, struct wj_chain *chain,
                            const PyThreadState *state, uint32_t parent);

#endif
