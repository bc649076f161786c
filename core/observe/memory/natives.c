/* The C functions between a Python function and a request for memory.
 *
 * The unwinder knows them, but takes microseconds. Nearly all requests come the way of
 * an earlier one: then the return addresses lie where they lay then, as seen from the
 * evaluation of Python, and looking there is enough.
 */
#define _GNU_SOURCE
#include "natives.h"

#include <string.h>
#include <unwind.h>

#include "loaded.h"

#define DEPTH 128

static struct wj_loaded interpreter, own; /* whose functions are left out */

struct walk {
    uintptr_t start; /* what lies below is our own */
    uintptr_t mark;  /* of the evaluation, UINTPTR_MAX for none */
    uint32_t count;
    int is_regular; /* each return address lies below where its function returns to */
    uintptr_t addresses[DEPTH];
    uintptr_t places[DEPTH];
};

static _Unwind_Reason_Code
visit(struct _Unwind_Context *context, void *data)
{
    struct walk *walk = data;
    uintptr_t address = _Unwind_GetIP(context), above = _Unwind_GetCFA(context);
    if (above > walk->mark || walk->count == DEPTH || address == 0) {
        return _URC_END_OF_STACK;
    }
    uintptr_t place = above - sizeof(void *);
    if (place < walk->start) {
        return _URC_NO_REASON;
    }
#if defined(__x86_64__)
    walk->is_regular &= *(const uintptr_t *)place == address;
#else
    walk->is_regular = 0;
#endif
    walk->addresses[walk->count] = address;
    walk->places[walk->count++] = place;
    return _URC_NO_REASON;
}

static int
is_within(const struct wj_loaded *library, uintptr_t address)
{
    return address >= library->start && address < library->end;
}

static struct wj_path *
path_for(struct wj_natives *natives, uint32_t parent, uint32_t distance)
{
    uint32_t mixed = (parent * 0x9E3779B1u ^ distance) * 0x85EBCA6Bu;
    return &natives->paths[(mixed >> 16) % WJ_PATHS];
}

static int
is_known(const struct wj_path *path, uint32_t parent, uint32_t distance, uintptr_t mark)
{
    if (path->child == 0 || path->parent != parent || path->distance != distance) {
        return 0;
    }
    for (uint32_t i = 0; i < path->count; i++) {
        if (*(const uintptr_t *)(mark - path->places[i]) != path->addresses[i]) {
            return 0;
        }
    }
    return 1;
}

static uint32_t
context_of(const struct walk *walk, struct wj_chain *chain, uint32_t parent)
{
    for (uint32_t i = walk->count; i-- > 0;) {
        uintptr_t address = walk->addresses[i];
        if (!is_within(&interpreter, address) && !is_within(&own, address)) {
            /* It may lie behind the end of the function that calls. */
            parent = wj_context_native(chain, parent, (const void *)(address - 1));
        }
    }
    return parent;
}

static void
keep(struct wj_path *path, const struct walk *walk)
{
    path->count = walk->count;
    for (uint32_t i = 0; i < walk->count; i++) {
        path->addresses[i] = walk->addresses[i];
        path->places[i] = (uint32_t)(walk->mark - walk->places[i]);
    }
}

uint32_t
wj_natives_context(struct wj_natives *natives, struct wj_chain *chain,
                   const PyThreadState *state, uint32_t parent)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t mark = state == NULL ? 0 : (uintptr_t)wj_evaluation_mark(state);
    int is_placed = mark > here && mark - here < UINT32_MAX;
    uint32_t distance = is_placed ? (uint32_t)(mark - here) : 0;
    struct wj_path *path = path_for(natives, parent, distance);
    if (is_placed && is_known(path, parent, distance, mark)) {
        return path->child;
    }
    struct walk walk;
    walk.start = here;
    walk.mark = is_placed ? mark : UINTPTR_MAX;
    walk.count = 0;
    walk.is_regular = 1;
    _Unwind_Backtrace(visit, &walk);
    uint32_t child = context_of(&walk, chain, parent);
    if (is_placed && walk.is_regular && walk.count <= WJ_PATH) {
        keep(path, &walk);
        path->parent = parent;
        path->distance = distance;
        path->child = child;
    }
    return child;
}

void
wj_natives_begin(const void *inside)
{
    memset(&interpreter, 0, sizeof interpreter);
    memset(&own, 0, sizeof own);
    wj_loaded_at(inside, &interpreter);
    wj_loaded_at((const void *)(uintptr_t)wj_natives_begin, &own);
}
