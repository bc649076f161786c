/* A ring of records in shared memory. Knows nothing of what the records say. */
#define _GNU_SOURCE
#include "ring.h"

#include "files.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 65536 /* the header's room: a multiple of every page size */

/* Reserve addresses for the header and twice the data, then lay the file over them. */
static int
map(struct wj_ring *ring, int file, size_t capacity)
{
    char *base = mmap(NULL, PAGE + 2 * capacity, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return -1;
    }
    int access = PROT_READ | PROT_WRITE, how = MAP_SHARED | MAP_FIXED;
    if (mmap(base, PAGE + capacity, access, how, file, 0) == MAP_FAILED
        || mmap(base + PAGE + capacity, capacity, access, how, file, PAGE)
               == MAP_FAILED) {
        munmap(base, PAGE + 2 * capacity);
        return -1;
    }
    ring->shared = (struct wj_ring_head *)base;
    ring->data = base + PAGE;
    ring->capacity = capacity;
    ring->file = file;
    return 0;
}

int
wj_ring_create(struct wj_ring *ring, size_t capacity)
{
    int file = wj_file_aside(memfd_create("wadjet", MFD_CLOEXEC));
    if (file < 0) {
        return -1;
    }
    if (ftruncate(file, (off_t)(PAGE + capacity)) != 0
        || map(ring, file, capacity) != 0) {
        close(file);
        return -1;
    }
    ring->shared->capacity = capacity;
    ring->shared->magic = WJ_RING_MAGIC;
    return 0;
}

int
wj_ring_open(struct wj_ring *ring, int file)
{
    struct stat info;
    if (fstat(file, &info) != 0) {
        return -1;
    }
    size_t capacity = info.st_size > PAGE ? (size_t)info.st_size - PAGE : 0;
    if (capacity < PAGE || (capacity & (capacity - 1))) {
        errno = EINVAL;
        return -1;
    }
    if (map(ring, file, capacity) != 0) {
        return -1;
    }
    if (ring->shared->magic != WJ_RING_MAGIC || ring->shared->capacity != capacity) {
        munmap(ring->shared, PAGE + 2 * capacity);
        errno = EINVAL;
        return -1;
    }
    return 0;
}

void
wj_ring_close(struct wj_ring *ring)
{
    if (ring->shared != NULL) {
        munmap(ring->shared, PAGE + 2 * (size_t)ring->capacity);
        wj_file_close(ring->file, "/memfd:");
    }
    ring->shared = NULL;
    ring->data = NULL;
    ring->file = -1;
}

void *
wj_ring_reserve(struct wj_ring *ring, size_t size)
{
    struct wj_ring_head *shared = ring->shared;
    uint64_t at = __atomic_load_n(&shared->head, __ATOMIC_RELAXED);
    do {
        uint64_t tail = __atomic_load_n(&shared->tail, __ATOMIC_ACQUIRE);
        if (at + size - tail > ring->capacity) {
            __atomic_add_fetch(&shared->dropped, 1, __ATOMIC_RELAXED);
            return NULL;
        }
    } while (!__atomic_compare_exchange_n(&shared->head, &at, at + size, 0,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return ring->data + (at & (ring->capacity - 1));
}

void
wj_ring_commit(void *record, size_t size, uint32_t kind)
{
    struct wj_record *head = record;
    head->kind = kind;
    __atomic_store_n(&head->size, (uint32_t)size, __ATOMIC_RELEASE);
}

const struct wj_record *
wj_ring_peek(const struct wj_ring *ring)
{
    const struct wj_ring_head *shared = ring->shared;
    uint64_t tail = shared->tail;
    uint64_t head = __atomic_load_n(&shared->head, __ATOMIC_ACQUIRE);
    if (tail == head || tail % 8) {
        return NULL;
    }
    const struct wj_record *record =
        (const struct wj_record *)(ring->data + (tail & (ring->capacity - 1)));
    uint32_t size = __atomic_load_n(&record->size, __ATOMIC_ACQUIRE);
    /* What cannot be comes from a writer gone mad: believe nothing after it. */
    if (size < sizeof *record || size % 8 || size > head - tail
        || head - tail > ring->capacity) {
        return NULL;
    }
    return record;
}

void
wj_ring_consume(struct wj_ring *ring, size_t size)
{
    struct wj_ring_head *shared = ring->shared;
    memset(ring->data + (shared->tail & (ring->capacity - 1)), 0, size);
    __atomic_store_n(&shared->tail, shared->tail + size, __ATOMIC_RELEASE);
}

size_t
wj_ring_used(const struct wj_ring *ring)
{
    return (size_t)(__atomic_load_n(&ring->shared->head, __ATOMIC_RELAXED)
                    - __atomic_load_n(&ring->shared->tail, __ATOMIC_RELAXED));
}
