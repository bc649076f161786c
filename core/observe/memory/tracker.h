/* Counts what is asked for and given back, by context. */
#ifndef WJ_TRACKER_H
#define WJ_TRACKER_H

#include "compat.h"
#include "live.h"
#include "table.h"

/* Begin, into a table of ``wj_table_create``, which stays the caller's. ``this_thread``
   is PyGILState_GetThisThreadState. 0, or -1 for want of memory. */
int wj_tracker_start(struct wj_table *table, PyThreadState *(*this_thread)(void));

/* Nothing is counted any more; other threads may still be about to see it. */
void wj_tracker_stop(void);

/* A block was made, by ``caller`` (NULL: by Python). A null ``block`` is none. */
void wj_tracker_made(const void *block, size_t size, const void *caller);

/* A block is about to be given back. */
void wj_tracker_gone(const void *block);

/* A block is about to be moved or resized by ``wj_tracker_moved``, to which what is
   known of it is to be handed. */
struct wj_moving {
    uint32_t context;
    uint32_t is_code;
    uint64_t size;
};
struct wj_moving wj_tracker_moving(const void *block);

/* It is at ``to`` now; NULL where it could not be had, and stayed where it was. */
void wj_tracker_moved(struct wj_moving moving, const void *from, const void *to,
                      size_t size, const void *caller);

/* The program has mapped memory by itself, or given such back. */
void wj_tracker_mapped(const void *start, size_t size, const void *caller,
                       enum wj_mapping_kind kind);
void wj_tracker_unmapped(const void *start, size_t size);

/* Let ``wrapped`` count what goes through ``original``, one of Python's domains; both
   must live as long as the process. ``is_raw`` for the domain of what malloc serves. */
void wj_tracker_wrap(PyMemAllocatorEx *original, PyMemAllocatorEx *wrapped, int is_raw);

/* Blocks of up to so many bytes are small to Python, debugging its allocators or not.
 */
#define WJ_SMALL 448

/* True while the calling thread is inside one of Python's allocators, whose own
   requests are not counted: the block is. */
int wj_tracker_is_inside(void);

/* Tell in the table how much of each mapping is in memory, and of Python's arenas what
   they are used for and whose live blocks keep what is free. Holding the GIL, so that
   they stand still. */
void wj_tracker_account(void);

/* Call ``visit`` with each live block that was made while watching; every block must
   count. What is asked for meanwhile is not counted. */
typedef void (*wj_visitor)(uintptr_t address, struct wj_block block, void *data);
void wj_tracker_blocks(wj_visitor visit, void *data);

/* What the calling thread asks for is not the program's. */
void wj_tracker_overlook(void);

/* Once, before there are threads. */
void wj_tracker_settle(void);

/* What the extension module finds in the library, whether or not it was preloaded. */
struct wj_tracker_api {
    uint32_t version; /* of this structure */
    int is_preloaded; /* malloc and its kin go through the library */
    int (*start)(struct wj_table *table, PyThreadState *(*this_thread)(void));
    void (*stop)(void);
    void (*wrap)(PyMemAllocatorEx *original, PyMemAllocatorEx *wrapped, int is_raw);
    void (*overlook)(void);
    void (*account)(void);
    void (*blocks)(wj_visitor visit, void *data);
};
#define WJ_TRACKER_VERSION 4
#define WJ_TRACKER_SYMBOL "wadjet_memory_tracker"

#endif
