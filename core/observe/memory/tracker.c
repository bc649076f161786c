/* Counts what is asked for and given back, by context.
 *
 * Sampling: a block is a sample where one of the points falls on it that lie along the
 * bytes asked for at random, ``mean`` bytes apart on the average. So a block of
 * ``size`` is one with probability p = 1 - exp(-size / mean), and stands for 1 / p of
 * its kind: every sum is right on the average, whatever the sizes. (Poisson sampling,
 * as in tcmalloc's and jemalloc's heap profilers.)
 *
 * May be called anywhere: from signal handlers, before main, in threads that Python
 * does not know, while a library is loaded. Must not allocate but by mmap, nor call
 * Python.
 */
#define _GNU_SOURCE
#include "tracker.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "arenas.h"
#include "contexts.h"
#include "live.h"
#include "loaded.h"
#include "mappings.h"
#include "natives.h"
#include "resident.h"

#define FAST __thread __attribute__((tls_model("initial-exec")))

/* A thread's own, and what it needs only when something is counted. */
struct own {
    struct own *next; /* of those that ended threads have left */
    uint64_t seed;
    uint32_t run; /* of the tracker, for which the chain holds */
    struct wj_chain chain;
    struct wj_natives natives;
};

static FAST struct {
    int64_t left;      /* bytes until the next sample */
    const void *last;  /* the block that was counted last */
    int64_t last_left; /* what was left then: less, once another was asked for */
    struct own *own;   /* Owned until the thread ends */
    int busy;          /* counting: what a handler asks for meanwhile is lost */
    int inside;        /* one of Python's allocators */
    int probe;         /* 1: whether anything is asked for; 2: it was */
} mine;

static struct wj_table
    table; /* a copy: the mapping stays for the life of the process */
static PyThreadState *(*this_thread)(void);
static int active;
static int small_are_own = 1; /* Python has its own allocator for them */
static int sampling;          /* active, and not every block counts */
#define SIZE_CLASSES 13       /* blocks of the last are all but sure to be samples */

static int64_t mean; /* 0: every block */
static uint32_t run;
static struct own *spare; /* Owned */
static pthread_key_t ending;
static struct wj_loaded interpreter; /* where its own C code lies */

/* ---- threads -------------------------------------------------------------------- */

static void
leave(void *thread)
{
    struct own *each = thread;
    mine.own = NULL;
    do {
        each->next = __atomic_load_n(&spare, __ATOMIC_ACQUIRE);
    } while (!__atomic_compare_exchange_n(&spare, &each->next, each, 0,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

static struct own *
enter(void)
{
    struct own *thread = __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQ_REL);
    if (thread != NULL && thread->next != NULL) { /* the rest goes back */
        struct own *rest = thread->next, *tail = rest;
        while (tail->next != NULL) {
            tail = tail->next;
        }
        do {
            tail->next = __atomic_load_n(&spare, __ATOMIC_ACQUIRE);
        } while (!__atomic_compare_exchange_n(&spare, &tail->next, rest, 0,
                                              __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    }
    if (thread == NULL) {
        thread = mmap(NULL, sizeof *thread, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (thread == MAP_FAILED) {
            return NULL;
        }
    }
    thread->next = NULL;
    thread->run = 0;
    mine.own = thread;
    pthread_setspecific(ending, thread);
    return thread;
}

/* The calling thread's own, NULL for want of memory. */
static struct own *
self(void)
{
    struct own *thread = mine.own != NULL ? mine.own : enter();
    if (thread != NULL && thread->run != run) {
        memset(&thread->chain, 0, offsetof(struct wj_chain, links));
        if (table.head->natives) {
            memset(&thread->natives, 0, sizeof thread->natives);
        }
        thread->chain.thread = wj_contexts_thread();
        thread->run = run;
        thread->seed = (uint64_t)thread->chain.thread * 0x9E3779B97F4A7C15ull
                       ^ (uint64_t)(uintptr_t)thread ^ (uint64_t)clock();
    }
    return thread;
}

/* True where C code is the interpreter itself: then the Python function says more. */
static int
is_python(const void *caller)
{
    return (uintptr_t)caller >= interpreter.start
           && (uintptr_t)caller < interpreter.end;
}

/* The context in which the calling thread asks, by way of ``caller``, NULL for Python.
 */
static uint32_t
context_of(struct own *thread, const void *caller)
{
    const PyThreadState *state = this_thread();
    if (table.head->natives) {
        uint32_t context = wj_context_of(&thread->chain, state, NULL);
        return wj_natives_context(&thread->natives, &thread->chain, state, context);
    }
    return wj_context_of(&thread->chain, state, is_python(caller) ? NULL : caller);
}

/* ---- sampling ------------------------------------------------------------------- */

/* Uniform in (0, 1]. Source: Vigna, splitmix64. */
static double
uniform(uint64_t *seed)
{
    uint64_t z = *seed += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return (double)(((z ^ z >> 31) >> 11) + 1) / 9007199254740992.0;
}

static int64_t
next_gap(struct own *thread)
{
    return (int64_t)(-log(uniform(&thread->seed)) * (double)mean);
}

/* What a block stands for. */
struct weight {
    int64_t bytes;
    int64_t blocks;
};

static struct weight
weight_of(uint64_t size)
{
    if (mean == 0) {
        return (struct weight){(int64_t)size, WJ_BLOCK_UNIT};
    }
    double times = 1 / -expm1(-(double)size / (double)mean);
    return (struct weight){(int64_t)((double)size * times),
                           (int64_t)(WJ_BLOCK_UNIT * times)};
}

/* How far a sample can be trusted depends on its size, but for small ones: blocks of
 * about the same size have a context of their own, half an octave wide. 0 for small
 * ones. */
static int32_t
size_class(uint64_t size)
{
    double times = 4 * (double)size / (double)mean;
    return times <= 1 ? 0 : 1 + (int32_t)fmin(2 * log2(times), SIZE_CLASSES - 1);
}

/* ---- counting ------------------------------------------------------------------- */

/* What one thread only writes: others may read it at any time. */
static inline void
add_own(int64_t *counter, int64_t value)
{
    __atomic_store_n(counter, *counter + value, __ATOMIC_RELAXED);
}

/* Before a context's live bytes change: what they are was so at the last peak. */
static inline void
settle_peak(struct wj_context *context)
{
    uint64_t generation = __atomic_load_n(&table.head->generation, __ATOMIC_RELAXED);
    if (context->generation != generation) {
        context->peak = wj_context_live(context);
        context->peak_blocks = wj_context_live_blocks(context);
        context->generation = generation;
    }
}

static void
count_made(uint32_t number, uint64_t size)
{
    struct wj_table_head *head = table.head;
    struct wj_context *context = &table.contexts[number];
    struct weight weight = weight_of(size);
    settle_peak(context);
    add_own(&context->bytes, weight.bytes);
    add_own(&context->blocks, weight.blocks);
    __atomic_store_n(&context->samples, context->samples + 1, __ATOMIC_RELAXED);
    int64_t live = __atomic_add_fetch(&head->live, weight.bytes, __ATOMIC_RELAXED);
    if (live > __atomic_load_n(&head->peak, __ATOMIC_RELAXED)) {
        __atomic_store_n(&head->peak, live, __ATOMIC_RELAXED);
        __atomic_store_n(&head->generation, head->generation + 1, __ATOMIC_RELAXED);
    }
}

static void
count_gone(const void *address, struct wj_block block)
{
    struct wj_context *context = &table.contexts[block.context];
    struct weight weight = weight_of(block.size);
    settle_peak(context);
    if (mine.own != NULL && mine.own->run == run
        && mine.own->chain.thread == context->thread) {
        add_own(&context->gone, weight.bytes);
        add_own(&context->gone_blocks, weight.blocks);
        if (address == mine.last && mine.left == mine.last_left) {
            add_own(&context->brief, weight.blocks);
        }
    } else {
        __atomic_add_fetch(&context->others_gone, weight.bytes, __ATOMIC_RELAXED);
        __atomic_add_fetch(&context->others_gone_blocks, weight.blocks,
                           __ATOMIC_RELAXED);
    }
    __atomic_sub_fetch(&table.head->live, weight.bytes, __ATOMIC_RELAXED);
}

/* What was known of an address, and is not true any more. */
static void
forget(const void *address, struct wj_block block)
{
    if (block.is_code) {
        wj_contexts_forget_code(address);
    }
    if (block.context != 0 || block.size != 0) {
        count_gone(address, block);
    }
}

/* True where the block is a sample: its thread's bytes have got to the next point. */
static int
is_sample(struct own *thread, int is_first, size_t size)
{
    if (mean == 0) {
        return 1;
    }
    if (is_first) {
        mine.left = next_gap(thread) - (int64_t)size;
        if (mine.left >= 0) {
            return 0;
        }
    }
    mine.left = next_gap(thread);
    return 1;
}

static void
remember(const void *address, size_t size, const void *caller)
{
    int is_first = mine.own == NULL || mine.own->run != run;
    struct own *thread = self();
    if (thread == NULL || !is_sample(thread, is_first, size)) {
        return;
    }
    mine.last = NULL;
    forget(address, wj_live_take(address)); /* its end went unseen */
    uint32_t context = context_of(thread, caller);
    if (mean != 0 && size_class(size) != 0) {
        context = wj_context_sized(&thread->chain, context, size_class(size));
    }
    if (wj_live_add(address, (struct wj_block){context, 0, size}) == 0) {
        count_made(context, size);
    }
}

static __attribute__((noinline)) void
count(const void *address, size_t size, const void *caller)
{
    mine.probe += mine.probe == 1;
    if (__atomic_load_n(&active, __ATOMIC_ACQUIRE) && address != NULL && !mine.busy) {
        mine.busy = 1;
        remember(address, size, caller);
        mine.last = address;
        mine.last_left = mine.left;
        mine.busy = 0;
    }
}

static __attribute__((noinline)) void
uncount(const void *address)
{
    if (__atomic_load_n(&active, __ATOMIC_ACQUIRE) && address != NULL && !mine.busy) {
        mine.busy = 1;
        forget(address, wj_live_take(address));
        mine.busy = 0;
    }
}

/* The two that every block goes through; nearly all are done with a look. */

static inline void
made(const void *address, size_t size, const void *caller)
{
    if (!sampling || (mine.left -= (int64_t)size) < 0) {
        count(address, size, caller);
    }
}

static inline void
gone(const void *address)
{
    if (!sampling || wj_live_is_sampled(address)) {
        uncount(address);
    }
}

void
wj_tracker_made(const void *address, size_t size, const void *caller)
{
    made(address, size, caller);
}

void
wj_tracker_gone(const void *address)
{
    gone(address);
}

struct wj_moving
wj_tracker_moving(const void *address)
{
    struct wj_moving moving = {0, 0, 0};
    if (sampling && !wj_live_is_sampled(address)) {
        return moving;
    }
    if (__atomic_load_n(&active, __ATOMIC_ACQUIRE) && address != NULL && !mine.busy) {
        mine.busy = 1;
        struct wj_block block = wj_live_take(address);
        mine.busy = 0;
        moving = (struct wj_moving){block.context, block.is_code, block.size};
    }
    return moving;
}

void
wj_tracker_moved(struct wj_moving moving, const void *from, const void *to, size_t size,
                 const void *caller)
{
    struct wj_block block = {moving.context, moving.is_code, moving.size};
    if (sampling && block.context == 0 && block.size == 0 && !block.is_code) {
        made(to, size, caller); /* as nearly always: nothing is known of it */
        return;
    }
    if (mine.busy) {
        return;
    }
    mine.busy = 1;
    if (to != NULL || size == 0) {
        mine.last = NULL;
        forget(from, block);
    } else if (block.context != 0 || block.size != 0 || block.is_code) {
        wj_live_add(from, block); /* it is where it was */
    }
    mine.busy = 0;
    wj_tracker_made(to, size, caller);
}

/* ---- mappings ------------------------------------------------------------------- */

static uint32_t
place_of(const void *caller)
{
    struct own *thread = self();
    return thread == NULL ? 0 : context_of(thread, caller);
}

void
wj_tracker_mapped(const void *start, size_t size, const void *caller,
                  enum wj_mapping_kind kind)
{
    if (!mine.busy) {
        mine.busy = 1;
        wj_mappings_add(start, size, caller, mine.inside ? WJ_MAPPED_ARENA : kind);
        mine.busy = 0;
    }
}

void
wj_tracker_unmapped(const void *start, size_t size)
{
    if (!mine.busy) {
        mine.busy = 1;
        wj_mappings_remove(start, size);
        mine.busy = 0;
    }
}

/* ---- Python's allocators -------------------------------------------------------- */

/* Small blocks come out of Python's own arenas: no other allocator hears of them. */
static inline int
is_small(size_t size)
{
    return size <= WJ_SMALL && small_are_own;
}

static void *
wrapped_malloc(void *original, size_t size)
{
    PyMemAllocatorEx *allocator = original;
    void *block;
    if (is_small(size)) {
        block = allocator->malloc(allocator->ctx, size);
    } else if (mine.inside) { /* one domain asks another: it is counted once, outside */
        return allocator->malloc(allocator->ctx, size);
    } else {
        mine.inside++;
        block = allocator->malloc(allocator->ctx, size);
        mine.inside--;
    }
    made(block, size, NULL);
    return block;
}

static void *
wrapped_calloc(void *original, size_t count, size_t size)
{
    PyMemAllocatorEx *allocator = original;
    if (mine.inside) {
        return allocator->calloc(allocator->ctx, count, size);
    }
    mine.inside++;
    void *block = allocator->calloc(allocator->ctx, count, size);
    mine.inside--;
    made(block, count * size, NULL);
    return block;
}

static void *
wrapped_realloc(void *original, void *from, size_t size)
{
    PyMemAllocatorEx *allocator = original;
    if (mine.inside) {
        return allocator->realloc(allocator->ctx, from, size);
    }
    struct wj_moving moving = wj_tracker_moving(from);
    mine.inside++;
    void *to = allocator->realloc(allocator->ctx, from, size);
    mine.inside--;
    wj_tracker_moved(moving, from, to, size == 0 && to != NULL ? 1 : size, NULL);
    return to;
}

/* Whoever hears of it next finds it forgotten. */
static void
wrapped_free(void *original, void *block)
{
    PyMemAllocatorEx *allocator = original;
    gone(block);
    allocator->free(allocator->ctx, block);
}

/* True where a small block comes to our notice by malloc as well. */
static int
asks_malloc(PyMemAllocatorEx *allocator)
{
    mine.probe = 1;
    allocator->free(allocator->ctx, allocator->malloc(allocator->ctx, WJ_SMALL));
    int heard = mine.probe == 2;
    mine.probe = 0;
    return heard;
}

void
wj_tracker_wrap(PyMemAllocatorEx *original, PyMemAllocatorEx *wrapped, int is_raw)
{
    small_are_own = !is_raw && small_are_own && !asks_malloc(original);
    *wrapped = (PyMemAllocatorEx){original, wrapped_malloc, wrapped_calloc,
                                  wrapped_realloc, wrapped_free};
}

int
wj_tracker_is_inside(void)
{
    return mine.inside;
}

void
wj_tracker_overlook(void)
{
    mine.busy = 1; /* for good */
}

/* ---- begin and end -------------------------------------------------------------- */

static void
forked(void)
{
    active = sampling = 0;
    wj_mappings_forked();
    mine.busy = 0;
}

void
wj_tracker_settle(void)
{
    static int settled;
    if (!settled) {
        settled = 1;
        pthread_key_create(&ending, leave);
        pthread_atfork(NULL, NULL, forked);
    }
}

int
wj_tracker_start(struct wj_table *into, PyThreadState *(*this_thread_state)(void))
{
    mine.busy = 1; /* what we map for it is not the program's */
    table = *into;
    mean = table.head->mean;
    this_thread = this_thread_state;
    memset(&interpreter, 0, sizeof interpreter);
    wj_loaded_at((const void *)(uintptr_t)this_thread, &interpreter);
    wj_natives_begin((const void *)(uintptr_t)this_thread);
    if (wj_live_begin(mean == 0) != 0 || wj_contexts_begin(&table) != 0) {
        mine.busy = 0;
        return -1;
    }
    run++;
    wj_mappings_begin(&table, is_python, place_of);
    mine.busy = 0;
    __atomic_store_n(&active, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&sampling, mean != 0, __ATOMIC_RELEASE);
    return 0;
}

void
wj_tracker_account(void)
{
    mine.busy = 1;
    for (uint32_t i = 0; i < table.head->mappings; i++) {
        struct wj_mapping *each = &table.mappings[i];
        each->resident = each->size ? wj_resident(each->start, each->size) : 0;
    }
    table.head->own = wj_live_resident() + wj_contexts_resident();
    wj_arenas_account(&table); /* reads pages that were never used: last */
    mine.busy = 0;
}

void
wj_tracker_blocks(wj_visitor visit, void *data)
{
    mine.busy = 1;
    wj_live_each(visit, data);
    mine.busy = 0;
}

void
wj_tracker_stop(void)
{
    __atomic_store_n(&sampling, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&active, 0, __ATOMIC_RELEASE);
    mine.busy = 1;
    wj_mappings_end();
    mine.busy = 0;
}
