/* Keeps the interpreter's memory mapped.
 *
 * Data-stack chunks and object arenas come from the arena allocator, whose hooks are
 * public. Ours passes everything on; only a free that comes while the sampler reads is
 * kept for later. This makes a fault impossible where others have to survive one, and
 * so leaves SIGSEGV to the program.
 *
 * Invariant: the interpreter unlinks a chunk before it frees it. The holder announces
 * itself before it looks for chunks, the freeing thread unlinks before it looks for a
 * holder; both with a full fence between, so one of them sees the other.
 */
#include "memory.h"

#include "compat.h"

#include <sched.h>

#define LATE 256

static PyObjectArenaAllocator original;
static int guarding;
static int held;
static struct {
    void *memory; /* Owned until released */
    size_t size;
} late[LATE]; /* touched by freeing threads only, which have the GIL */
static int late_count;

static void
release_late(void)
{
    while (late_count > 0) {
        late_count--;
        original.free(original.ctx, late[late_count].memory, late[late_count].size);
    }
}

static void *
guarded_alloc(void *context, size_t size)
{
    (void)context;
    return original.alloc(original.ctx, size);
}

static void
guarded_free(void *context, void *memory, size_t size)
{
    (void)context;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    while (__atomic_load_n(&held, __ATOMIC_SEQ_CST)) {
        if (late_count < LATE) {
            late[late_count].memory = memory;
            late[late_count].size = size;
            late_count++;
            return;
        }
        sched_yield();
    }
    release_late();
    original.free(original.ctx, memory, size);
}

void
wj_memory_guard(void)
{
    PyObjectArenaAllocator ours = {NULL, guarded_alloc, guarded_free};
    if (!guarding) {
        PyObject_GetArenaAllocator(&original);
        PyObject_SetArenaAllocator(&ours);
        guarding = 1;
    }
}

void
wj_memory_release(void)
{
    PyObjectArenaAllocator current;
    PyObject_GetArenaAllocator(&current);
    release_late();
    if (guarding && current.free == guarded_free) {
        PyObject_SetArenaAllocator(&original);
        guarding = 0;
    }
}

void
wj_hold_memory(void)
{
    __atomic_store_n(&held, 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void
wj_let_go_memory(void)
{
    __atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
}

void
wj_memory_forked(void)
{
    held = 0;
}
