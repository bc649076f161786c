/* Where objects are made.
 *
 * One request in some hundreds, at random, leaves its place: the code and the offset in
 * it that the thread executes. A block that is freed leaves the table, so that an
 * address never has the place of an earlier block. All of it happens under the GIL.
 */
#include "sites.h"

#include <stdlib.h>
#include <string.h>

#include "../sampling/stack.h"

#define BLOCKS 16384 /* sampled blocks that are known at once; a power of two */
#define SITES 4096   /* likewise, places */
#define MEAN 512     /* requests between two samples */
#define HELD 4096    /* sampled blocks freed by one collection */

struct block {
    const void *address; /* Borrowed, never followed */
    uint32_t site;
    uint32_t freed; /* since wj_sites_hold */
};

struct site {
    PyCodeObject *code; /* Owned; NULL for a free one */
    int offset;
};

static PyMemAllocatorEx original;
static int watching;
static int holding;
static int left = 1;
static struct block *blocks; /* Owned, for the life of the process; by hash */
static struct site *sites;   /* likewise */
static uint32_t held[HELD];  /* which of ``blocks`` were freed */
static uint32_t held_count, site_count;
static struct wj_stack *stack; /* Owned, for the life of the process */

static struct block *
block_at(const void *address)
{
    uint64_t hash = ((uint64_t)(uintptr_t)address >> 4) * 0x9E3779B97F4A7C15ull;
    return &blocks[hash >> 50 & (BLOCKS - 1)];
}

/* The number of a place, WJ_NO_SITE where there are too many. */
static uint32_t
site_of(const struct wj_frame_seen *frame)
{
    uint64_t hash = ((uint64_t)(uintptr_t)frame->code >> 4) + (uint32_t)frame->offset;
    uint32_t at = (uint32_t)(hash * 0x9E3779B97F4A7C15ull >> 52) & (SITES - 1);
    for (; sites[at].code != NULL; at = (at + 1) & (SITES - 1)) {
        if (sites[at].code == frame->code && sites[at].offset == frame->offset) {
            return at;
        }
    }
    if (site_count >= SITES / 2) {
        return WJ_NO_SITE;
    }
    site_count++;
    sites[at].code = (PyCodeObject *)Py_NewRef((PyObject *)(uintptr_t)frame->code);
    sites[at].offset = frame->offset;
    return at;
}

static void
sample(const void *address)
{
    static uint64_t seed = 0x9E3779B97F4A7C15ull;
    const PyThreadState *thread = PyGILState_GetThisThreadState();
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    left = 1 + (int)(seed % (2 * MEAN - 1));
    stack->depth = 0;
    if (address == NULL || thread == NULL || wj_stack_of_self(thread, stack) != 0
        || stack->depth == 0) {
        return;
    }
    struct block *block = block_at(address);
    if (!block->freed) {
        *block = (struct block){address, site_of(&stack->frames[0]), 0};
    }
}

static void
forget(const void *address)
{
    struct block *block = block_at(address);
    if (block->address == address && !block->freed) {
        if (holding && held_count < HELD) {
            held[held_count++] = (uint32_t)(block - blocks);
            block->freed = 1;
        } else {
            block->address = NULL;
        }
    }
}

static void *
watched_malloc(void *context, size_t size)
{
    void *address = original.malloc(original.ctx, size);
    (void)context;
    if (--left <= 0 && watching) {
        sample(address);
    }
    return address;
}

static void *
watched_calloc(void *context, size_t count, size_t size)
{
    void *address = original.calloc(original.ctx, count, size);
    (void)context;
    if (--left <= 0 && watching) {
        sample(address);
    }
    return address;
}

static void *
watched_realloc(void *context, void *address, size_t size)
{
    (void)context;
    if (address != NULL) {
        forget(address);
    }
    return original.realloc(original.ctx, address, size);
}

static void
watched_free(void *context, void *address)
{
    (void)context;
    forget(address);
    original.free(original.ctx, address);
}

static int
make_tables(void)
{
    blocks = blocks == NULL ? calloc(BLOCKS, sizeof *blocks) : blocks;
    sites = sites == NULL ? calloc(SITES, sizeof *sites) : sites;
    stack = stack == NULL ? calloc(1, sizeof *stack) : stack;
    return blocks == NULL || sites == NULL || stack == NULL ? -1 : 0;
}

int
wj_sites_watch(void)
{
    PyMemAllocatorEx now;
    if (make_tables() != 0) {
        PyErr_NoMemory();
        return -1;
    }
    memset(blocks, 0, BLOCKS * sizeof *blocks);
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &now);
    if (now.malloc != watched_malloc) { /* else somebody kept us from stepping aside */
        original = now;
        now = (PyMemAllocatorEx){NULL, watched_malloc, watched_calloc, watched_realloc,
                                 watched_free};
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &now);
    }
    watching = 1;
    return 0;
}

void
wj_sites_leave(void)
{
    PyMemAllocatorEx now;
    if (!watching) {
        return;
    }
    watching = holding = 0;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &now);
    if (now.malloc == watched_malloc) {
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &original);
    }
    for (uint32_t i = 0; i < SITES; i++) {
        Py_CLEAR(sites[i].code);
    }
    site_count = 0;
}

void
wj_sites_hold(void)
{
    holding = watching;
    held_count = 0;
}

void
wj_sites_let_go(void)
{
    holding = 0;
    for (uint32_t i = 0; i < held_count; i++) {
        blocks[held[i]] = (struct block){NULL, 0, 0};
    }
    held_count = 0;
}

uint32_t
wj_sites_freed(const void *address)
{
    struct block *block = block_at(address);
    if (!watching || block->address != address || !block->freed) {
        return WJ_NO_SITE;
    }
    block->address = NULL;
    return block->site;
}

const PyCodeObject *
wj_site(uint32_t site, int *offset)
{
    *offset = sites[site].offset;
    return sites[site].code;
}
