/* What is known of a program's memory, in memory that two processes share.
 *
 * The program writes, another process reads whenever it likes: so whatever becomes of
 * the program, what is known survives it. Counters only grow or are sums, entries are
 * written before the count that makes them known, and nothing moves.
 */
#ifndef WJ_TABLE_H
#define WJ_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define WJ_TABLE_MAGIC 0x314c4254454d4a57ull /* "WJMETBL1" */
#define WJ_CONTEXTS (1u << 19)
#define WJ_FUNCTIONS (1u << 18)
#define WJ_TRACKED_THREADS (1u << 14)
#define WJ_TEXT (1ull << 26)
#define WJ_MAPPINGS 4096
#define WJ_ARENA (1u << 20) /* bytes that Python maps for small objects at a time */
#define WJ_FAREWELL (1u << 22)
#define WJ_BLOCK_UNIT                                                                  \
    1024 /* blocks are counted in so many parts: samples have weights */

enum wj_function_kind { WJ_KIND_PYTHON, WJ_KIND_NATIVE, WJ_KIND_DEEPER };

struct wj_table_head {
    uint64_t magic;
    uint64_t size;    /* of the whole, bytes */
    int64_t mean;     /* bytes between samples, 0 where every block is counted */
    uint64_t natives; /* contexts have all C functions, not just the one that asked */
    /* written under the tracker's lock */
    uint32_t contexts; /* the first is no context: blocks of which none is known */
    uint32_t functions;
    uint32_t threads; /* the first stands for those beyond the last */
    uint32_t lost;    /* contexts and functions for which there was no room */
    uint32_t mappings;
    uint32_t farewell; /* bytes of it */
    uint64_t text;     /* bytes */
    uint64_t own;      /* bytes in memory of the tracker's own, when watching ended */
    /* written by whoever allocates */
    _Alignas(64) int64_t live; /* bytes, now */
    int64_t peak;              /* the most that ``live`` has been */
    uint64_t generation;       /* how often there was a new peak */
};

/* A place in the program from which memory was asked for: a call chain of one thread,
   which alone writes the first part and ``brief``; what other threads give back of it
   they count apart. What was live at the highest peak is ``peak`` once ``generation``
   is that of the head; until then it is what is live. */
struct wj_context {
    _Alignas(64) uint32_t parent; /* 0 for none */
    uint32_t function;            /* 0: the parent's, for blocks of a class of sizes */
    int32_t offset; /* byte offset in the code of a Python function; or the class */
    uint32_t thread;
    int64_t bytes;  /* asked for, ever */
    int64_t blocks; /* in parts of WJ_BLOCK_UNIT, like all blocks */
    int64_t gone;   /* bytes, given back */
    int64_t gone_blocks;
    uint64_t samples;
    uint64_t generation;
    int64_t peak;
    int64_t peak_blocks;
    int64_t brief; /* blocks given back before the thread asked for another */
    int64_t others_gone;
    int64_t others_gone_blocks;
    int64_t keeping; /* free bytes of arenas that its live blocks kept in the end */
};

static inline int64_t
wj_context_live(const struct wj_context *context)
{
    return __atomic_load_n(&context->bytes, __ATOMIC_RELAXED)
           - __atomic_load_n(&context->gone, __ATOMIC_RELAXED)
           - __atomic_load_n(&context->others_gone, __ATOMIC_RELAXED);
}

static inline int64_t
wj_context_live_blocks(const struct wj_context *context)
{
    return __atomic_load_n(&context->blocks, __ATOMIC_RELAXED)
           - __atomic_load_n(&context->gone_blocks, __ATOMIC_RELAXED)
           - __atomic_load_n(&context->others_gone_blocks, __ATOMIC_RELAXED);
}

/* Texts are offsets into the text, sizes in bytes. */
struct wj_tracked_function {
    uint32_t kind;
    int32_t first_line;
    uint64_t address; /* of a native one: relative to the library */
    uint64_t file;
    uint64_t name;
    uint64_t lines; /* the location table of a Python one */
    uint32_t file_size;
    uint32_t name_size;
    uint32_t lines_size;
    uint32_t unused;
};

struct wj_tracked_thread {
    uint64_t tid;
};

enum wj_mapping_kind {
    WJ_MAPPED,       /* by the program or one of its libraries */
    WJ_MAPPED_ARENA, /* by Python, for small objects */
    WJ_MAPPED_BREAK, /* by moving the break of the data segment */
};

struct wj_mapping {
    uint64_t start;
    uint64_t size; /* bytes; 0 for none */
    uint64_t caller;
    uint64_t resident; /* bytes of it in memory, when watching ended */
    /* bytes of an arena then: in live blocks, in free ones of pools in use, in pools
       that are not; the rest is lost to headers and alignment. ``known`` of its bytes
       were asked for while watching and are live */
    uint64_t used, available, unused, known;
    uint32_t context;
    uint32_t kind;
};

struct wj_table {
    struct wj_table_head *head; /* Owned: the mapping */
    struct wj_context *contexts;
    struct wj_tracked_function *functions;
    struct wj_tracked_thread *threads;
    struct wj_mapping *mappings;
    char *farewell; /* what the kernel said of all mappings when watching ended */
    char *text;
    int file; /* Owned, -1 when closed */
};

/* Make one in new memory. 0, or -1 with errno set. */
int wj_table_create(struct wj_table *table, int64_t mean, int natives);

/* Map one that another process made, to read; owns ``file`` on success. 0, or -1 with
   errno set; EINVAL where the file holds none. */
int wj_table_open(struct wj_table *table, int file);

void wj_table_close(struct wj_table *table);

/* Close the file and leave the mapping as it is, for whoever may still use it. */
void wj_table_leave(struct wj_table *table);

#endif
