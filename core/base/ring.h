/* A ring of records in memory that two processes may share.
 *
 * Many writers (signal handlers among them), one reader. A record lies in one piece,
 * because the data area is mapped twice in a row. Writers never wait: where there is no
 * room the record is counted as dropped. What has been committed survives the death of
 * the writing process for as long as the reader keeps the memory.
 *
 * Invariants: tail <= head <= tail + capacity; bytes outside [tail, head) are zero; a
 * record whose first word is zero is not committed, and the reader stops before it.
 */
#ifndef WJ_RING_H
#define WJ_RING_H

#include <stddef.h>
#include <stdint.h>

#define WJ_RING_MAGIC 0x31474e5252444a57ull /* "WJDRRNG1" */

struct wj_ring_head {
    uint64_t magic;
    uint64_t capacity; /* bytes; a power of two and a multiple of the page size */
    _Alignas(64) uint64_t head;    /* bytes reserved, ever */
    _Alignas(64) uint64_t tail;    /* bytes consumed, ever */
    _Alignas(64) uint64_t dropped; /* records that found no room */
};

struct wj_ring {
    struct wj_ring_head *shared; /* Owned: the mapping */
    char *data;                  /* in the same mapping; twice ``capacity`` long */
    uint64_t capacity;           /* ours: the shared one may be overwritten */
    int file;                    /* Owned: the memory file, -1 when closed */
};

/* Every record starts so. ``size`` counts the whole record, a multiple of 8. */
struct wj_record {
    uint32_t size;
    uint32_t kind;
};

/* Make a ring in new memory. 0, or -1 with errno set. */
int wj_ring_create(struct wj_ring *ring, size_t capacity);

/* Map a ring that another process made; owns ``file`` on success. 0, or -1 with errno
   set; EINVAL where the file holds no ring. */
int wj_ring_open(struct wj_ring *ring, int file);

void wj_ring_close(struct wj_ring *ring);

/* Reserve room; NULL where there is none. Write the body, then commit. */
void *wj_ring_reserve(struct wj_ring *ring, size_t size);
void wj_ring_commit(void *record, size_t size, uint32_t kind);

/* The oldest committed record, NULL for none; then wj_ring_consume it. */
const struct wj_record *wj_ring_peek(const struct wj_ring *ring);
void wj_ring_consume(struct wj_ring *ring, size_t size);

/* Bytes reserved and not consumed. */
size_t wj_ring_used(const struct wj_ring *ring);

#endif
