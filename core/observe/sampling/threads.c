/* The threads that are recorded.
 *
 * Slots are found by pthread_t, which a handler reads from a register, and are never
 * given back: glibc uses the stack, and with it the handle, of an ended thread again,
 * so there are as many as threads lived at one time. Must not know clocks or samples.
 */
#include "threads.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SIZE (2 * WJ_THREADS_MAX)

static struct wj_thread *by_handle[SIZE]; /* open addressing, never removed */
static struct wj_thread *slots[WJ_THREADS_MAX];
static uint32_t slot_count;
static uint32_t next_number;

static size_t
hash(pthread_t handle)
{
    return (size_t)(((uintptr_t)handle >> 6) * 0x9E3779B97F4A7C15ull >> 24);
}

struct wj_thread *
wj_thread_find(pthread_t handle)
{
    for (size_t i = hash(handle);; i++) {
        struct wj_thread *slot =
            __atomic_load_n(&by_handle[i & (SIZE - 1)], __ATOMIC_ACQUIRE);
        if (slot == NULL || slot->handle == handle) {
            return slot;
        }
    }
}

static struct wj_thread *
new_slot(pthread_t handle)
{
    if (slot_count == WJ_THREADS_MAX) {
        return NULL;
    }
    struct wj_thread *slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
        return NULL;
    }
    slot->scratch = mmap(NULL, sizeof *slot->scratch, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slot->scratch == MAP_FAILED) {
        free(slot);
        return NULL;
    }
    slot->handle = handle;
    slot->event = slot->syscall_file = slot->schedule_file = -1;
    size_t i = hash(handle);
    while (by_handle[i & (SIZE - 1)] != NULL) {
        i++;
    }
    slots[slot_count++] = slot;
    __atomic_store_n(&by_handle[i & (SIZE - 1)], slot, __ATOMIC_RELEASE);
    return slot;
}

struct wj_thread *
wj_thread_of(const PyThreadState *state, pthread_t handle, pid_t tid, int *is_new)
{
    struct wj_thread *slot = wj_thread_find(handle);
    *is_new = 0;
    if (slot == NULL && (slot = new_slot(handle)) == NULL) {
        return NULL;
    }
    if (slot->live && slot->tid == tid) {
        slot->state = state;
        return slot;
    }
    *is_new = 1;
    slot->state = state;
    slot->tid = tid;
    slot->number = next_number++;
    slot->live = 1;
    slot->name_hash = 0;
    slot->wall_same = 0;
    slot->handled = 0;
    slot->quiet_until = 0;
    slot->wall_state = WJ_UNKNOWN;
    return slot;
}

struct wj_thread *
wj_thread_at(uint32_t slot)
{
    return slots[slot];
}

uint32_t
wj_thread_count(void)
{
    return slot_count;
}

void
wj_threads_reset(void)
{
    for (uint32_t i = 0; i < slot_count; i++) {
        slots[i]->live = 0;
        slots[i]->busy = 0;
    }
    next_number = 0;
}
