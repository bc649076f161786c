/* The C library's allocators, on their way to whoever would have served them.
 *
 * Loaded before all other libraries, so that what they ask for comes by here; what was
 * next in the search order, the C library or an allocator that was preloaded as well,
 * does the work. Counts nothing until it is told to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracker.h"

#define PUBLIC __attribute__((visibility("default")))

static void *(*next_malloc)(size_t);
static void (*next_free)(void *);
static void *(*next_calloc)(size_t, size_t);
static void *(*next_realloc)(void *, size_t);
static int (*next_posix_memalign)(void **, size_t, size_t);
static void *(*next_aligned_alloc)(size_t, size_t);
static void *(*next_memalign)(size_t, size_t);
static void *(*next_valloc)(size_t);
static void *(*next_pvalloc)(size_t);
static void *(*next_mmap)(void *, size_t, int, int, int, off_t);
static int (*next_munmap)(void *, size_t);
static void *(*next_sbrk)(intptr_t);
static long (*next_syscall)(long, ...);

/* ---- before the next ones are known --------------------------------------------- */

#define FIRST_AID 65536 /* bytes for the loader, while it looks for them */

static _Alignas(16) char first_aid[FIRST_AID];
static size_t first_aid_used;
static int looking;

static void *
help_out(size_t size)
{
    size_t at = first_aid_used;
    size = (size + 15) & ~(size_t)15;
    if (size > FIRST_AID - at) {
        return NULL;
    }
    first_aid_used = at + size;
    return first_aid + at;
}

static int
is_first_aid(const void *block)
{
    return (const char *)block >= first_aid
           && (const char *)block < first_aid + FIRST_AID;
}

static void
look_for(void *function, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, sizeof found);
}

__attribute__((constructor(101))) static void
look_for_all(void)
{
    if (next_malloc != NULL || looking) {
        return;
    }
    looking = 1;
    look_for(&next_free, "free");
    look_for(&next_calloc, "calloc");
    look_for(&next_realloc, "realloc");
    look_for(&next_posix_memalign, "posix_memalign");
    look_for(&next_aligned_alloc, "aligned_alloc");
    look_for(&next_memalign, "memalign");
    look_for(&next_valloc, "valloc");
    look_for(&next_pvalloc, "pvalloc");
    look_for(&next_mmap, "mmap");
    look_for(&next_munmap, "munmap");
    look_for(&next_sbrk, "sbrk");
    look_for(&next_syscall, "syscall");
    look_for(&next_malloc, "malloc");
    looking = 0;
    wj_tracker_settle();
}

#define KNOWN (__builtin_expect(next_malloc != NULL, 1) || (look_for_all(), !looking))
#define CALLER __builtin_return_address(0)

/* ---- the allocators ------------------------------------------------------------- */

static inline void
made(const void *block, size_t size, const void *caller)
{
    if (!wj_tracker_is_inside()) {
        wj_tracker_made(block, size, caller);
    }
}

PUBLIC void *
malloc(size_t size)
{
    if (!KNOWN) {
        return help_out(size);
    }
    void *block = next_malloc(size);
    made(block, size, CALLER);
    return block;
}

PUBLIC void
free(void *block)
{
    if (block == NULL || is_first_aid(block)) {
        return;
    }
    if (!wj_tracker_is_inside()) {
        wj_tracker_gone(block);
    }
    if (KNOWN) {
        next_free(block);
    }
}

PUBLIC void *
calloc(size_t count, size_t size)
{
    if (!KNOWN) {
        return help_out(count * size); /* not used before, so it is zero */
    }
    void *block = next_calloc(count, size);
    made(block, count * size, CALLER);
    return block;
}

PUBLIC void *
realloc(void *from, size_t size)
{
    if (!KNOWN || is_first_aid(from)) {
        void *block = malloc(size);
        if (block != NULL && from != NULL) {
            size_t most = (size_t)(first_aid + FIRST_AID - (char *)from);
            memcpy(block, from, size < most ? size : most);
        }
        return block;
    }
    if (wj_tracker_is_inside()) {
        return next_realloc(from, size);
    }
    struct wj_moving moving = wj_tracker_moving(from);
    void *to = next_realloc(from, size);
    wj_tracker_moved(moving, from, to, size, CALLER);
    return to;
}

PUBLIC int
posix_memalign(void **block, size_t alignment, size_t size)
{
    if (!KNOWN) {
        return ENOMEM;
    }
    int error = next_posix_memalign(block, alignment, size);
    if (error == 0) {
        made(*block, size, CALLER);
    }
    return error;
}

PUBLIC void *
aligned_alloc(size_t alignment, size_t size)
{
    void *block = KNOWN ? next_aligned_alloc(alignment, size) : NULL;
    made(block, size, CALLER);
    return block;
}

PUBLIC void *
memalign(size_t alignment, size_t size)
{
    void *block = KNOWN ? next_memalign(alignment, size) : NULL;
    made(block, size, CALLER);
    return block;
}

PUBLIC void *
valloc(size_t size)
{
    void *block = KNOWN ? next_valloc(size) : NULL;
    made(block, size, CALLER);
    return block;
}

PUBLIC void *
pvalloc(size_t size)
{
    void *block = KNOWN ? next_pvalloc(size) : NULL;
    made(block, size, CALLER);
    return block;
}

/* ---- mappings ------------------------------------------------------------------- */

/* The kernel, asked past whoever watches; known as soon as anything is. */
static long
ask(long number, long a, long b, long c, long d, long e, long f)
{
    if (next_syscall == NULL) {
        look_for(&next_syscall, "syscall");
    }
    return next_syscall(number, a, b, c, d, e, f);
}

static void *
map(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    if (KNOWN && next_mmap != NULL) {
        return next_mmap(at, size, protection, flags, file, offset);
    }
    return (void *)ask(SYS_mmap, (long)at, (long)size, protection, flags, file, offset);
}

static void
mapped(const void *start, size_t size, int flags, const void *caller)
{
    if (start != MAP_FAILED && (flags & MAP_ANONYMOUS)) {
        wj_tracker_mapped(start, size, caller, WJ_MAPPED);
    }
}

/* Two names of one function, whatever the headers make of the one and the other. */
PUBLIC void *own_mmap(void *, size_t, int, int, int, off_t) __asm__("mmap");
PUBLIC void *own_mmap64(void *, size_t, int, int, int, off_t) __asm__("mmap64");

void *
own_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    void *start = map(at, size, protection, flags, file, offset);
    mapped(start, size, flags, CALLER);
    return start;
}

void *
own_mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    void *start = map(at, size, protection, flags, file, offset);
    mapped(start, size, flags, CALLER);
    return start;
}

PUBLIC int
munmap(void *start, size_t size)
{
    wj_tracker_unmapped(start, size);
    return KNOWN && next_munmap != NULL
               ? next_munmap(start, size)
               : (int)ask(SYS_munmap, (long)start, (long)size, 0, 0, 0, 0);
}

PUBLIC void *
mremap(void *from, size_t old_size, size_t size, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    void *wish = flags & MREMAP_FIXED ? va_arg(arguments, void *) : NULL;
    va_end(arguments);
    void *to = (void *)ask(SYS_mremap, (long)from, (long)old_size, (long)size, flags,
                           (long)wish, 0);
    if (to != MAP_FAILED) {
        wj_tracker_unmapped(from, old_size);
        wj_tracker_mapped(to, size, CALLER, WJ_MAPPED);
    }
    return to;
}

/* Those who ask the kernel by themselves, through the C library at least. */
PUBLIC long
syscall(long number, ...)
{
    va_list arguments;
    va_start(arguments, number);
    long a[6];
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    if (number == SYS_munmap) {
        wj_tracker_unmapped((const void *)a[0], (size_t)a[1]);
    }
    long result = ask(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (number == SYS_mmap && result != -1) {
        mapped((const void *)result, (size_t)a[1], (int)a[3], CALLER);
    } else if (number == SYS_mremap && result != -1) {
        wj_tracker_unmapped((const void *)a[0], (size_t)a[1]);
        wj_tracker_mapped((const void *)result, (size_t)a[2], CALLER, WJ_MAPPED);
    }
    return result;
}

PUBLIC void *
sbrk(intptr_t more)
{
    if (!KNOWN || next_sbrk == NULL) {
        errno = ENOMEM;
        return (void *)-1;
    }
    char *start = next_sbrk(more);
    if (start != (char *)-1 && more > 0) {
        wj_tracker_mapped(start, (size_t)more, CALLER, WJ_MAPPED_BREAK);
    } else if (start != (char *)-1 && more < 0) {
        wj_tracker_unmapped(start + more, (size_t)-more);
    }
    return start;
}

/* ---- what the extension module finds -------------------------------------------- */

PUBLIC struct wj_tracker_api wadjet_memory_tracker = {
    WJ_TRACKER_VERSION, 0,
    wj_tracker_start,   wj_tracker_stop,
    wj_tracker_wrap,    wj_tracker_overlook,
    wj_tracker_account, wj_tracker_blocks,
};

/* For the threads of whoever records, who need not know that we are there. */
PUBLIC void wadjet_memory_overlook(void);

PUBLIC void
wadjet_memory_overlook(void)
{
    wj_tracker_overlook();
}

/* By this name it is ours, whoever else has one that is called so. */
static __typeof__(malloc) own_malloc __attribute__((alias("malloc"), copy(malloc)));

/* Those that the program calls are ours, if we came first. */
__attribute__((constructor)) static void
find_out(void)
{
    void *(*found)(size_t);
    look_for_all();
    void *there = dlsym(RTLD_DEFAULT, "malloc");
    memcpy(&found, &there, sizeof there);
    wadjet_memory_tracker.is_preloaded = found == own_malloc;
}
