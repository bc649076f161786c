/* Columns: see column.h. Knows nothing of what is in them. */
#define _GNU_SOURCE
#include "column.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define LEAST_BYTES 65536
#define HUGE_PAGE ((size_t)2 << 20)
#define MUCH (16 * HUGE_PAGE)
#define SPARES 8
#define LEAST_SPARE ((size_t)1 << 20)

/* Columns are read here and there, and each 4 KiB of them would be a page to ask for
   and to look up: large pages take a third of the time. */
static void
prefer_huge_pages(char *data, size_t bytes)
{
    uintptr_t begin = ((uintptr_t)data + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    uintptr_t end = ((uintptr_t)data + bytes) & ~(HUGE_PAGE - 1);
    if (end > begin) {
        madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* or it stays as it was */
    }
}

/* Pages that were written are dear to get and to give back, and a snapshot frees one
   column when it makes the next: so freed ones are kept until it ends. */
static _Thread_local struct spare {
    void *data; /* Owned */
    size_t bytes;
} spares[SPARES];

/* The smallest that is large enough, else the largest; NULL where there is none. */
static struct spare *
best_spare(size_t bytes)
{
    struct spare *best = NULL;
    for (size_t at = 0; at < SPARES; at++) {
        struct spare *each = &spares[at];
        if (each->data == NULL) {
            continue;
        }
        int fits = each->bytes >= bytes, best_fits = best && best->bytes >= bytes;
        if (best == NULL || (fits && !best_fits)
            || (fits == best_fits && (each->bytes < best->bytes) == fits)) {
            best = each;
        }
    }
    return best;
}

/* Zeroed memory out of a spare; NULL where there is none. */
static void *
take_spare(size_t bytes)
{
    struct spare *spare = bytes >= LEAST_SPARE ? best_spare(bytes) : NULL;
    if (spare == NULL) {
        return NULL;
    }
    void *data = mremap(spare->data, spare->bytes, bytes, MREMAP_MAYMOVE);
    if (data == MAP_FAILED) {
        return NULL;
    }
    memset(data, 0, spare->bytes < bytes ? spare->bytes : bytes);
    *spare = (struct spare){NULL, 0};
    return data;
}

static int
keep_spare(void *data, size_t bytes)
{
    for (size_t at = 0; at < SPARES && bytes >= LEAST_SPARE; at++) {
        if (spares[at].data == NULL) {
            spares[at] = (struct spare){data, bytes};
            return 1;
        }
    }
    return 0;
}

void
wj_columns_release(void)
{
    for (size_t at = 0; at < SPARES; at++) {
        if (spares[at].data != NULL) {
            munmap(spares[at].data, spares[at].bytes);
            spares[at] = (struct spare){NULL, 0};
        }
    }
}

static int
grow(struct wj_column *column, size_t room)
{
    size_t bytes = room * column->width;
    void *data;
    if (room > SIZE_MAX / 2 / column->width) {
        errno = ENOMEM;
        return -1;
    }
    if (column->data == NULL) {
        data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                    -1, 0);
    } else {
        data =
            mremap(column->data, column->room * column->width, bytes, MREMAP_MAYMOVE);
    }
    if (data == MAP_FAILED) {
        return -1;
    }
    column->data = data;
    column->room = room;
    return 0;
}

/* Room that is not written may not cost much: no large pages for little of it. */
static int
grow_ahead(struct wj_column *column, size_t room)
{
    int result = grow(column, room);
    if (result == 0 && room * column->width >= MUCH) {
        prefer_huge_pages(column->data, room * column->width);
    }
    return result;
}

int
wj_column_reserve(struct wj_column *column, size_t wanted)
{
    if (wanted <= column->room) {
        return 0;
    }
    size_t room = column->room ? column->room : LEAST_BYTES / column->width;
    while (room < wanted) {
        room *= 2;
    }
    return grow_ahead(column, room);
}

int
wj_column_resize(struct wj_column *column, size_t width, size_t count)
{
    column->width = width;
    if (column->data == NULL && (column->data = take_spare(count * width)) != NULL) {
        column->room = count;
    } else if (count > column->room) {
        if (grow(column, count) != 0) {
            return -1;
        }
        prefer_huge_pages(column->data, count * width);
    }
    column->count = count;
    return 0;
}

int
wj_column_append(struct wj_column *column, const void *elements, size_t count)
{
    if (count == 0) {
        return 0; /* there may be no data yet to append to */
    }
    if (wj_column_reserve(column, column->count + count) != 0) {
        return -1;
    }
    char *end = (char *)column->data + column->count * column->width;
    memcpy(end, elements, count * column->width);
    column->count += count;
    return 0;
}

void
wj_column_free(struct wj_column *column)
{
    size_t bytes = column->room * column->width;
    if (column->data != NULL && !keep_spare(column->data, bytes)) {
        munmap(column->data, bytes);
    }
    column->data = NULL;
    column->count = column->room = 0;
}
